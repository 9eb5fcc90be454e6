"""What the environment may decide. Every variable is described in docs/settings.md, which is made from this class."""

import sys
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

EXIT_MISCONFIGURED = 2


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("must name at least one")
    return value


def _http_url(value: str) -> str:
    if not _is_http(value):
        raise ValueError("must be an absolute http or https URL")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if not _is_http(value) or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("must be origins such as https://app.example.com")
    return value


def _is_http(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host in ("localhost", "local") or host.endswith((".localhost", ".local"))
    return address.is_loopback or address.is_link_local or address.is_unspecified


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Settings(BaseSettings):
    """The service's settings, read from environment variables of the same names."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    environment: str = Field(
        "production",
        pattern=r"^[a-z][a-z0-9-]{0,39}$",
        description="Name of the environment. Only `development` accepts a local token issuer.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; the image sets `0.0.0.0`.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severity to log.")

    database_url: SecretStr = Field(description="PostgreSQL, as `postgresql://user:password@host:5432/database`.")
    database_pool_size: int = Field(10, ge=1, le=500, description="Connections that each replica keeps open.")
    database_connect_timeout_s: float = Field(5, gt=0, description="Limit for opening one connection.")
    database_acquire_timeout_s: float = Field(2, gt=0, description="Limit for waiting for a free connection.")
    database_command_timeout_s: float = Field(6, gt=0, description="Limit for a statement or transaction, all in all.")
    database_statement_timeout_ms: int = Field(5000, ge=1, description="Limit for one statement, in the server.")
    database_lock_timeout_ms: int = Field(2000, ge=1, description="Limit for waiting for a lock, in the server.")
    database_idle_transaction_timeout_ms: int = Field(
        10_000, ge=1, description="The server ends a transaction that is idle for so long."
    )

    auth_issuer: HttpUrl = Field(description="Issuer of the access tokens (claim `iss`).")
    auth_audience: str = Field(min_length=1, description="This service as the issuer names it (claim `aud`).")
    auth_jwks_url: HttpUrl | None = Field(
        None, description="Where the issuer's keys are; by default OpenID Connect discovery tells."
    )
    auth_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(_split), AfterValidator(_some)] = Field(
        ("RS256", "ES256", "EdDSA"), description="Signature algorithms accepted, comma-separated."
    )
    auth_jwks_ttl_s: int = Field(600, ge=1, description="How long the issuer's keys are kept before they are renewed.")

    max_body_bytes: int = Field(1_048_576, ge=1, description="Largest request body.")
    drain_timeout_s: float = Field(20, ge=0, description="On SIGTERM, how long requests under way may take to end.")
    idempotency_ttl_hours: int = Field(24, ge=1, le=8760, description="How long an Idempotency-Key is remembered.")
    rate_limit_per_minute: int = Field(
        600_000, ge=0, description="Requests that one caller may send to one replica; 0 is no limit."
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), description="Origins whose scripts may call the service, comma-separated."
    )

    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        None, description="Collector for traces, metrics and logs by OTLP over HTTP; unset is off."
    )
    otel_traces_sampler_arg: float = Field(0.1, ge=0, le=1, description="Share of new traces that is recorded.")

    @property
    def is_development(self) -> bool:
        return self.environment == "development"

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must be a URL that begins with postgresql://")
        return value

    @field_validator("auth_issuer", "auth_jwks_url")
    @classmethod
    def _trustworthy(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or info.data.get("environment") == "development":
            return value
        parts = urlsplit(value)
        if parts.scheme != "https" or _is_local(parts.hostname or ""):
            raise ValueError("must be https and not local, unless ENVIRONMENT is development")
        return value


def load() -> Settings:
    """The settings from the environment; ends the process with one line for each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = str(problem["loc"][0]).upper()
            print(f"{name}: {problem['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        raise SystemExit(EXIT_MISCONFIGURED) from None
