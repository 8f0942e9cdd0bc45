"""Posts: made, read one by one, changed in their text, deleted."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.linkedin import errors, little, media
from pipeline.sandbox.linkedin.access import body, query, require_scope, urn_in_path
from pipeline.sandbox.linkedin.clock import milliseconds
from pipeline.sandbox.linkedin.credentials import Token
from pipeline.sandbox.service import Call

MOST_CHARACTERS: Final = 3000
_MOST_IMAGES: Final = 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Distribution(_Part):
    feedDistribution: Literal["MAIN_FEED", "NONE"]  # noqa: N815 - LinkedIn's
    targetEntities: list[dict[str, Any]] = Field(default_factory=list)  # noqa: N815
    thirdPartyDistributionChannels: list[str] = Field(default_factory=list)  # noqa: N815


class _Media(_Part):
    id: str
    title: str | None = None
    altText: str | None = Field(default=None, max_length=4086)  # noqa: N815


class _Image(_Part):
    id: str
    altText: str | None = Field(default=None, max_length=4086)  # noqa: N815


class _MultiImage(_Part):
    images: list[_Image] = Field(min_length=2, max_length=_MOST_IMAGES)
    altText: str | None = None  # noqa: N815


class _Article(_Part):
    source: str = Field(pattern=r"^https?://\S+$")
    title: str = Field(min_length=1, max_length=400)
    description: str | None = Field(default=None, max_length=4086)
    thumbnail: str | None = None
    thumbnailAltText: str | None = None  # noqa: N815


class _Content(_Part):
    media: _Media | None = None
    multiImage: _MultiImage | None = None  # noqa: N815
    article: _Article | None = None


class _Post(_Part):
    author: str = Field(pattern=r"^urn:li:(person|organization):[\w-]+$")
    commentary: str
    visibility: Literal["PUBLIC", "CONNECTIONS", "LOGGED_IN"]
    distribution: _Distribution
    lifecycleState: Literal["PUBLISHED", "DRAFT"]  # noqa: N815
    content: _Content = Field(default_factory=_Content)
    isReshareDisabledByAuthor: bool = False  # noqa: N815


class _Set(_Part):
    commentary: str


class _Patch(_Part):
    set: _Set = Field(alias="$set")


class _Update(_Part):
    patch: _Patch


def create(call: Call, token: Token) -> Response:
    """The answer has no body: the post's URN is in a header."""
    query(call)
    asked = body(call, _Post)
    require_scope(call, token, asked.author, "w", "posts.CREATE")
    _check_length(asked.commentary)
    _check_media(call, asked)
    text = little.shown(asked.commentary)
    _refuse_duplicate(call, asked.author, text)
    kind = "ugcPost" if asked.content.media and asked.content.media.id.startswith("urn:li:video:") else "share"
    urn = _new_urn(call, kind)
    moment = call.now.isoformat(timespec="milliseconds")
    post: Document = {
        "urn": urn,
        "author": asked.author,
        "said": text,
        "commentary": little.kept(asked.commentary),
        "visibility": asked.visibility,
        "state": asked.lifecycleState,
        "content": asked.content.model_dump(exclude_none=True),
        "created": moment,
        "modified": moment,
    }
    call.ledger.put("linkedin", "post", urn, post, lookup=asked.author)
    call.record("post_created", urn, text=text, url=call.link(f"/linkedin/feed/update/{urn}/"))
    return Response(status_code=201, headers={"x-restli-id": urn})


def read(call: Call, token: Token) -> Response:
    query(call, "viewContext")
    urn = urn_in_path(call)
    post = call.ledger.get("linkedin", "post", urn)
    require_scope(call, token, post["author"] if post else token.actor, "r", "partnerApiPosts.GET")
    return JSONResponse(shown(post)) if post else JSONResponse(errors.not_found(), 404)


