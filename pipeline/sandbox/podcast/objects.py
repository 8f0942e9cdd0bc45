"""The objects of the bucket: conditional writes, as S3 has them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape

from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.podcast import access, apps
from pipeline.sandbox.podcast.credentials import BUCKET
from pipeline.sandbox.podcast.errors import refusal
from pipeline.sandbox.service import Call

MOST_KEPT: Final = 4 * 1024 * 1024
"""Of a larger object but the feed the sandbox remembers the size and the digest only."""
_LONGEST_KEY: Final = 1024
_MOST_LISTED: Final = 1000
_LISTING: Final = frozenset({"list-type", "prefix", "max-keys"})


def write(call: Call) -> Response:
    key = _key(call)
    if "content-length" not in call.request.headers:
        raise refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    _require_state(call, key)
    etag = hashlib.md5(call.body, usedforsecurity=False).hexdigest()
    item: Document = {
        "key": key,
        "size": len(call.body),
        "etag": f'"{etag}"',
        "type": call.request.headers.get("content-type", "binary/octet-stream"),
        "modified": call.now.isoformat(),
    }
    kept = key == apps.FEED or len(call.body) <= MOST_KEPT
    call.ledger.put("podcast", "object", key, item, content=call.body if kept else b"")
    if key == apps.FEED:
        apps.read(call)
    else:
        call.record("file_stored", key, title=key, text=f"{item['size']} bytes", url=call.link(f"/podcast/files/{key}"))
    return Response(headers={"ETag": item["etag"]})


def read(call: Call) -> Response:
    key = _key(call)
    item = call.ledger.get("podcast", "object", key)
    if item is None:
        raise _no_such_key(key)
    modified = format_datetime(datetime.fromisoformat(item["modified"]), usegmt=True)
    return Response(
        call.ledger.content("podcast", "object", key),
        headers={"ETag": item["etag"], "Last-Modified": modified, "Content-Type": item["type"]},
    )


def remove(call: Call) -> Response:
    """What is not there is removed as well."""
    key = _key(call)
    if call.ledger.get("podcast", "object", key) is not None:
        call.ledger.remove("podcast", "object", key)
        call.record("file_removed", key, title=key)
        if key == apps.FEED:
            apps.read(call)
    return Response(status_code=204)


def search(call: Call) -> Response:
    """The objects whose keys begin alike, in the order of their keys."""
    _require_bucket(call)
    query = call.request.query_params
    if query.get("list-type") != "2" or not _LISTING.issuperset(query):
        raise refusal(501, "NotImplemented", "The sandbox lists objects by list-type=2, prefix and max-keys alone.")
    if not query.get("max-keys", "1").isdecimal():
        raise refusal(400, "InvalidArgument", "Provided max-keys not an integer or within integer range")
    prefix, most = query.get("prefix", ""), min(int(query.get("max-keys", _MOST_LISTED)), _MOST_LISTED)
    items = [item for item in call.ledger.newest("podcast", "object") if item["key"].startswith(prefix)]
    items.sort(key=lambda item: str(item["key"]).encode())
    truncated = "true" if len(items) > most else "false"
    return Response(_listing(prefix, items[:most], truncated), media_type="application/xml")


def _listing(prefix: str, items: Iterable[Document], truncated: str) -> str:
    contents = "".join(
        f"<Contents><Key>{escape(item['key'])}</Key><LastModified>{item['modified']}</LastModified>"
        f"<ETag>{escape(item['etag'])}</ETag><Size>{item['size']}</Size></Contents>"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>{truncated}</IsTruncated>"
        f"{contents}</ListBucketResult>"
    )


def _key(call: Call) -> str:
    """Raises: Refusal."""
    _require_bucket(call)
    if call.request.url.query:
        raise refusal(501, "NotImplemented", "The sandbox has nothing of an object but the object.")
    key: str = call.request.path_params["key"]
    if not key or len(key.encode()) > _LONGEST_KEY:
        raise refusal(400, "KeyTooLongError", "Your key is too long, or empty.")
    return key


def _require_bucket(call: Call) -> None:
    """Raises: Refusal: the caller may not, or there is no such bucket."""
    access.require(call)
    if call.request.path_params["bucket"] != BUCKET:
        raise refusal(404, "NoSuchBucket", "The specified bucket does not exist")


def _require_state(call: Call, key: str) -> None:
    """Raises: Refusal: the object is not in the state on which the write depends."""
    headers = call.request.headers
    there = call.ledger.get("podcast", "object", key)
    if headers.get("if-none-match") not in (None, "*"):
        raise refusal(501, "NotImplemented", "If-None-Match takes * alone.")
    wanted = headers.get("if-match")
    if wanted is not None and there is None:
        raise _no_such_key(key)
    if (there is not None and "if-none-match" in headers) or (
        there is not None and wanted not in (None, there["etag"])
    ):
        raise refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")


def _no_such_key(key: str) -> Exception:
    return refusal(404, "NoSuchKey", "The specified key does not exist.", Key=key)
