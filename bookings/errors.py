"""How a wish for time can fail, in the core's words."""

from accounts.errors import Conflict, DomainError, NotFound, Unavailable


class NotOffered(DomainError):
    """The time is outside the rules: closed, too soon, too far, past."""

    message = "This time is not offered."


class OutsideHours(NotOffered):
    """The time is outside the opening hours."""

    message = "This time is outside the opening hours."


class InThePast(NotOffered):
    """The time has gone by."""

    message = "This time is in the past."


class SlotTaken(DomainError):
    """Nothing that fits is free; someone may just have been quicker."""

    message = "No resource is available at the requested time."


class HoldExpired(DomainError):
    """The hold lapsed before it was confirmed."""

    message = "The hold has expired."


class WrongState(Conflict):
    """The booking is in a state from which this can't follow."""

    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"A booking that is {now} can't become {wanted}.")
        self.now, self.wanted = now, wanted


class DepositDue(DomainError):
    """The booking waits for its deposit."""

    message = "The deposit has not been paid."


class PaymentDue(DomainError):
    """Something is left to pay."""

    message = "Payment must be completed before the appointment can be completed"


class Overpaid(DomainError):
    """More than is left to pay."""

    message = "Payment amount exceeds the remaining balance"


class PaymentUnavailable(Unavailable):
    """The payment gateway did not answer as it should."""

    message = "The payment could not be prepared. Please try again."


class QuotaUsedUp(DomainError):
    """The plan's bookings for this month are used up."""

    message = "The plan's bookings for this month are used up."

    def __init__(self, message: str = "", *, used: int = 0, limit: int = 0) -> None:
        super().__init__(message)
        self.used, self.limit = used, limit


class LinkUnknown(NotFound):
    """A guest's link that we never gave out, or that was altered on the way."""

    message = "This link doesn't lead to a booking."


class LinkRevoked(NotFound):
    """A guest's link in whose place another was given out."""

    message = "A newer link was made for this booking."


class LinkExpired(NotFound):
    """A guest's link to a booking that was over some time ago."""

    message = "This link has expired."


class TooLate(Conflict):
    """A guest may no longer do this by themselves."""

    message = "It is too late for this."


class NotByGuest(Conflict):
    """Nothing that a guest may do by themselves, with a booking as it is."""

    message = "This can't be done online."
