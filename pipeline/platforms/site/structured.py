"""What a page says of itself to machines, in the terms of https://schema.org.

The properties are those that Google's documentation of Article, BreadcrumbList, VideoObject and site names asks for
(developers.google.com/search/docs/appearance/structured-data).
"""

from collections.abc import Sequence
from typing import Any

from pipeline.platforms.site.article import Article, SiteConfig
from pipeline.platforms.site.listing import Listing

Data = dict[str, Any]


def article(config: SiteConfig, article: Article) -> Data:
    """An Article. A publication of its own name is its author where nobody signed it."""
    publisher = _publisher(config)
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "Article",
            "headline": article.title,
            "description": article.description,
            "image": [article.image_url] if article.image_url else None,
            "video": _film(article),
            "audio": {"@type": "AudioObject", "contentUrl": article.audio_url} if article.audio_url else None,
            "datePublished": article.published_at.isoformat(timespec="seconds"),
            "dateModified": article.modified_at.isoformat(timespec="seconds"),
            "author": {"@type": "Person", "name": article.author} if article.author else publisher,
            "publisher": publisher,
            "mainEntityOfPage": article.canonical_url,
            "isBasedOn": article.credit.url if article.credit else None,
            "inLanguage": article.language,
            "keywords": list(article.keywords) or None,
        }
    )


def website(config: SiteConfig) -> Data:
    """The site's name, for the front page."""
    return {"@context": "https://schema.org", "@type": "WebSite", "name": config.name, "url": config.url()}


def breadcrumbs(config: SiteConfig, way: Sequence[Listing], here: str, address: str) -> Data:
    """The way from the front page through listings to the page with this title and address."""
    steps = [(config.name, config.url()), *((each.title, config.url(each.path)) for each in way), (here, address)]
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": item}
            for position, (name, item) in enumerate(steps, start=1)
        ],
    }


def _publisher(config: SiteConfig) -> Data:
    logo = {"@type": "ImageObject", "url": config.logo_url} if config.logo_url else None
    return _known({"@type": "Organization", "name": config.name, "url": config.url(), "logo": logo})


def _film(article: Article) -> Data | None:
    """None without a picture: a film of no thumbnail is refused."""
    if not article.video_url or not article.image_url:
        return None
    return {
        "@type": "VideoObject",
        "name": article.video_alt or article.title,
        "description": article.description,
        "thumbnailUrl": [article.image_url],
        "uploadDate": article.published_at.isoformat(timespec="seconds"),
        "contentUrl": article.video_url,
    }


def _known(properties: Data) -> Data:
    return {name: value for name, value in properties.items() if value is not None}
