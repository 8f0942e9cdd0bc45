"""LinkedIn, for members and for organisations, through its versioned REST API."""

from pipeline.platforms.linkedin.adapter import LinkedInAdapter

__all__ = ["LinkedInAdapter"]
