"""The files of the published contract, and when they may be replaced: never by what breaks a reader of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.topics import Topics
from ops.schemas.asyncapi import asyncapi_document
from ops.schemas.catalog import MESSAGE_TYPES, Family
from ops.schemas.compatibility import breaks
from ops.schemas.documents import json_schemas
from ops.schemas.models import Schema

_PARTITIONS = 12
"""Of the fleet that the published document describes: the default."""
_ASYNCAPI = "asyncapi.json"
_SUFFIX = ".v1.json"


class Incompatible(Exception):
    """The schemas of the code would break readers of the published ones; the message names each break."""


def rendered() -> dict[str, str]:
    """Return the content of every file by its name."""
    files = {f"json/{name}{_SUFFIX}": _text(schema) for name, schema in json_schemas().items()}
    return {**files, _ASYNCAPI: _text(asyncapi_document(Topics(), _PARTITIONS))}


def published(folder: Path) -> dict[str, Schema]:
    """Return the published schemas by their messages' names; none where nothing was published yet."""
    paths = sorted((folder / "json").glob(f"*{_SUFFIX}"))
    return {path.name.removesuffix(_SUFFIX): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def broken(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> dict[str, list[str]]:
    """Return what the new schemas would break for who keeps to the old ones, by message; types may only be added."""
    found = {name: ["the type is gone"] for name in old.keys() - new.keys()}
    for name in old.keys() & new.keys():
        family = MESSAGE_TYPES[name].family
        read_by_others = family.written_by_engine or family is Family.TICK  # workers of the version before read ticks
        if problems := breaks(old[name], new[name], read_by_others=read_by_others):
            found[name] = problems
    return found


def publish(folder: Path) -> Iterator[Path]:
    """Write what differs, and tell each file written.

    Raises:
        Incompatible: what is there can't be replaced; nothing is written.
    """
    if found := broken(published(folder), json_schemas()):
        lines = [f"{name}: {problem}" for name, problems in found.items() for problem in problems]
        raise Incompatible("\n".join((*lines, "Readers know the published schemas: give the type a new version.")))
    (folder / "json").mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            yield path


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
