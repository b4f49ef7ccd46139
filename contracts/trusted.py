"""Models built without checking, from values that have been checked: what a command said, or an earlier state.

Checking them again would cost more than the decision they are part of. Nothing read from outside may come this way.
"""

from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
_set = object.__setattr__


def trusted(model: type[M], fields: dict[str, Any]) -> M:
    """Return the model of these values: each field of it, by its Python name, and nothing else."""
    built = model.__new__(model)
    _set(built, "__dict__", fields)
    _set(built, "__pydantic_fields_set__", _names(model))
    _set(built, "__pydantic_extra__", None)
    _set(built, "__pydantic_private__", None)
    return built


@cache
def _names(model: type[BaseModel]) -> set[str]:
    # One set for all: models are frozen, and a copy of one gets its own.
    return set(model.model_fields)
