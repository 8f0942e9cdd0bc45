"""The calls that are made of TikTok's API v2: each answer is an envelope, whose `error.code` is "ok" or tells why not.

https://developers.tiktok.com/doc/content-posting-api-reference-direct-post,
https://developers.tiktok.com/doc/content-posting-api-reference-photo-post,
https://developers.tiktok.com/doc/tiktok-api-v2-video-query.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.platforms.base import Account, PlatformError, Rejected
from pipeline.platforms.failures import CallError, Refusal, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.platforms.tiktok import reading
from pipeline.platforms.tiktok.reading import Creator, Standing
from pipeline.vocabulary import ErrorKind

ADDRESS: Final = "https://open.tiktokapis.com"
WEB_ADDRESS: Final = "https://www.tiktok.com"
MOST_IDS: Final = 20
_PUBLISH: Final = "/v2/post/publish"
_FIGURES: Final = "id,view_count,like_count,comment_count,share_count"


class Api:
    """TikTok for one account. What asks it anything raises CallError."""

    def __init__(self, account: Account) -> None:
        base = str(account.publish_config.get("base_url") or "").rstrip("/")
        self._account = account
        self._address = base or ADDRESS
        self._web = base or WEB_ADDRESS
        self._wire = Wire(account)

    def page(self, creator: str, kind: str, post_id: str) -> str:
        """Where people find a "video" or a "photo"."""
        return f"{self._web}/@{creator}/{kind}/{post_id}"

    def may_upload_to(self, address: str) -> bool:
        """Over TLS, or where the API itself is: whoever reads the address on its way may publish with it."""
        try:
            parts, own = urlsplit(address), urlsplit(self._address)
        except ValueError:
            return False
        return parts.scheme == "https" or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)

    def creator(self) -> Creator:
        return reading.creator(self._ask(f"{_PUBLISH}/creator_info/query/"))

    def begin_video(self, said: Mapping[str, Any], file: Mapping[str, Any]) -> tuple[str, str]:
        """The publish id, and the address to upload to, which is as good as a credential."""
        begun = self._ask(f"{_PUBLISH}/video/init/", {"post_info": said, "source_info": file})
        return _text(begun, "publish_id"), _text(begun, "upload_url")

    def publish_pictures(self, said: Mapping[str, Any], addresses: Sequence[str]) -> str:
        """The publish id."""
        source = {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": list(addresses)}
        body = {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": said, "source_info": source}
        return _text(self._ask(f"{_PUBLISH}/content/init/", body), "publish_id")

    def standing(self, publish_id: str) -> Standing:
        return reading.standing(self._ask(f"{_PUBLISH}/status/fetch/", {"publish_id": publish_id}))

    def videos(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The public ones among at most `MOST_IDS` posts."""
        found = self._ask("/v2/video/query/", {"filters": {"video_ids": list(ids)}}, fields=_FIGURES)
        return as_list(found.get("videos", []))

    def user(self) -> dict[str, Any]:
        """https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info."""
        return as_object(self._ask("/v2/user/info/", method="GET", fields="follower_count").get("user"))

    def newest_video(self) -> list[dict[str, Any]]:
        found = self._ask("/v2/video/list/", {"max_count": 1}, fields="id")
        return as_list(found.get("videos", []))

    def _ask(
        self, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST", **params: str
    ) -> dict[str, Any]:
        token = required(self._account, self._account.credentials, "access_token")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=UTF-8"}
        try:
            answer = self._wire.call(method, f"{self._address}{path}", params=params, headers=headers, json=body)
        except CallError as failure:
            raise self._understood(failure.payload, failure.outcome) from None
        told = as_object(answer.json())
        code = as_object(told.get("error")).get("code")
        if code != "ok":
            if not isinstance(code, str):
                raise garbled("the answer does not tell whether it worked", answer.status)
            # A code that comes with a 200 and isn't known is a refusal all the same.
            raise self._understood(told, Rejected(PlatformError(ErrorKind.POLICY, "", http_status=answer.status)))
        return as_object(told.get("data"))

    def _understood(self, payload: Any, otherwise: Refusal) -> CallError:
        error = payload.get("error") if isinstance(payload, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        if not isinstance(error, dict) or not isinstance(code, str):
            return CallError(otherwise, payload)
        message = str(error.get("message") or "")
        found = reading.refusal(code, message, otherwise.error.http_status, otherwise, datetime.now(UTC))
        return self._wire.refused(found, payload)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise garbled(f"TikTok's answer has no {name}")
    return value
