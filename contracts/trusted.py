"""Models built without checking, from values that have been checked: what a command said, or an earlier state.

Checking them again would cost more than the decision they are part of. Nothing read from outside may come this way.
"""

from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
_new = object.__new__
# What a model is made of, set without asking the model, which is frozen. Done for every command, so it has to be fast.
_set_values = BaseModel.__dict__["__dict__"].__set__
_set_names, _set_extra, _set_private = (
    BaseModel.__dict__[slot].__set__
    for slot in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


def trusted(model: type[M], fields: dict[str, Any]) -> M:
    """Return the model of these values: each field of it, by its Python name, and nothing else."""
    built = _new(model)
    _set_values(built, fields)
    _set_names(built, _names(model))
    _set_extra(built, None)
    _set_private(built, None)
    return built


@cache
def _names(model: type[BaseModel]) -> set[str]:
    # One set for all: models are frozen, and a copy of one gets its own.
    return set(model.model_fields)
