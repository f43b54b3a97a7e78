"""What can be done with the book. Every call is one transaction, safe to repeat, and evented.

`now` is None in service: the database's clock then decides what has lapsed, as it is the only one
that all servers share. A test gives the moment instead. `by` is who does it.
"""

from bookings.services.blocks import block, unblock
from bookings.services.changing import Changes, change, rewrite
from bookings.services.classes import (
    book_places,
    cancel_session,
    change_places,
    change_session,
    schedule_session,
)
from bookings.services.customers import known_by, refuse_known
from bookings.services.customers import register as register_guest
from bookings.services.customers import set_password as set_guest_password
from bookings.services.deposits import (
    book_with_deposit,
    capture_deposit,
    confirm_with_deposit,
    heed,
    release_deposit,
    settle_deposit,
)
from bookings.services.foreseeing import change_promises, foresee
from bookings.services.guests import correct as correct_guest
from bookings.services.guests import describe as describe_guest
from bookings.services.guests import forget as forget_guest
from bookings.services.guests import meet as meet_guest
from bookings.services.guests import merge as merge_guests
from bookings.services.guests import welcome as welcome_guest
from bookings.services.making import DepositTerms, book, confirm, hold, is_past, make
from bookings.services.moving import amend, change_party_size, drag, reschedule
from bookings.services.own import (
    cancel_own,
    confirm_own,
    hold_own,
    move_own,
    recognised,
    renew_link,
)
from bookings.services.progress import (
    accept,
    cancel,
    check_in,
    complete,
    deposit_paid,
    expire_holds,
    mark_no_show,
    release,
)
from bookings.services.recording import about, record
from bookings.services.runs import (
    Comer,
    admit,
    hold_run,
    joinable,
    open_run,
    room,
)
from bookings.services.schedules import (
    Changed,
    Laid,
    add_schedule,
    change_schedule,
    end_schedule,
    lay_out,
    lay_out_all,
    remove_schedule,
)
from bookings.services.seating import overbook, seat, seat_waiting, seat_walk_in
from bookings.services.undoing import undo_cancel, undo_check_in, undo_complete, undo_no_show
from bookings.services.visits import (
    Part,
    balance,
    begin_visit,
    book_visit,
    cancel_visit,
    complete_visit,
    confirm_visit,
    describe_visit,
    miss_visit,
    move_visit,
    take_payment,
)
from bookings.services.waitlist import accept as accept_offer
from bookings.services.waitlist import book_waiting, offer_place
from bookings.services.waitlist import close_days as close_waitlist
from bookings.services.waitlist import decline as decline_offer
from bookings.services.waitlist import join as join_waitlist
from bookings.services.waitlist import leave as leave_waitlist
from bookings.services.waitlist import promote as promote_waitlist
from bookings.services.webhooks import add_webhook, change_webhook, remove_webhook

__all__ = [
    "Changed",
    "Changes",
    "Comer",
    "DepositTerms",
    "Laid",
    "Part",
    "about",
    "accept",
    "accept_offer",
    "add_schedule",
    "add_webhook",
    "admit",
    "amend",
    "balance",
    "begin_visit",
    "block",
    "book",
    "book_places",
    "book_visit",
    "book_waiting",
    "book_with_deposit",
    "cancel",
    "cancel_own",
    "cancel_session",
    "cancel_visit",
    "capture_deposit",
    "change",
    "change_party_size",
    "change_places",
    "change_promises",
    "change_schedule",
    "change_session",
    "change_webhook",
    "check_in",
    "close_waitlist",
    "complete",
    "complete_visit",
    "confirm",
    "confirm_own",
    "confirm_visit",
    "confirm_with_deposit",
    "correct_guest",
    "decline_offer",
    "deposit_paid",
    "describe_guest",
    "describe_visit",
    "drag",
    "end_schedule",
    "expire_holds",
    "foresee",
    "forget_guest",
    "heed",
    "hold",
    "hold_own",
    "hold_run",
    "is_past",
    "join_waitlist",
    "joinable",
    "known_by",
    "lay_out",
    "lay_out_all",
    "leave_waitlist",
    "make",
    "mark_no_show",
    "meet_guest",
    "merge_guests",
    "miss_visit",
    "move_own",
    "move_visit",
    "offer_place",
    "open_run",
    "overbook",
    "promote_waitlist",
    "recognised",
    "record",
    "refuse_known",
    "register_guest",
    "release",
    "release_deposit",
    "remove_schedule",
    "remove_webhook",
    "renew_link",
    "reschedule",
    "rewrite",
    "room",
    "schedule_session",
    "seat",
    "seat_waiting",
    "seat_walk_in",
    "set_guest_password",
    "settle_deposit",
    "take_payment",
    "unblock",
    "undo_cancel",
    "undo_check_in",
    "undo_complete",
    "undo_no_show",
    "welcome_guest",
]
