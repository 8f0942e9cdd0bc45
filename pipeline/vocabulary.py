"""The words of the domain, as the database's enumerations have them (`sql/migrations/0001_vocabulary.sql`).

Every layer may import this module; it imports none of them.
"""

from enum import StrEnum
from typing import Final


class PostStatus(StrEnum):
    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class DistributionStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    CANCELLED = "cancelled"


class ContentType(StrEnum):
    GENERATED = "generated"
    MANUAL = "manual"
    REPURPOSED = "repurposed"
    CURATED = "curated"


class AttemptOutcome(StrEnum):
    """How one attempt to publish ended. There is no fifth way, and none of the four is guessed."""

    PUBLISHED = "published"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class HandoverEnd(StrEnum):
    """What became of a distribution that a platform was to publish by itself."""

    PUBLISHED = "published"
    TAKEN_BACK = "taken_back"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    ABSENT = "absent"
    """The platform has it not, neither live nor held, though nobody is known to have taken it back."""


class ErrorKind(StrEnum):
    VALIDATION = "validation"
    POLICY = "policy"
    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    DUPLICATE = "duplicate"
    NETWORK = "network"
    PROTOCOL = "protocol"
    LOST = "lost"
    PENDING = "pending"
    """The platform works on what it was given, and will tell how that ended."""


class AccountState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class LatenessPolicy(StrEnum):
    PUBLISH_LATE = "publish_late"
    NEXT_SLOT = "next_slot"
    HOLD = "hold"


class SlotType(StrEnum):
    REGULAR = "regular"
    PRIME = "prime"
    TEST = "test"


class RecurringPattern(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class TimingStrategy(StrEnum):
    SIMULTANEOUS = "simultaneous"
    STAGGERED = "staggered"
    OPTIMIZED = "optimized"


class GroupStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


class ReviewDecision(StrEnum):
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"


class ReviewItem(StrEnum):
    """What a reviewer looks at, one by one, before an approval."""

    FACTUAL_ACCURACY = "factual_accuracy"
    BRAND_VOICE = "brand_voice"
    SEO = "seo"
    AFFILIATE_PLACEMENT = "affiliate_placement"
    IMAGES = "images"
    LEGAL = "legal"


class SourceKind(StrEnum):
    FEED = "feed"
    CSV = "csv"
    JSONL = "jsonl"
    PAGE = "page"
    """A page that an editor chose; it is brought in once, and never read again."""


class IngestStatus(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class UserRole(StrEnum):
    WRITER = "writer"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    ADMIN = "admin"


class AiOutcome(StrEnum):
    OK = "ok"
    TRUNCATED = "truncated"
    INVALID = "invalid"
    REFUSED = "refused"
    FAILED = "failed"


class BudgetPeriod(StrEnum):
    DAY = "day"
    MONTH = "month"


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class MetricsState(StrEnum):
    LIVE = "live"
    GONE = "gone"


class ConversionStatus(StrEnum):
    PENDING = "pending"
    """The network may still refuse it."""
    CONFIRMED = "confirmed"
    REVERSED = "reversed"
    """Refused or refunded: it counts nothing."""


class WarningKind(StrEnum):
    """What may keep a scheduled distribution from going out, found beforehand."""

    ACCOUNT = "account"
    CREDENTIALS = "credentials"
    QUOTA = "quota"
    CONTENT = "content"
    MEDIA = "media"
    LINK = "link"
    NEAR_DUPLICATE = "near_duplicate"


class WarningStage(StrEnum):
    """How long before its time a distribution is looked at."""

    DAY = "day"
    HOUR = "hour"


class AlertKind(StrEnum):
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    PAUSED = "paused"
    WARNING = "warning"
    MISSED = "missed"
    STUCK = "stuck"
    UNDELIVERED = "undelivered"
    NOT_TAKEN_BACK = "not_taken_back"
    """A platform publishes, or has published, by itself what it was not to publish any more."""
    UNDERPERFORMING = "underperforming"
    """A publication or an article does worse than others of its kind at the same age."""


class ExperimentStatus(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    DECIDED = "decided"
    STOPPED = "stopped"
    """By a person, before there was anything to decide."""


class ExperimentMethod(StrEnum):
    FIXED = "fixed"
    """Equal shares, and a verdict that holds however often somebody looked."""
    BANDIT = "bandit"
    """What does better is given more often: it earns, and proves less."""


class Verdict(StrEnum):
    WINNER = "winner"
    NO_DIFFERENCE = "no_difference"
    UNDECIDED = "undecided"
    SPOILT = "spoilt"
    """The arms' shares are not those that were drawn: whatever the figures say is not to be believed."""


class Varied(StrEnum):
    """What an experiment's arms differ in."""

    TITLE = "title"
    BODY = "body"
    IMAGE = "image"
    TIME = "time"
    SENDER = "sender"


POST_TRANSITIONS: Final[frozenset[tuple[PostStatus, PostStatus]]] = frozenset(
    {
        (PostStatus.DRAFT, PostStatus.REVIEW),
        (PostStatus.DRAFT, PostStatus.ARCHIVED),
        (PostStatus.REVIEW, PostStatus.DRAFT),
        (PostStatus.REVIEW, PostStatus.SCHEDULED),
        (PostStatus.REVIEW, PostStatus.ARCHIVED),
        (PostStatus.SCHEDULED, PostStatus.REVIEW),
        (PostStatus.SCHEDULED, PostStatus.PUBLISHED),
        (PostStatus.SCHEDULED, PostStatus.ARCHIVED),
        (PostStatus.PUBLISHED, PostStatus.ARCHIVED),
    }
)
