"""Mastodon 4.3 or newer, on the account's own server, with an access token.

A server knows an `Idempotency-Key` for an hour, and brings the status that was made with it. Later, and for what it is
to publish by itself, of which it keeps no key, a lost answer is resolved by looking back at what the account has said
since the publication began. What was sent is written down as a fingerprint of its words, so that it is found whatever
the version says by now.

The server's own limits are asked for before each publication. An edit keeps the files.

Sources: docs.joinmastodon.org (methods), github.com/mastodon/mastodon #30039 (scheduling keeps no key).
"""

from pipeline.platforms.mastodon.adapter import MastodonAdapter

__all__ = ["MastodonAdapter"]
