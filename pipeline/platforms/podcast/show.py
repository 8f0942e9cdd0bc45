"""The show that an account publishes: what its feed says of it, and where its files are kept."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.platforms.base import Account, NotSent, PlatformError
from pipeline.platforms.failures import CallError
from pipeline.platforms.offer import Setting
from pipeline.text.rendering import one_line
from pipeline.vocabulary import ErrorKind

MOST_BYTES: Final = 4000
"""What PSP-1 allows a description."""
MOST_CHARACTERS: Final = 255
"""What PSP-1 allows any other value."""

SETTINGS: Final = (
    Setting("title", "The name of the show.", required=True),
    Setting("description", "What the show is about, in at most 4,000 bytes of plain text.", required=True),
    Setting("author", "Who makes the show.", required=True),
    Setting("email", "The owner's address, by which directories check that the show is yours."),
    Setting("language", "The language it is spoken in, such as en or de-AT; en unless told."),
    Setting(
        "category",
        "One of Apple's categories, or a list of them, the most fitting first; a subcategory as News > Tech News.",
        required=True,
    ),
    Setting("explicit", "Whether it holds what is not for children; false unless told."),
    Setting("image_url", "The cover: a square JPEG or PNG of 1,400 to 3,000 pixels.", required=True),
    Setting("website", "The show's page; base_url unless told."),
    Setting("locked", "Whether other hosts must not import the feed; true unless told."),
    Setting("base_url", "The address under which listeners find the files.", required=True),
    Setting("feed_name", "The feed's file name; feed.xml unless told. Subscribers keep its address."),
    Setting("folder", "The folder that a web server serves at base_url; this or a bucket."),
    Setting("bucket", "The bucket that is served at base_url."),
    Setting("endpoint", "The address of the object store's S3 API; Amazon's for the region unless told."),
    Setting("region", "The bucket's region; us-east-1 unless told, auto for Cloudflare's R2."),
)
SECRETS: Final = (
    Setting("access_key_id", "The id of an access key to the bucket; a folder needs none."),
    Setting("secret_access_key", "Its secret."),
    Setting("session_token", "The session token, where the key is a temporary one."),
)


def _line(value: str) -> str:
    line = one_line(value)
    if not line:
        raise ValueError("must not be empty")
    return line


def _web_url(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(char.isspace() for char in value):
        raise ValueError("must be an absolute http or https address")
    return value.rstrip("/")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _short(value: str) -> str:
    if len(value.encode()) > MOST_BYTES:
        raise ValueError(f"must be at most {MOST_BYTES:,} bytes")
    return value


Line = Annotated[str, AfterValidator(_line), Field(max_length=MOST_CHARACTERS)]
WebUrl = Annotated[str, AfterValidator(_web_url)]


class Show(BaseModel):
    """The account's `publish_config`."""

    model_config = ConfigDict(frozen=True)

    title: Line
    description: Annotated[str, AfterValidator(one_line), AfterValidator(_short), Field(min_length=1)]
    author: Line
    email: Line | None = None
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    category: Annotated[tuple[Line, ...], BeforeValidator(_listed), Field(min_length=1)]
    explicit: bool = False
    image_url: WebUrl
    website: WebUrl | None = None
    locked: bool = True
    base_url: WebUrl
    feed_name: str = Field(default="feed.xml", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")
    folder: Path | None = None
    bucket: str | None = Field(default=None, min_length=1)
    endpoint: WebUrl | None = None
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]+$")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.folder is None) is (self.bucket is None):
            raise ValueError("must name a folder or a bucket, and not both")
        if self.folder is not None and not self.folder.is_absolute():
            raise ValueError(f"the folder must be an absolute path, not {str(self.folder)!r}")
        return self

    @property
    def feed_url(self) -> str:
        return self.url(self.feed_name)

    @property
    def home(self) -> str:
        """Where the show has its page."""
        return self.website or self.base_url

    @property
    def api(self) -> str:
        """The object store's address."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    def url(self, name: str) -> str:
        """Where listeners find a file."""
        return f"{self.base_url}/{name}"


def read_show(account: Account) -> Show:
    """Raises: CallError: settings are missing or wrong, which concerns the account and not the content."""
    try:
        return Show.model_validate(account.publish_config)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the settings'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        message = f"the account {account.key} has settings that can't be used: {wrong}"
        raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message))) from None
