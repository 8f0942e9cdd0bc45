"""YouTube, through its Data API v3: https://developers.google.com/youtube/v3/docs."""

from pipeline.platforms.youtube.adapter import YouTubeAdapter

__all__ = ["YouTubeAdapter"]
