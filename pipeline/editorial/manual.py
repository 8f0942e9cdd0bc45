"""Posts that people write themselves. They go the way of the generated ones: SEO report, plan, review."""

import hashlib
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from pipeline.editorial import front_matter
from pipeline.editorial import markdown as md
from pipeline.editorial.arrivals import OPEN, Arrival, ArrivalError, lock_vertical, seen_of
from pipeline.editorial.front_matter import FrontMatterError
from pipeline.editorial.hashing import post_content_hash
from pipeline.editorial.new_post import insert_post
from pipeline.editorial.permissions import MAY, Action, PermissionDeniedError, require
from pipeline.editorial.seo import check_post
from pipeline.editorial.source_values import ItemError
from pipeline.editorial.source_values import language as language_code
from pipeline.platforms.registry import platform_names
from pipeline.store import manual_posts, users
from pipeline.store.database import transaction
from pipeline.store.manual_posts import KnownPost
from pipeline.store.users import UnknownUserError, User
from pipeline.vocabulary import ContentType, PostStatus

Line = Annotated[str, StringConstraints(strip_whitespace=True)]


class NewPost(BaseModel):
    """A post as somebody wrote it down: the fields above a Markdown file's text, and the text.

    `vertical` is its slug, needed where there are several. Without a title, the text's level-1 heading is one.
    `description` is what search engines show, and what the front page shows where there is no `excerpt`. `author` is a
    name or an email address; without one it is who brings the post in. `platforms` are names of those it goes to,
    besides its own page; without any it goes to all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    title: Line | None = None
    vertical: Line | None = None
    keyword: Line | None = None
    description: Line | None = None
    excerpt: Line | None = None
    tags: tuple[str, ...] = ()
    author: Line | None = None
    platforms: tuple[str, ...] = ()
    language: str | None = None
    content: str

    @field_validator("tags", "platforms", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """A list, or one line with commas."""
        parts = given.split(",") if isinstance(given, str) else given or ()
        if not isinstance(parts, list | tuple):
            return parts
        return tuple(dict.fromkeys(" ".join(str(part).split()).lower() for part in parts if str(part).strip()))

    @field_validator("platforms")
    @classmethod
    def _are_platforms(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in platform_names():
                raise ValueError(f"there is no platform {name!r}; there are: {', '.join(platform_names())}")
        return names

    @field_validator("language")
    @classmethod
    def _is_language(cls, code: str | None) -> str | None:
        try:
            return language_code(code)
        except ItemError as error:
            raise ValueError(str(error)) from None


def read_post(text: str, **given: Any) -> NewPost:
    """A post from a Markdown file's text, its fields above it; `given` takes precedence of those, where not None.

    Raises:
        ArrivalError: a field that there isn't, or one that does not hold what it should; each is named.
    """
    try:
        fields, content = front_matter.split(text)
    except FrontMatterError as error:
        raise ArrivalError(str(error)) from None
    if "content" in fields:
        raise ArrivalError("content: the text stands below the fields, not among them.")
    fields |= {name: value for name, value in given.items() if value is not None}
    try:
        return NewPost(**fields, content=content)
    except ValidationError as error:
        raise ArrivalError(" ".join(_told(detail) for detail in error.errors())) from None


def _told(detail: Any) -> str:
    field = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        known = [name for name in NewPost.model_fields if name != "content"]
        near = get_close_matches(field.lower(), known, n=1)
        return f"{field}: there is no such field; " + (
            f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}."
        )
    if detail["type"] == "value_error":
        return f"{field}: {detail['ctx']['error']}."
    return f"{field}: must be text. YAML takes yes, no and dates for something else: put quotes around it."


def add_post(engine: sa.Engine, person: User, post: NewPost) -> Arrival:
    """Store the post as a draft of its author's and check it. Its versions are the planner's to write.

    The vertical and the title say which post it is. The same again changes nothing; until it is approved, it is
    checked once more.

    Raises:
        ArrivalError: no text or title, no such vertical or author, not a writer, or another text under this title.
    """
    _require_writer(person)
    if not post.content.strip():
        raise ArrivalError("The text is empty.")
    title = " ".join((post.title or _first_heading(post.content)).split())
    if not title:
        raise ArrivalError("The text has no level-1 heading to take the title from; give it one with --title.")
    with transaction(engine, person.full_name) as connection:
        author = _author(connection, person, post.author)
        added = _store(connection, author, post, title)
    if added.status in OPEN:
        check_post(engine, added.canonical_id)
    return added


def _require_writer(person: User) -> None:
    try:
        require(person, Action.WRITE)
    except PermissionDeniedError as error:
        raise ArrivalError(str(error)) from None


def _author(connection: sa.Connection, person: User, named: str | None) -> User:
    """Who wrote it. Raises: ArrivalError."""
    if named is None:
        return person
    try:
        author = users.find(connection, named)
    except UnknownUserError as error:
        raise ArrivalError(f"author: {error}") from None
    if author.id == person.id:
        return person
    _require_writer(author)
    if MAY[Action.APPROVE] & person.roles:
        raise ArrivalError(
            f"author: {person.full_name} may approve posts, and so brings in none in {author.full_name}'s name: it "
            "would be one person's word where there must be two."
        )
    return author


def _store(connection: sa.Connection, author: User, post: NewPost, title: str) -> Arrival:
    home = lock_vertical(connection, post.vertical)
    canonical_id = f"{home.slug}-{hashlib.sha256(f'{home.id}:{title.casefold()}'.encode()).hexdigest()[:10]}"
    seen = seen_of(title, post.content, post.excerpt or post.description, post.description)
    keyword = post.keyword.lower() if post.keyword else None
    values = {
        "author_id": author.id,
        "content_type": ContentType.MANUAL,
        "target_keyword": keyword,
        "keywords": list(dict.fromkeys(filter(None, (keyword, *post.tags)))),
        "platforms": list(post.platforms) or None,
        "language": post.language,
    }
    existing = manual_posts.known(connection, canonical_id)
    if existing is None:
        insert_post(connection, seen, {"canonical_id": canonical_id, "vertical_id": home.id, **values})
        return Arrival(canonical_id, PostStatus.DRAFT, is_new=True)
    if changed := _changed(existing, seen, values):
        raise ArrivalError(_refusal(canonical_id, existing, changed))
    return Arrival(canonical_id, existing.status, is_new=False)


def _changed(existing: KnownPost, seen: dict[str, str | None], values: dict[str, Any]) -> list[str]:
    """What is not as it is stored, in words."""
    changed = [name.replace("_", " ").removesuffix(" id") for name in values if getattr(existing, name) != values[name]]
    same_text = existing.content_hash == post_content_hash(**seen, slug=existing.slug)  # type: ignore[arg-type]
    return changed if same_text else ["text", *changed]


def _refusal(canonical_id: str, existing: KnownPost, changed: list[str]) -> str:
    said = f"{canonical_id} has this title already and differs in: {', '.join(changed)}. "
    if existing.status in OPEN:
        said += f"To change that one: pressroom review edit {canonical_id} --file FILE. "
    else:
        said += f"That one is {existing.status} and stays as it is. "
    return f"{said}To add this one, give it another title."


def local_pictures(content: str) -> list[str]:
    """The pictures that the text names by a path: readers can't see those."""
    tokens = [child for token in md.parse(content) for child in token.children or () if child.type == "image"]
    found = [str(token.attrs.get("src", "")) for token in tokens]
    return [where for where in dict.fromkeys(found) if where and not where.lower().startswith(("http://", "https://"))]


def _first_heading(content: str) -> str:
    for before, token in pairwise(md.parse(content)):
        if before.type == "heading_open" and before.tag == "h1":
            return md.inline_text(token)
    return ""
