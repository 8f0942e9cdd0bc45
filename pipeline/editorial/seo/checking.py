"""Checking a post as it stands in the database."""

import sqlalchemy as sa

from pipeline.editorial import repetition, repurposed_form
from pipeline.editorial.seo.document import SeoInput
from pipeline.editorial.seo.report import SeoReport, analyse, report_of
from pipeline.store import seo_reports
from pipeline.store.database import transaction
from pipeline.store.seo_reports import CheckedPost
from pipeline.writing.text import UNDETERMINED, count_words, detect_language

ACTOR = "seo"

_ENOUGH_TO_TELL = 40
"""Words: of a shorter text, or one that is mostly names, the vertical knows the language better."""


def check_post(engine: sa.Engine, canonical_id: str) -> SeoReport:
    """Check a post as it is now, and keep the report with the hash of what was checked.

    Raises:
        UnknownPostError: there is no such post.
    """
    with transaction(engine, ACTOR) as connection:
        post = seo_reports.to_check(connection, canonical_id)
        report = _report_on(connection, post)
        findings = [finding.as_row() for finding in report.findings]
        seo_reports.keep(connection, post.id, post.content_hash, report.score, findings)
    return report


def _report_on(connection: sa.Connection, post: CheckedPost) -> SeoReport:
    if post.repurposed_as is not None:  # it has no page that a search engine would show
        found = repurposed_form.findings(post.repurposed_as, post.content)
        if post.account_id is not None:
            found += repetition.findings(connection, post.account_id, post.id, post.content)
        return report_of(tuple(found))
    return analyse(_input_of(post))


def _input_of(post: CheckedPost) -> SeoInput:
    return SeoInput(
        title=post.title,
        content=post.content,
        meta_title=post.meta_title,
        meta_description=post.meta_description,
        target_keyword=post.target_keyword,
        base_url=post.base_url,
        slug=post.slug,
        language=_language_of(post),
        keyphrase_used_by=post.keyphrase_used_by,
        other_pages=post.other_pages,
        attached_pictures=post.alt_texts,
    )


def _language_of(post: CheckedPost) -> str:
    """As somebody said it, or the text's own: a vertical may carry articles in a language that is not its usual one."""
    if post.own_language:
        return post.own_language
    told = detect_language(post.content) if count_words(post.content) >= _ENOUGH_TO_TELL else UNDETERMINED
    return post.language if told == UNDETERMINED else told
