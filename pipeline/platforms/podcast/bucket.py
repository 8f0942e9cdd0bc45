"""A show's files in a bucket of an object store that speaks S3's REST API: Amazon's, R2, MinIO and others.

The store must know `If-Match` and `If-None-Match` on writes: they keep two publishers from undoing each other's work.
The keys need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket; without the last, S3 calls a file that is
not there forbidden.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from pipeline.platforms.base import Account, NotSent, PlatformError, Rejected
from pipeline.platforms.failures import CallError, classify_status, garbled, required
from pipeline.platforms.http import Answer, Wire
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.podcast.sigv4 import EMPTY, Signer, query_string
from pipeline.platforms.podcast.storage import ChangedMeanwhileError, Stored
from pipeline.vocabulary import ErrorKind

_MOST_READ: Final = 32 * 1024 * 1024
"""Bytes of a feed: several thousand episodes with long notes."""
_EXPLAINED: Final = (301, 307, *range(400, 500), 501, 503)
"""What the store answers with an XML document that says why."""
_PRECONDITION_FAILED: Final = 412
_CONFLICTS: Final = ("ConditionalRequestConflict", "NoSuchKey")
"""Others of the same meaning: of two writes at once, and of one to a file that was just removed."""
_THROTTLED: Final = "SlowDown"
_NOT_IMPLEMENTED: Final = "NotImplemented"
_TOO_LARGE: Final = "EntityTooLarge"
_TRANSIENT: Final = (
    "BadDigest",
    "IncompleteBody",
    "OperationAborted",
    "RequestTimeout",
    "TemporaryRedirect",
    "XAmzContentSHA256Mismatch",
)


class Bucket:
    """Raises: CallError: the account has no keys for it."""

    def __init__(self, account: Account, bucket: str, endpoint: str, region: str) -> None:
        self._signer = Signer(
            required(account, account.credentials, "access_key_id"),
            required(account, account.credentials, "secret_access_key"),
            region,
            account.credentials.get("session_token"),
        )
        self._wire = Wire(account)
        self._address = f"{endpoint.rstrip('/')}/{quote(bucket, safe='-_.~')}"

    def read(self, name: str) -> Stored | None:
        answer = self._ask("GET", name)
        if _code(answer) == "NoSuchKey":
            return None
        self._require_success(answer)
        return Stored(answer.body, _etag(answer))

    def replace(self, name: str, content: bytes, mime_type: str, expected: Stored | None) -> None:
        if len(content) > _MOST_READ:  # it could be written, and never be read again
            message = f"the feed would have {len(content):,} bytes, and no more than {_MOST_READ:,} are read"
            raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message)))
        condition = {"if-none-match": "*"} if expected is None else {"if-match": expected.version}
        headers = {"content-type": mime_type, **condition}
        answer = self._ask("PUT", name, headers, hashlib.sha256(content).hexdigest(), content=content)
        if answer.status == _PRECONDITION_FAILED or _code(answer) in _CONFLICTS:
            raise ChangedMeanwhileError
        self._require_success(answer)
        _etag(answer)

    def put(self, name: str, file: LocalMedia) -> None:
        digest = hashlib.sha256()
        for piece in file.chunks(0, file.size):
            digest.update(piece)
        headers = {"content-type": file.mime_type}
        pieces = file.chunks(0, file.size)
        answer = self._ask("PUT", name, headers, digest.hexdigest(), content=pieces, size=file.size)
        self._require_success(answer)
        _etag(answer)

    def sizes(self, folder: str) -> Mapping[str, int]:
        answer = self._list(f"{folder}/")
        found = {}
        for item in _xml(answer).iterfind("{*}Contents"):
            try:
                found[str(item.findtext("{*}Key"))] = int(item.findtext("{*}Size"))
            except (TypeError, ValueError):
                raise garbled("the answer lists a file without its size", answer.status) from None
        return found

    def remove(self, name: str) -> None:
        answer = self._ask("DELETE", name)
        self._require_success(answer)
        if answer.status != 204:  # noqa: PLR2004
            raise garbled("the store did not say that it removed the file", answer.status)

    def check(self) -> None:
        self._list("", most=1)

    def _list(self, prefix: str, most: int = 1000) -> Answer:
        """Raises: CallError."""
        asked = query_string({"list-type": "2", "max-keys": str(most), "prefix": prefix})
        answer = self._ask("GET", f"?{asked}")
        self._require_success(answer)
        if etree.QName(_xml(answer)).localname != "ListBucketResult":
            raise garbled("the answer is no list of files", answer.status)
        return answer

    def _ask(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str] | None = None,
        sha256: str = EMPTY,
        *,
        content: bytes | Iterable[bytes] | None = None,
        size: int | None = None,
    ) -> Answer:
        """An answer, a refusal that the store explains among them. Raises: CallError."""
        url = self._address + (name if name.startswith("?") else f"/{quote(name, safe='/-_.~')}")
        signed = self._signer.signed(method, url, headers or {}, sha256, datetime.now(UTC))
        # A store that compresses on the way out may name another version than the one it keeps. Not signed: some
        # proxies change it.
        signed["accept-encoding"] = "identity"
        return self._wire.call(
            method, url, headers=signed, content=content, size=size, statuses=_EXPLAINED, max_bytes=_MOST_READ
        )

    def _require_success(self, answer: Answer) -> None:
        """Raises: CallError: what the store's refusal means.

        A store judges no content but its size: what else it refuses is the keys' or the settings' fault.
        """
        if answer.status not in _EXPLAINED:
            return
        code = _code(answer)
        told = classify_status(answer.status, answer.headers, _explanation(answer), datetime.now(UTC))
        failure = self._wire.refused(told)
        if code == _THROTTLED:
            raise CallError(failure.as_rate_limited())
        if code in _TRANSIENT:
            raise CallError(NotSent(replace(failure.error, kind=ErrorKind.UNAVAILABLE)))
        if code == _NOT_IMPLEMENTED or (isinstance(told, Rejected) and code != _TOO_LARGE):
            raise CallError(failure.as_unauthorised())
        raise failure


def _code(answer: Answer) -> str | None:
    """The store's word for why it refused; None where it did not, or does not say."""
    return _explanation(answer).get("code")


def _explanation(answer: Answer) -> dict[str, str]:
    if answer.status not in _EXPLAINED:
        return {}
    try:
        error = _xml(answer)
    except CallError:
        return {}
    told = {"code": error.findtext("{*}Code"), "message": error.findtext("{*}Message")}
    return {name: text for name, text in told.items() if text}


def _etag(answer: Answer) -> str:
    """Raises: CallError: the answer names no version, so it is not the store's."""
    etag = answer.headers.get("etag")
    if not etag:
        raise garbled("the answer names no version of the file", answer.status)
    return str(etag)


def _xml(answer: Answer) -> Any:
    """Raises: CallError."""
    try:
        return etree.fromstring(answer.body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise garbled("the answer is not XML", answer.status) from None
