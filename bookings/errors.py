"""How a wish for time can fail, in the core's words."""

from accounts.errors import Conflict, DomainError, Unavailable


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


class PaymentUnavailable(Unavailable):
    """The payment gateway did not answer as it should."""

    message = "The payment could not be prepared. Please try again."


class QuotaUsedUp(DomainError):
    """The plan's bookings for this month are used up."""

    message = "The plan's bookings for this month are used up."
