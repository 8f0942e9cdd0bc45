"""Gives a post's versions their arms, by lot, while they are written: before anybody approves them.

Called by the planner within its transaction, which holds the post.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.learning.experiments import lots
from pipeline.learning.experiments.designs import design_of, outcomes_of
from pipeline.learning.experiments.treatment import treated
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import Adapter
from pipeline.store import experiment_units, experiments
from pipeline.store.accounts import AccountRow
from pipeline.store.experiment_units import UnitRow
from pipeline.store.experiments import ArmRow, ExperimentRow
from pipeline.vocabulary import Varied

_SPLIT: Final = "variate"
"""The key of `platform_specific` under which a platform is told to split its readers."""
_AS_MAILCHIMP_SAYS: Final = {Varied.TITLE: "subject", Varied.BODY: "body", Varied.SENDER: "from_name"}


@dataclass(frozen=True, slots=True)
class Given:
    """What a version says other than its article: what the account has applied, its arm, or the arms of a split.

    `columns` are the version's own, beside what it says.
    """

    treatment: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    split: ExperimentRow | None = None
    split_treatments: Sequence[Mapping[str, Any]] = ()

    def adapted(self, adapter: type[Adapter], article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """The version. Raises: what `Adapter.adapt` raises."""
        is_email = adapter.capabilities.split
        content = adapter.adapt(treated(article, self.treatment, is_email=is_email), account)
        if self.split is None:
            return content
        versions = [
            adapter.adapt(treated(article, {**self.treatment, **each}, is_email=is_email), account)
            for each in self.split_treatments
        ]
        values = [
            _value(self.split.varies, version, treatment, account)
            for version, treatment in zip(versions, self.split_treatments, strict=True)
        ]
        asked = {
            "varies": _AS_MAILCHIMP_SAYS[self.split.varies],
            "arms": [{"name": arm.name, "value": value} for arm, value in zip(self.split.arms, values, strict=True)],
            **(self.split.split or {}),
        }
        return replace(content, platform_specific={**content.platform_specific, _SPLIT: asked})


def given(
    connection: sa.Connection, post_id: UUID, article: AdaptableArticle, accounts: Sequence[AccountRow]
) -> dict[UUID, Given]:
    """What the post's version for each of the accounts says other than its article, by the account's id.

    A post that has its lot keeps it, whatever becomes of the experiment. Another one draws where an experiment runs on
    the account that has room for it, unless the account's version is settled, an arm has no words for it, or its arms
    would be alike.
    """
    ids = [account.id for account in accounts if not account.is_home]
    if not ids:
        return {}
    defaults: dict[UUID, dict[str, Any]] = {}
    for won in experiments.applied(connection, ids):
        winner = next(arm for arm in won.arms if arm.id == won.winner_id)
        defaults.setdefault(won.platform_id, {}).update(winner.treatment or {})
    found = {id_: Given(treatment=treatment) for id_, treatment in defaults.items()}
    units = {unit.experiment_id: unit for unit in experiment_units.units_of_post(connection, post_id)}
    kept = {each.platform_id: each for each in experiments.having(connection, post_id)}
    running = experiments.running_on(connection, [id_ for id_ in ids if id_ not in kept])
    for experiment in (*kept.values(), *running):
        unit = units.get(experiment.id) or _drawn(connection, experiment, post_id, article)
        if unit is not None and experiment.platform_id in ids:
            words = experiments.words_of(connection, experiment.id, post_id)
            found[experiment.platform_id] = _as_drawn(experiment, unit, words, defaults.get(experiment.platform_id, {}))
    return found


def _drawn(
    connection: sa.Connection, experiment: ExperimentRow, post_id: UUID, article: AdaptableArticle
) -> UnitRow | None:
    """Its lot in a running experiment, whose row is locked; None where it takes no part."""
    turn = experiment_units.how_many(connection, experiment.id)
    words = experiments.words_of(connection, experiment.id, post_id)
    says_all = all(arm.treatment is not None or arm.id in words for arm in experiment.arms)
    if turn >= experiment.most_posts or not says_all or _are_alike(experiment, words, article):
        return None
    if experiment_units.has_settled_version(connection, post_id, experiment.platform_id):
        return None
    lot = lots.drawn(design_of(experiment), turn, outcomes_of(connection, experiment))
    arm = None if lot.arm is None else experiment.arms[lot.arm]
    unit = UnitRow(experiment.id, post_id, turn, arm.id if arm else None, lot.probability)
    name = arm.name if arm else None
    experiment_units.assign(connection, unit, experiment.platform_id, name, is_control=lot.arm == 0)
    return unit


def _as_drawn(experiment: ExperimentRow, unit: UnitRow, words: Mapping[UUID, str], default: Mapping[str, Any]) -> Given:
    if unit.arm_id is None:
        treatments = [_treatment(experiment, arm, words) for arm in experiment.arms]
        return Given(treatment=default, split=experiment, split_treatments=treatments)
    arm = next(each for each in experiment.arms if each.id == unit.arm_id)
    columns = {"variant_group": arm.name, "is_control": arm is experiment.arms[0]}
    return Given(treatment={**default, **_treatment(experiment, arm, words)}, columns=columns)


def _are_alike(experiment: ExperimentRow, words: Mapping[UUID, str], article: AdaptableArticle) -> bool:
    """Whether two arms say the same of the article: it would tell nothing. Times and senders are no matter of it."""
    if experiment.varies in (Varied.TIME, Varied.SENDER):
        return False
    is_email = experiment.split is not None
    said = [treated(article, _treatment(experiment, arm, words), is_email=is_email) for arm in experiment.arms]
    return any(one == other for place, one in enumerate(said) for other in said[:place])


def _treatment(experiment: ExperimentRow, arm: ArmRow, words: Mapping[UUID, str]) -> Mapping[str, Any]:
    if arm.id in words:
        return {str(experiment.varies): words[arm.id]}
    return arm.treatment or {}


def _value(varies: Varied, version: AdaptedContent, treatment: Mapping[str, Any], account: Destination) -> Any:
    match varies:
        case Varied.BODY:
            return {"html": version.body, "plain_text": str(version.platform_specific.get("plain_text") or "")}
        case Varied.SENDER:
            return treatment.get("from_name") or account.publish_config.get("from_name")
        case _:
            return version.title
