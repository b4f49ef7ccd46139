"""The base of every model that travels, and the field types they share (SPEC section 5, lengths)."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.dead_letters import InvalidData

Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=65_536)]
# JSON has lists only; inside they are tuples, so that a message can't change under its reader.
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Ids = Annotated[tuple[Id, ...], Field(strict=False)]

TicketType = Literal["incident", "request", "change", "problem"]
Priority = Literal["critical", "high", "medium", "low"]
Channel = Literal["email", "phone", "chat", "portal", "api", "other"]
Tier = Literal["standard", "premium", "vip"]
TicketStatus = Literal["new", "in_progress", "waiting_customer", "waiting_internal", "resolved", "closed"]
TransferType = Literal["termination", "extended_leave"]
Visibility = Literal["internal", "public", "envelope_only"]
Direction = Literal["inbound", "outbound"]
EnvelopeStatus = Literal["pending", "active", "completed", "cancelled"]
TaskStatus = Literal["open", "in_progress", "completed", "cancelled"]
Flag = Literal["physical_damage", "social_media", "vip", "legal", "repeat_contact"]
ResolutionType = Literal[
    "refund",
    "credit",
    "replacement",
    "repair",
    "information",
    "workaround",
    "no_action",
]
ResolutionStatus = Literal["approved", "pending_approval", "rejected"]
ResolutionTier = Literal["agent", "team_lead", "manager"]
CalibrationOutcome = Literal["upheld", "revised", "coaching_needed"]
Condition = Literal["not_assigned", "not_updated", "not_completed"]
AlertRole = Literal["tech", "supervisor", "manager"]
AgentRole = Literal["agent", "team_lead", "manager"]
AlertLevel = Annotated[int, Field(ge=1, le=3)]

_TOLD_PROBLEMS = 8  # a message for a person, in a header that is cut at about a thousand characters
_TOLD_CHARACTERS = 64


class Model(BaseModel):
    """What messages and snapshots are made of; unknown fields are ignored: writers may be newer (SPEC section 3)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def wire(self) -> dict[str, Any]:
        """Return the fields under the names they travel by, absent ones as None; not to be changed."""
        return self.__dict__


class Message(Model):
    """Strictly typed data of a message, built by the names its fields have in Python or in JSON."""

    model_config = ConfigDict(strict=True, validate_by_name=True, validate_by_alias=True)

    @classmethod
    def read(cls, fields: object) -> Self:
        """Build from a JSON object; a null field is an absent one (SPEC section 5).

        Raises:
            InvalidData: naming the fields that are missing or wrong.
        """
        if not isinstance(fields, dict):
            raise InvalidData("data must be a JSON object")
        if None in fields.values():
            fields = {name: value for name, value in fields.items() if value is not None}
        try:
            return cls.validated(fields)
        except ValidationError as error:
            raise InvalidData(_sentence(error)) from error

    @classmethod
    def validated(cls, fields: object) -> Self:
        """Build from what JSON holds, in which a null is a value.

        Raises:
            ValidationError: telling all that is missing or wrong.
        """
        # What `model_validate` calls in the end. Its own checks of its arguments take half as long as the validation.
        built: Self = cls.__pydantic_validator__.validate_python(fields, by_alias=True, by_name=False)
        return built

    def fields(self) -> dict[str, Any]:
        """Return a copy of the fields by their Python names, to build an event from what its command said."""
        return dict(self.__dict__)


def _sentence(error: ValidationError) -> str:
    """Name the wrong fields, the first of them where there are many, and why; values at most in part."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [
        f"{'.'.join(str(part)[:_TOLD_CHARACTERS] for part in problem['loc']) or 'data'}: {problem['msg']}"
        for problem in problems[:_TOLD_PROBLEMS]
    ]
    if len(problems) > _TOLD_PROBLEMS:
        told.append(f"and {len(problems) - _TOLD_PROBLEMS} more")
    return "; ".join(told)
