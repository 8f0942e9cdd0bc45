"""The migrations, the table definitions and the vocabulary are three tellings of one schema."""

from enum import StrEnum

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipeline import vocabulary
from pipeline.store.tables import metadata

_COLUMNS = """
    select c.relname as table_name, a.attname as column_name,
        format_type(case t.typtype when 'd' then t.typbasetype else a.atttypid end, null) as type,
        coalesce(bool_or(a.attnum = any (i.indkey)), false) as primary_key
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname !~ '^_?yoyo'
    group by c.relname, a.attname, t.typtype, t.typbasetype, a.atttypid
"""


def test_the_table_definitions_are_the_migrated_schema(engine):
    with engine.connect() as connection:
        migrated = {
            (row.table_name, row.column_name): (row.type, row.primary_key)
            for row in connection.execute(sa.text(_COLUMNS))
        }
    defined = {
        (table.name, column.name): (
            column.type.compile(dialect=postgresql.dialect()).lower().replace("timestamp w", "timestamp w"),
            column.primary_key,
        )
        for table in metadata.tables.values()
        for column in table.columns
    }
    assert defined.keys() == migrated.keys()
    assert {key: _spelled_out(*value) for key, value in defined.items()} == migrated


def _spelled_out(type_name: str, primary_key: bool) -> tuple[str, bool]:
    return {"time": "time without time zone"}.get(type_name, type_name), primary_key


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("post_status", vocabulary.PostStatus),
        ("distribution_status", vocabulary.DistributionStatus),
        ("content_type", vocabulary.ContentType),
        ("attempt_outcome", vocabulary.AttemptOutcome),
        ("error_kind", vocabulary.ErrorKind),
        ("handover_end", vocabulary.HandoverEnd),
        ("account_state", vocabulary.AccountState),
        ("lateness_policy", vocabulary.LatenessPolicy),
        ("slot_type", vocabulary.SlotType),
        ("recurring_pattern", vocabulary.RecurringPattern),
        ("timing_strategy", vocabulary.TimingStrategy),
        ("group_status", vocabulary.GroupStatus),
        ("review_decision", vocabulary.ReviewDecision),
        ("review_item", vocabulary.ReviewItem),
        ("source_kind", vocabulary.SourceKind),
        ("ingest_status", vocabulary.IngestStatus),
        ("user_role", vocabulary.UserRole),
        ("ai_outcome", vocabulary.AiOutcome),
        ("budget_period", vocabulary.BudgetPeriod),
        ("media_kind", vocabulary.MediaKind),
        ("metrics_state", vocabulary.MetricsState),
        ("conversion_status", vocabulary.ConversionStatus),
        ("warning_kind", vocabulary.WarningKind),
        ("warning_stage", vocabulary.WarningStage),
        ("alert_kind", vocabulary.AlertKind),
        ("experiment_status", vocabulary.ExperimentStatus),
        ("experiment_method", vocabulary.ExperimentMethod),
        ("experiment_verdict", vocabulary.Verdict),
        ("varied", vocabulary.Varied),
    ],
)
def test_each_enumeration_has_the_same_words_in_python_and_in_the_database(engine, domain: str, words: type[StrEnum]):
    with engine.connect() as connection:
        definition = connection.scalar(
            sa.text("select pg_get_constraintdef(oid) from pg_constraint where contypid = cast(:domain as regtype)"),
            {"domain": domain},
        )
    in_database = {part.split("'")[1] for part in definition.split("::text") if "'" in part}
    assert in_database == {word.value for word in words}


def test_the_post_transitions_are_the_same_in_python_and_in_the_database(engine):
    with engine.connect() as connection:
        in_database = {
            (row.from_status, row.to_status) for row in connection.execute(sa.text("table post_transitions"))
        }
    assert in_database == {(str(a), str(b)) for a, b in vocabulary.POST_TRANSITIONS}
