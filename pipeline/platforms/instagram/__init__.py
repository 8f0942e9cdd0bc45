"""Instagram, through the Graph API, for professional accounts: pictures, carousels and reels.

Instagram fetches the files itself, from their public addresses, so none is converted on the way: what it does not take
as it is can't be published. A publication is prepared as a container, whose id is recorded, and which can be published
once. After a lost answer its state tells what happened. It does not tell which publication came of it: that is found
among the account's latest, by its caption.
"""

from pipeline.platforms.instagram.adapter import InstagramAdapter

__all__ = ["InstagramAdapter"]
