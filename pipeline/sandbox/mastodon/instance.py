"""What the server says of itself and of its limits."""

from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.service import Call

MAX_CHARACTERS: Final = 500
CHARACTERS_A_LINK: Final = 23
MAX_MEDIA: Final = 4
MAX_DESCRIPTION: Final = 1500
MAX_IMAGE_BYTES: Final = 16 * 1024 * 1024
MAX_VIDEO_BYTES: Final = 99 * 1024 * 1024
IMAGES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
OTHERS: Final = ("video/mp4", "video/quicktime", "audio/mpeg", "audio/mp3", "audio/mp4")


def about(call: Call) -> Response:
    return JSONResponse(
        {
            "domain": call.request.url.netloc,
            "title": "Pressroom sandbox: nobody real",
            "version": "4.5.0+sandbox",
            "languages": ["en"],
            "configuration": {
                "statuses": {
                    "max_characters": MAX_CHARACTERS,
                    "max_media_attachments": MAX_MEDIA,
                    "characters_reserved_per_url": CHARACTERS_A_LINK,
                },
                "media_attachments": {
                    "supported_mime_types": [*IMAGES, *OTHERS],
                    "description_limit": MAX_DESCRIPTION,
                    "image_size_limit": MAX_IMAGE_BYTES,
                    "image_matrix_limit": 33_177_600,
                    "video_size_limit": MAX_VIDEO_BYTES,
                },
            },
            "registrations": {"enabled": False},
            "api_versions": {"mastodon": 7},
        }
    )
