"""The settings of every command and worker: read from the environment at start, checked, and never changed after.

`load_settings()` is the way in. A setting that is unknown or wrong is named and refused (SPEC section 10). Where a
server is not named, who needs one says what to do: see `ops.embedded` and `itilnext up`.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from contracts.topics import Topics
from ops.environment import Environment, SettingsError, variable
from producers.connection import (
    BootstrapServers,
    KafkaClientOptions,
    KafkaConnection,
    Milliseconds,
    RedisClientOptions,
    RedisConnection,
    RedisUrl,
    TlsOptions,
)

_MODEL = ConfigDict(frozen=True, extra="forbid")
# Kafka allows a topic 249 characters of these, and its longest ending takes 30.
Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]


def _check_files(options: TlsOptions) -> None:
    try:
        options.ssl_context()
    except OSError as error:  # SSLError is one
        raise ValueError(f"the certificate and key files can't be used: {error}") from error


class KafkaSettings(KafkaClientOptions):
    """The Kafka to use: one that is named here, or else the embedded one."""

    bootstrap_servers: BootstrapServers | None = None
    session_timeout_ms: Milliseconds = 10_000
    """How long a worker may be silent before its partitions are given to others."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.bootstrap_servers is None and self.security_protocol != "PLAINTEXT":
            raise ValueError("security_protocol is of no use without bootstrap_servers: the embedded Kafka is open")
        if self.security_protocol.endswith("SSL"):
            _check_files(self)
        return self

    def at(self, bootstrap_servers: str) -> KafkaConnection:
        """Return how to connect with these options to the Kafka there."""
        options = {name: getattr(self, name) for name in KafkaClientOptions.model_fields}
        return KafkaConnection(bootstrap_servers=bootstrap_servers, **options)


class RedisSettings(RedisClientOptions):
    """The Redis to use: one that is named here, or else the embedded one."""

    url: RedisUrl | None = None

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if not (self.ssl_cafile or self.ssl_certfile):
            return self
        if self.url is None or not self.url.get_secret_value().startswith("rediss://"):
            raise ValueError("certificates are of no use without a url that begins with rediss://")
        _check_files(self)
        return self

    def at(self, url: RedisUrl) -> RedisConnection:
        """Return how to connect with these options to the Redis there."""
        options = {name: getattr(self, name) for name in RedisClientOptions.model_fields}
        return RedisConnection(url=url, **options)


class TopicSettings(BaseModel):
    """The topics of the fleet (SPEC section 2): the same for all its workers and tools."""

    model_config = _MODEL

    prefix: Prefix = "itilnext."
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 12
    replication_factor: Annotated[int, Field(ge=1, le=100)] = 1

    @property
    def names(self) -> Topics:
        """The names of the topics."""
        return Topics(self.prefix)


class WorkerSettings(BaseModel):
    """Sizes and limits of one worker process."""

    model_config = _MODEL

    max_batch_records: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    """Commands in one transaction at most: what a fetch of 1 MiB holds; smaller batches cost speed."""
    max_waiting_records: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Commands that wait in memory, of all partitions, before no more are fetched."""
    cache_tickets: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000
    """Tickets a worker remembers beside the view, some 5 kB each."""
    future_tolerance: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """Seconds a command's time may be after its record's (SPEC section 3)."""


class LogSettings(BaseModel):
    """What a process tells about itself on standard error."""

    model_config = _MODEL

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    format: Literal["auto", "console", "json"] = "auto"
    """auto: console where standard error is a terminal, else json."""


class HealthSettings(BaseModel):
    """Where a worker or ticker tells how it is: /livez, /readyz and /metrics."""

    model_config = _MODEL

    port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """None: nothing is served; 0: any free one, which the log tells."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    stalled_after: Annotated[float, Field(ge=1, le=3_600)] = 45.0
    """Seconds without a move, or a turn of the event loop, before a process is not live: less than a minute in all."""
    exit_after: Annotated[float, Field(ge=1, le=3_600)] | None = None
    """Seconds after which a process that is not live ends, to be started again; None: it waits for who asks /livez."""


class TracingSettings(BaseModel):
    """Where spans of traced commands go."""

    model_config = _MODEL

    otlp_endpoint: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")] | None = None
    """A collector's address for traces over HTTP; None: no spans are made."""


class StackSettings(BaseModel):
    """The embedded stack."""

    model_config = _MODEL

    data: Path | None = None
    """Where `itilnext up` keeps its data when --data does not say; None: the user's data folder."""


class Settings(BaseSettings):
    """All settings there are: ITILNEXT_<PART>__<NAME>."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    topics: TopicSettings = TopicSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    tracing: TracingSettings = TracingSettings()
    stack: StackSettings = StackSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  replaced by ours
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  none but the environment
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  ours reads NAME_FILE
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read from arguments, then from the environment."""
        return init_settings, Environment(settings_cls)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: one is unknown or wrong; a CommandFailed with the exit code of wrong usage.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(_named(problem) for problem in error.errors(include_url=False))
        raise SettingsError(problems, "Correct or unset it; docs/settings.md lists the settings there are.") from None


def _named(problem: ErrorDetails) -> str:
    """Tell one problem by the variable that has it. The value is left out: it may be a secret."""
    path = [str(part) for part in problem["loc"]][:2]
    name = variable(*path) if len(path) > 1 else f"{variable(*path)}__..."
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"
