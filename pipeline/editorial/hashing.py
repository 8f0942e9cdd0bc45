"""What makes two versions of something the same: the hashes that approvals and paid work are bound to."""

import hashlib
import json


def post_content_hash(
    *,
    title: str,
    slug: str,
    content: str,
    excerpt: str | None,
    meta_title: str | None,
    meta_description: str | None,
    featured_image_url: str | None,
) -> str:
    """Of everything a reader of the published post can see. Absent and empty are different."""
    return content_hash([title, slug, content, excerpt, meta_title, meta_description, featured_image_url])


def content_hash(parts: object) -> str:
    """SHA-256 in hex, of anything JSON can hold; the order of an object's keys does not matter."""
    spelled = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()
