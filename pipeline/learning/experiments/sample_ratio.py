"""Whether the arms got the shares that were drawn for them. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import gammaln, logsumexp

LEVEL: Final = 0.01
"""How often, at most, shares that are right are called wrong, however often they are looked at."""

_CONCENTRATIONS: Final = (1.0, 10.0, 1e3, 1e5)
"""Of the alternatives that are mixed: from shares far off, seen in few, to shares hardly off, seen in many."""


def log_evidence(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The natural logarithm of the evidence that the counts were not drawn with these shares, which sum to 1.

    A multinomial's likelihood under shares from a Dirichlet around those expected, against its own: an e-value, so it
    may be looked at after each one (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022). The
    mean of e-values for several concentrations is one as well.
    """
    seen, expected = np.asarray(counts, np.float64), np.asarray(shares, np.float64)
    drawn = float((seen * np.log(expected)).sum())
    mixed = [
        float(gammaln(c) - gammaln(c + seen.sum()) + (gammaln(seen + c * expected) - gammaln(c * expected)).sum())
        for c in _CONCENTRATIONS
    ]
    return float(logsumexp(mixed) - np.log(len(mixed))) - drawn


def is_off(counts: Sequence[int], shares: Sequence[float]) -> bool:
    """Whether something beside the lot decided who had which arm, or whose figures were seen."""
    return log_evidence(counts, shares) >= -float(np.log(LEVEL))
