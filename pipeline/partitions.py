"""How the work is divided in the UI: one partition a post, one partition an account."""

from collections.abc import Sequence

import dagster as dg

POST = "post"
ACCOUNT = "account"
posts = dg.DynamicPartitionsDefinition(name=POST)
accounts = dg.DynamicPartitionsDefinition(name=ACCOUNT)

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def runs_over(known: Sequence[str], keys: Sequence[str]) -> list[tuple[list[str], dict[str, str]]]:
    """The runs that cover `keys`, as (keys, tags): one for each stretch of neighbours.

    A run over several partitions takes a range of them, in the order in which they were added; keys that are new are
    added at the end, in their order. Keys apart from each other need runs of their own, or the range would take in
    what lies between.
    """
    order = [*known, *(key for key in keys if key not in set(known))]
    position = {key: index for index, key in enumerate(order)}
    stretches: list[list[str]] = []
    for key in sorted(set(keys), key=position.__getitem__):
        if stretches and position[stretches[-1][-1]] + 1 == position[key]:
            stretches[-1].append(key)
        else:
            stretches.append([key])
    return [(stretch, {_RANGE_START: stretch[0], _RANGE_END: stretch[-1]}) for stretch in stretches]
