"""All settings: environment variables (and `.env`), checked once at start.

Nothing else in the project reads the environment. In production a missing or placeholder secret
refuses the start; in development what is missing is generated into `DATA_DIR`.
"""

import hashlib
import hmac
import ipaddress
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import paths
from app.oauth_settings import OAuthProvider, read_providers
from app.problems import OperatorProblem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

POSTGRES_SCHEMES = frozenset({"postgresql", "postgres"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})
PLACEHOLDERS = ("change", "placeholder", "example", "secret", "your-", "xxx", "todo")
MIN_SECRET_LENGTH = 32

# What pydantic found, by its own names of errors.
DEMANDS = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_parsing": "must be true or false",
    "literal_error": "must be {expected}",
}


class InvalidSettings(OperatorProblem):
    """Settings that cannot be used, each with a sentence; never with the value, maybe a secret."""

    code = "invalid_settings"

    def __init__(self, error: ValidationError) -> None:
        super().__init__(" ".join(_sentence(detail) for detail in error.errors()))


class UnusableDataDir(OperatorProblem):
    """DATA_DIR cannot be read or written."""

    code = "data_dir_unusable"

    def __init__(self, path: Path, reason: str | None) -> None:
        super().__init__(f"DATA_DIR ({path}) cannot be used: {reason}. Choose another folder.")


