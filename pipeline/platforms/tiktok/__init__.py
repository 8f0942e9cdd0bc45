"""TikTok, through its Content Posting API (direct posts) and its Display API (figures).

A video is uploaded in parts to an address that TikTok gives for an hour; the last part is what publishes it. Pictures
are fetched by TikTok from their own addresses. Either way TikTok works on it for a while, moderates it, and only then
tells the id of the post; a post that not everybody may see never gets one, and goes by its publish id.
"""

from pipeline.platforms.tiktok.adapter import TikTokAdapter

__all__ = ["TikTokAdapter"]
