"""The states of a booking, and which may follow which. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a booking stands.

    Waiting states end by themselves: a hold for somebody who makes up their mind, a booking whose
    deposit has yet to be paid.
    """

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


FOLLOWS: Final = {
    State.HELD: frozenset({State.PENDING, State.CONFIRMED, State.CANCELLED, State.EXPIRED}),
    State.PENDING: frozenset({State.CONFIRMED, State.CANCELLED, State.EXPIRED}),
    State.CONFIRMED: frozenset({State.CHECKED_IN, State.CANCELLED, State.NO_SHOW}),
    State.CHECKED_IN: frozenset({State.COMPLETED, State.CANCELLED}),
    State.COMPLETED: frozenset[State](),
    State.CANCELLED: frozenset[State](),
    State.NO_SHOW: frozenset[State](),
    State.EXPIRED: frozenset[State](),
}
# What was written down by mistake and may be taken back: somebody else was here, or is still here,
# or comes after all.
UNDOES: Final = {
    State.CHECKED_IN: frozenset({State.CONFIRMED, State.PENDING}),
    State.COMPLETED: frozenset({State.CHECKED_IN}),
    State.NO_SHOW: frozenset({State.CONFIRMED}),
    State.CANCELLED: frozenset({State.CONFIRMED}),
}
WAITING: Final = frozenset({State.HELD, State.PENDING})
TAKING: Final = WAITING | {State.CONFIRMED, State.CHECKED_IN}
TERMINAL: Final = frozenset(state for state, after in FOLLOWS.items() if not after)


def standing(state: State, expires_at: datetime | None, now: datetime) -> State:
    """Where a booking stands at a moment: what waited too long has expired, swept or not."""
    lapsed = state in WAITING and expires_at is not None and expires_at <= now
    return State.EXPIRED if lapsed else state


def may_follow(state: State) -> frozenset[State]:
    """The states that a booking in this one may take next."""
    return FOLLOWS[state]


def allowed(current: State, wanted: State) -> bool:
    """Whether a booking may go from one state to the other; staying is the caller's to decide."""
    return wanted in FOLLOWS[current]
