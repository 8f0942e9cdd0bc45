"""X, through its API v2; tweepy signs, our wire carries.

X keeps no handle of ours: a post whose answer was lost is found in the account's own timeline, by its text, since the
publication began. A 403 for duplicate content says that an earlier try may have landed and is looked up like that.

The body is the whole text, its link included. With the setting `thread` an article goes on in numbered answers to that
post, which `platform_specific["thread"]` holds. Media are on the first post: four pictures, or a GIF, or a video. An
edited post gets a new id, so there is no update.
"""

from pipeline.platforms.x.adapter import XAdapter

__all__ = ["XAdapter"]
