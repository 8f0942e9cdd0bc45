"""Bluesky, through the account's own server (a PDS of the AT Protocol), with an app password.

A post is a record under a key, and the key is ours: it is made once and written down before anything is sent. A server
takes a key once, and tells whether it has it. So a lost answer is always resolved, and nothing is sent twice.

Links and hashtags are marked beside the text, by offsets in its bytes (facets). Without pictures the article is shown
as a card; with pictures the link stands in the text. A changed record is not shown to readers, so there is no update.

Each adapter begins a session of its own, of which a server allows 300 a day.

Sources: github.com/bluesky-social/atproto (lexicons), atproto.com/specs/tid, docs.bsky.app (rate limits).
"""

from pipeline.platforms.bluesky.adapter import BlueskyAdapter

__all__ = ["BlueskyAdapter"]
