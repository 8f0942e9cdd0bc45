"""The podcast: episodes in a folder or an object store, and the feed that lists them."""

from pipeline.platforms.podcast.adapter import PodcastAdapter

__all__ = ["PodcastAdapter"]
