"""The environment as a source of settings: ITILNEXT_<PART>__<NAME>, every name checked against those there are.

A misspelled setting would otherwise be the same as none. A secret NAME may also be given as NAME_FILE, the path of a
file that holds it. What a value means, and whether it is right, is the business of the settings' models.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from ops.console import CommandFailed, ExitCode

PREFIX = "ITILNEXT_"
_FILE = "_FILE"
_ALIKE = 0.8  # all names begin alike: at less, any of them seems meant

# What other clients of Kafka call the same: librdkafka, Kafka's own in Java, aiokafka.
_SYNONYMS = {
    "SSL_CA_LOCATION": "SSL_CAFILE",
    "SSL_TRUSTSTORE_LOCATION": "SSL_CAFILE",
    "SSL_CERTIFICATE_LOCATION": "SSL_CERTFILE",
    "SSL_KEYSTORE_LOCATION": "SSL_CERTFILE",
    "SSL_KEY_LOCATION": "SSL_KEYFILE",
    "SASL_PLAIN_USERNAME": "SASL_USERNAME",
    "SASL_PLAIN_PASSWORD": "SASL_PASSWORD",
}


class SettingsError(CommandFailed):
    """A setting that is unknown or wrong; names it, and never shows a secret."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy, ExitCode.USAGE)


class Environment(PydanticBaseSettingsSource):
    """The settings the environment holds.

    Raises:
        SettingsError: a name there starts with ITILNEXT_ and is no setting, or is given twice.
    """

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        self._values = _nested(os.environ, _known(settings))

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  its interface
        """Return a part of the settings as the environment gives it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return all parts that the environment gives."""
        return dict(self._values)


def variable(*path: str) -> str:
    """Return the name of the variable that gives this field."""
    return PREFIX + "__".join(path).upper()


def _known(settings: type[BaseSettings]) -> dict[str, tuple[str, str]]:
    """Every variable there is, with the part and the field it gives."""
    known = {}
    for part, field_name, field in _fields(settings):
        name = variable(part, field_name)
        known[name] = (part, field_name)
        if _is_secret(field):
            known[name + _FILE] = (part, field_name)
    for other, ours in _SYNONYMS.items():
        for suffix in ("", _FILE):
            if variable("kafka", ours) + suffix in known:
                known[variable("kafka", other) + suffix] = known[variable("kafka", ours)]
    return known


def _fields(settings: type[BaseSettings]) -> Iterator[tuple[str, str, FieldInfo]]:
    for part, parent in settings.model_fields.items():
        model = parent.annotation
        assert isinstance(model, type), "each part of the settings is a model"
        assert issubclass(model, BaseModel), "each part of the settings is a model"
        for name, field in model.model_fields.items():
            yield part, name, field


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *(inner for outer in get_args(field.annotation) for inner in _plain(outer)))


def _plain(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401  an annotation is anything
    """An annotation, and what is in it when it is Annotated."""
    return annotation, *get_args(annotation)


def _nested(environ: Mapping[str, str], known: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Take our variables out of the environment: part -> field -> value."""
    values: dict[str, dict[str, str]] = {}
    given: dict[tuple[str, str], str] = {}
    for name, value in sorted(environ.items()):
        if not name.upper().startswith(PREFIX):
            continue
        target = known.get(name.upper())
        if target is None:
            raise _unknown(name, known)
        if target in given:
            raise SettingsError(f"{given[target]} and {name} are the same setting", "Unset one of them.")
        given[target] = name
        part, field = target
        is_file = name.upper() != variable(part, field) and name.upper().endswith(_FILE)
        values.setdefault(part, {})[field] = _content(name, value) if is_file else value
    return values


def _unknown(name: str, known: Mapping[str, tuple[str, str]]) -> SettingsError:
    nearest = get_close_matches(name.upper(), known, n=1, cutoff=_ALIKE)
    remedy = f"Did you mean {nearest[0]}?" if nearest else "Unset it; docs/settings.md lists the settings there are."
    return SettingsError(f"{name} is not a setting", remedy)


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(
            f"{name}: {path} can't be read: {reason}", "Give the path of a file with the secret."
        ) from error
