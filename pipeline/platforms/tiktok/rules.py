"""What TikTok takes of media: https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide."""

from typing import Final

from pipeline.platforms.media.rules import JPEG, MP4, WEBP, MediaRule
from pipeline.vocabulary import MediaKind

VIDEO: Final = MediaRule(
    MediaKind.VIDEO, (MP4, "video/quicktime"), max_bytes=4_000_000_000, width=(360, 4096), seconds=(3, 600)
)
"""A creator's own limit may be shorter."""
PICTURES: Final = MediaRule(MediaKind.IMAGE, (JPEG, WEBP), max_bytes=20_000_000, most=35)