def change(call: Call, token: Token) -> Response:
    query(call)
    if call.request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
        raise errors.bad_request("ILLEGAL_ARGUMENT", "POST to a post needs X-RestLi-Method: PARTIAL_UPDATE")
    asked = body(call, _Update)
    post = _own(call, token, "posts.PARTIAL_UPDATE")
    if post is None:
        return JSONResponse(errors.not_found(), 404)
    commentary = asked.patch.set.commentary
    _check_length(commentary)
    post |= {
        "said": little.shown(commentary),
        "commentary": little.kept(commentary),
        "modified": call.now.isoformat(timespec="milliseconds"),
    }
    call.ledger.put("linkedin", "post", post["urn"], post, lookup=post["author"])
    call.record("post_updated", post["urn"], text=post["said"])
    return Response(status_code=204)


def delete(call: Call, token: Token) -> Response:
    """Deleting what is gone, or never was, is answered like a deletion."""
    query(call)
    post = _own(call, token, "posts.DELETE")
    if post is not None:
        call.ledger.remove("linkedin", "post", post["urn"])
        call.ledger.put("linkedin", "deleted", post["urn"], {"said": post["said"]}, lookup=post["author"])
        call.record("post_deleted", post["urn"], text=post["said"])
    return Response(status_code=204)


def shown(post: Document) -> dict[str, Any]:
    created = milliseconds(datetime.fromisoformat(post["created"]))
    return {
        "id": post["urn"],
        "author": post["author"],
        "commentary": post["commentary"],
        "createdAt": created,
        "publishedAt": created,
        "lastModifiedAt": milliseconds(datetime.fromisoformat(post["modified"])),
        "lifecycleState": post["state"],
        "lifecycleStateInfo": {"isEditedByAuthor": post["modified"] != post["created"]},
        "visibility": post["visibility"],
        "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
        "content": post["content"],
        "isReshareDisabledByAuthor": False,
    }


def _own(call: Call, token: Token, action: str) -> Document | None:
    """The post of the path. Raises: Refusal: the token may not write to it."""
    post = call.ledger.get("linkedin", "post", urn_in_path(call))
    require_scope(call, token, post["author"] if post else token.actor, "w", action)
    return post


def _check_length(commentary: str) -> None:
    if len(commentary.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        message = f"ERROR :: /commentary :: commentary exceeds the maximum length of {MOST_CHARACTERS}"
        raise errors.bad_request("FIELD_LENGTH_TOO_LONG", message)


def _check_media(call: Call, asked: _Post) -> None:
    """Raises: Refusal: more than one kind of content, or media that are not the author's or not ready."""
    content = asked.content
    if sum(part is not None for part in (content.media, content.multiImage, content.article)) > 1:
        raise errors.unprocessable("ERROR :: /content :: union has more than one member set\n")
    ids = [content.media.id] if content.media else []
    if content.multiImage:
        ids += [image.id for image in content.multiImage.images]
        if not all(id_.startswith("urn:li:image:") for id_ in ids):
            raise errors.bad_request("INVALID_URN_TYPE", "multiImage takes images")
    if content.article and content.article.thumbnail:
        ids.append(content.article.thumbnail)
    for id_ in ids:
        media.require_ready(call, id_, asked.author)


def _refuse_duplicate(call: Call, author: str, text: str) -> None:
    """Raises: Refusal: the author has said it. Where that post is deleted, the URN told is a ghost's."""
    for post in call.ledger.find("linkedin", "post", author):
        if text and post["said"] == text:
            raise errors.duplicate(post["urn"])
    if any(text and gone["said"] == text for gone in call.ledger.find("linkedin", "deleted", author)):
        raise errors.duplicate(_new_urn(call, "share"))


def _new_urn(call: Call, kind: str) -> str:
    """Its number tells, in its upper bits, the milliseconds since 1970."""
    number = call.ledger.next_id("linkedin ids", at_least=milliseconds(call.now) << 22)
    return f"urn:li:{kind}:{number}"