class Settings(BaseSettings):
    """One attribute per variable of `.env.example`; names and defaults are public (README)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    app_name: str = Field("Parley", description="the product's name on every page")
    operator_name: str = Field("", description="who runs it, at the foot of mails")
    environment: Literal["development", "production"] = Field(
        "development",
        description="production refuses placeholder secrets and development aids",
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    base_url: str = Field("", description="public address for links; empty = from HOST and PORT")
    insecure_http: bool = Field(
        default=False, description="allow a non-loopback BASE_URL without https, with a banner"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses or networks whose forwarded headers are believed"
    )
    data_dir: Path = Field(
        Path("./var"), description="embedded databases, the sandbox, what is generated"
    )
    database_url: str = Field(
        "", description="PostgreSQL as the application role; empty = embedded"
    )
    database_owner_url: str = Field(
        "", description="PostgreSQL as the role that migrates and creates roles"
    )
    redis_url: str = Field("", description="Redis or Valkey; empty = embedded")
    storage_url: str = Field(
        "", description="file:///folder or s3://bucket/prefix for media; empty = in DATA_DIR/files"
    )
    aws_endpoint_url_s3: str = Field("", description="S3 endpoint that is not Amazon's")
    aws_region: str = Field("", description="region of the bucket; empty = as AWS's own tools")
    aws_access_key_id: str = Field("", description="key of the bucket; empty = as AWS's own tools")
    aws_secret_access_key: str = Field("", description="secret of that key")
    smtp_url: str = Field(
        "", description="smtp://user:pass@host:port; empty = mails are kept in DATA_DIR/mail"
    )
    secret_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="comma-separated, newest first; encrypt provider secrets, sign tickets"
    )
    whatsapp_graph_url: str = Field(
        "https://graph.facebook.com", description="Graph address for live numbers"
    )
    whatsapp_graph_version: str = Field("v25.0", description="Graph version for every call")
    whatsapp_app_secret: str = Field("", description="app secret of the platform's own Meta app")
    whatsapp_verify_token: str = Field("", description="verify token of the platform webhook")
    outgoing_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="host:port that the guard of outgoing requests lets through, comma-separated",
    )
    metrics_token: str = Field("", description="not used yet: bearer token for /metrics")
    embedded_workers: int = Field(
        1, ge=0, le=16, description="workers that main.py starts in embedded mode"
    )
    crash_point: str = Field(
        "", description="development only: the process kills itself at this named line"
    )
    sandbox: bool | None = Field(
        None, description="mount the Cloud API sandbox; default: in development"
    )

    @field_validator("trusted_proxies", "secret_keys", "outgoing_allow", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError as error:
                raise ValueError(
                    f"TRUSTED_PROXIES holds {proxy!r}, which is no address and no network."
                ) from error
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", "database_owner_url", "redis_url")
    @classmethod
    def _reachable_form(cls, value: str, info: ValidationInfo) -> str:
        name = (info.field_name or "").upper()
        if name == "REDIS_URL":
            _check_url(name, value, REDIS_SCHEMES, "redis://:password@host:6379/0")
        else:
            form = "postgresql://user:password@host:5432/database"
            _check_url(name, value, POSTGRES_SCHEMES, form)
        return value

    @field_validator("storage_url")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        parts = urlsplit(value)
        is_folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        if value and not is_folder and not (parts.scheme == "s3" and parts.netloc):
            raise ValueError(
                "STORAGE_URL must be like file:///var/lib/files or s3://bucket/prefix."
            )
        return value

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        if self.database_owner_url and not self.database_url:
            raise ValueError(
                "DATABASE_OWNER_URL is set without DATABASE_URL. The application needs a role of"
                " its own that owns nothing: CREATE ROLE app_login LOGIN PASSWORD '…' NOSUPERUSER"
                " NOBYPASSRLS; Set DATABASE_URL to its address."
            )
        return self

    @model_validator(mode="after")
    def _check_addresses(self) -> Self:
        if self.base_url and urlsplit(self.base_url).scheme not in {"http", "https"}:
            raise ValueError("BASE_URL must begin with http:// or https://.")
        plain = self.public_url.startswith("http://")
        if plain and not self.insecure_http and not is_loopback(self.public_host):
            raise ValueError(
                "BASE_URL is not https. Use https, or set INSECURE_HTTP=true to allow plain http."
            )
        return self

    @model_validator(mode="after")
    def _check_oauth(self) -> Self:
        for provider in self.oauth.values():
            if urlsplit(provider.issuer).scheme not in {"http", "https"}:
                raise ValueError(f"OAUTH_{provider.name.upper()}_ISSUER must begin with https://.")
        return self

    @model_validator(mode="after")
    def _check_production(self) -> Self:
        if not self.is_production:
            return self
        if self.sandbox:
            raise ValueError("SANDBOX cannot be switched on in production.")
        if self.crash_point:
            raise ValueError("CRASH_POINT cannot be set in production.")
        if not self.secret_keys:
            raise ValueError("SECRET_KEYS must be set in production.")
        for key in self.secret_keys:
            _refuse_placeholder("SECRET_KEYS", key, minimum=MIN_SECRET_LENGTH)
        for name in ("whatsapp_app_secret", "whatsapp_verify_token", "metrics_token"):
            if value := getattr(self, name):
                _refuse_placeholder(name.upper(), value, minimum=8)
        return self

    @cached_property
    def oauth(self) -> dict[str, OAuthProvider]:
        """The configured providers by name; a provider needs all three of its settings.

        Raises:
            ValueError: one is configured by half.
        """
        return read_providers()

    @property
    def is_production(self) -> bool:
        """Whether this is a live installation: no sandbox, no generated secrets, HSTS on."""
        return self.environment == "production"

    @property
    def has_sandbox(self) -> bool:
        """Whether the Cloud API sandbox is mounted."""
        return self.sandbox if self.sandbox is not None else not self.is_production

    @property
    def public_url(self) -> str:
        """The address of links and mails, without a trailing slash; never the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def public_host(self) -> str:
        """The host name of `public_url`."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS: decides the cookie's name and its Secure flag."""
        return self.public_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """The session cookie's name; `__Host-` makes browsers insist on TLS and on this host."""
        return "__Host-sid" if self.is_https else "sid"

    @property
    def files_url(self) -> str:
        """Where media files are kept."""
        return self.storage_url or (self.data_dir / "files").as_uri()

    @property
    def is_embedded(self) -> bool:
        """Whether PostgreSQL or Redis must be brought up by ourselves."""
        return not (self.database_url and self.redis_url)

    @property
    def sandbox_graph_url(self) -> str:
        """Where the sandbox's Graph API answers."""
        return self.public_url + paths.SANDBOX_GRAPH

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """Secret keys as 32-byte keys, newest first; generated into `DATA_DIR` in development."""
        texts = self.secret_keys or (_development_key(self.data_dir),)
        return tuple(hashlib.sha256(text.encode()).digest() for text in texts)

    def derive(self, purpose: str) -> str:
        """Return a secret for one purpose, bound to the newest key; equal on every machine."""
        return hmac.new(self.keys[0], purpose.encode(), hashlib.sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    if host in {"localhost", ""} or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_data_dir(path: Path) -> None:
    """Make sure that DATA_DIR can be used, or be made where it is missing. Changes nothing.

    Raises:
        UnusableDataDir: with the reason.
    """
    try:
        place = next(one for one in (path, *path.parents) if one.exists())
    except OSError as error:  # a directory on the way may not be looked into
        raise UnusableDataDir(path, error.strerror) from error
    if not place.is_dir():
        raise UnusableDataDir(path, f"{place} is no directory")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UnusableDataDir(path, f"{place} cannot be written")


def _check_url(name: str, value: str, schemes: frozenset[str], form: str) -> None:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in schemes and bool(parts.netloc or parts.path) and parts.port != 0
    except ValueError:  # a port or a bracket that is none
        is_good = False
    if value and not is_good:
        raise ValueError(f"{name} is not an address. Write it like {form}.")


def _sentence(detail: "ErrorDetails") -> str:
    """Say in our own words what pydantic found."""
    name = "_".join(str(part) for part in detail["loc"]).upper()
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":  # a validator of ours: a sentence already
        return str(context["error"])
    demand = DEMANDS.get(detail["type"], "has a value that cannot be used")
    return f"{name} {demand.format(**context)}."


_current: Settings | None = None


def settings() -> Settings:
    """Return the settings of this process, read on first use.

    Raises:
        InvalidSettings: with a sentence for each of them that cannot be used.
    """
    global _current  # noqa: PLW0603  # one process, one set of settings
    if _current is None:
        try:
            _current = Settings()
        except ValidationError as error:
            raise InvalidSettings(error) from None
    return _current


def configure(**changes: object) -> Settings:
    """Replace some settings of this process (addresses of embedded services; tests)."""
    global _current  # noqa: PLW0603  # see settings()
    base = settings()
    _current = base.model_copy(update=changes)
    _current.__dict__.pop("keys", None)
    return _current


def _refuse_placeholder(name: str, value: str, *, minimum: int) -> None:
    looks_fake = any(word in value.lower() for word in PLACEHOLDERS) or len(set(value)) < 5  # noqa: PLR2004
    if len(value) < minimum or looks_fake:
        raise ValueError(
            f"{name} is missing, short or a placeholder. Set it to at least {minimum} random "
            "characters, for example from: python -c 'import secrets; print(secrets.token_hex(32))'"
        )


def _development_key(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    try:
        _make_key(path)
        return path.read_text().strip()
    except OSError as error:
        raise UnusableDataDir(data_dir, error.strerror) from error


def _make_key(path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f"secret_key.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_hex(32))
        try:
            os.link(temporary, path)  # the first process wins, the others read its key
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
