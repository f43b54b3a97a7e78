"""The root of every "no" the core can say.

A domain error is a fact in the core's words; it has no status code, as each protocol gives its own
answer. `fields` names what was wrong with which input, for the protocols that can say so.
"""

from collections.abc import Mapping


class DomainError(Exception):
    """Something the caller asked for can't be done; the message may be shown to them."""

    message = "This can't be done."

    def __init__(self, message: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message or self.message)
        self.fields: Mapping[str, str] = fields or {}

    def __str__(self) -> str:
        return str(self.args[0])


class Invalid(DomainError):
    """What was sent breaks a rule that sending it again won't mend."""

    message = "The request is not valid."


class NotFound(DomainError):
    """Absent, or another business's: nobody learns which."""

    message = "Not found."


class Conflict(DomainError):
    """What was asked for contradicts what is there."""

    message = "This contradicts what is already there."


class NotAllowed(DomainError):
    """The caller is known, and may not do this."""

    message = "You may not do this."


class PlanLimit(DomainError):
    """The plan allows no more of it."""

    message = "The plan allows no more."


class Unavailable(DomainError):
    """Too busy to answer in time; trying again shortly is right."""

    message = "The service is busy. Please try again."
