"""The promise: who has what, when."""

import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import GreaterThan
from django.utils.timezone import now

from accounts.models import Business, Channel, User
from bookings.lifecycle import State, standing
from resources.models import Location, Resource, Service

WAITING = (State.HELD.value, State.PENDING.value)
LONG = timedelta(hours=4)  # what takes longer is looked for in an index of its own
STATES = [(each.value, each.value.replace("_", " ").capitalize()) for each in State]


# --- who comes -----------------------------------------------------------------------------------


class Guest(models.Model):
    """Who comes. One per business and phone, or per e-mail where there is no phone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="guests", db_index=False)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    phone_key = models.CharField(max_length=40, blank=True, editable=False)
    notes = models.TextField(blank=True)
    tags = ArrayField(
        models.CharField(max_length=40),
        default=list,
        db_default=[],
        blank=True,
        help_text="Words that staff sort guests by; commas between them.",
    )
    details = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("last_name", "first_name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "phone_key"],
                condition=~Q(phone_key=""),
                name="one_guest_per_phone",
            ),
            models.UniqueConstraint(
                fields=["business", "email_key"],
                condition=Q(phone_key="") & ~Q(email_key=""),
                name="one_guest_per_email",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "last_name", "first_name"], name="guest_by_name"),
            models.Index(fields=["business", "email_key"], name="guest_by_email"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone


class GuestPassword(models.Model):
    """A guest who logs in to see their own bookings."""

    guest = models.OneToOneField(
        Guest, models.CASCADE, primary_key=True, related_name="credentials"
    )
    password = models.CharField(max_length=128, editable=False, help_text="Hashed.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("-created_at", "guest")

    def __str__(self) -> str:
        return str(self.guest)


# --- classes -------------------------------------------------------------------------------------


class Schedule(models.Model):
    """A class that comes again: a rule says on which days, its sessions are put in the book ahead.

    `rule` is an RRULE of RFC 5545; `at` is by the clock of the location, the same on every day.
    Counting begins on `starts_on`; `until` is the last day, and may be after the rule's own end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="schedules")
    location = models.ForeignKey(Location, models.CASCADE, related_name="schedules")
    service = models.ForeignKey(Service, models.CASCADE, related_name="schedules")
    resources = models.ManyToManyField(
        Resource,
        blank=True,
        related_name="schedules",
        verbose_name="trainer, room",
        help_text="Empty: whoever and whatever the class needs and is free.",
    )
    capacity = models.PositiveSmallIntegerField(
        "places",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="Empty: the class's own.",
    )
    rule = models.CharField(
        max_length=500,
        help_text="RFC 5545: FREQ=WEEKLY;BYDAY=MO,WE is every Monday and Wednesday.",
    )
    starts_on = models.DateField("from")
    at = models.TimeField(help_text="By the clock of the location.")
    until = models.DateField(null=True, blank=True, help_text="The last day; empty: no end.")
    exceptions = ArrayField(
        models.DateField(),
        default=list,
        blank=True,
        verbose_name="but not on",
        help_text="Dates with commas between them.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("service__name", "at", "starts_on", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("starts_on")),
                name="schedule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}, {self.at:%H:%M}"


class Omission(models.Model):
    """A day of a schedule that has no session although its rule names it, and why."""

    class Kind(models.TextChoices):
        CLOSED = "closed", "Closed"
        CLASH = "clash", "Taken"

    id = models.BigAutoField(primary_key=True)
    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="omissions")
    day = models.DateField()
    kind = models.CharField(max_length=6, choices=Kind)
    reason = models.CharField(max_length=300, blank=True)
    noticed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(fields=["schedule", "day"], name="omission_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.reason or self.get_kind_display()}"


class Session(models.Model):
    """One run of a class: its resources are taken once, its places one by one.

    A run that guests open themselves is held at first, as long as the last of its holds; the first
    that is confirmed schedules it. `updated_at` also says when somebody last came or left.

    `occurs_on` is the day of its schedule that it stands for, whenever it was moved to: as long as
    there is a row for that day, moved or cancelled, the schedule makes no other.
    """

    class State(models.TextChoices):
        HELD = "held", "Held"
        SCHEDULED = "scheduled", "Scheduled"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="sessions", db_index=False)
    location = models.ForeignKey(Location, models.PROTECT, related_name="sessions")
    service = models.ForeignKey(Service, models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    state = models.CharField(max_length=10, choices=State, default=State.SCHEDULED)
    resource_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    schedule = models.ForeignKey(
        Schedule, models.SET_NULL, null=True, blank=True, related_name="sessions", db_index=False
    )
    occurs_on = models.DateField(null=True, blank=True, editable=False)
    was_changed = models.BooleanField(
        default=False, help_text="Changed by hand: its schedule leaves it alone."
    )
    details = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("starts_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["schedule", "occurs_on"],
                condition=Q(schedule__isnull=False),
                name="one_session_per_occurrence",
            ),
            models.CheckConstraint(
                condition=Q(state="held", expires_at__isnull=False)
                | (~Q(state="held") & Q(expires_at__isnull=True)),
                name="only_a_held_session_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "starts_at"], name="session_by_start"),
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="session_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.starts_at:%Y-%m-%d %H:%M} UTC"


# --- what is booked, and the time it takes -------------------------------------------------------


class Booking(models.Model):
    """The promise to a guest, public by its `reference`.

    A visit of several services, one after another, is a booking for each; all but the first name
    that as their `leader` and share its fate. What is pending and never expires waits for a yes.
    Half-open UTC; what the guest sees, without buffers. `resource_ids` says who was assigned and
    outlives the allocations, which exist exactly as long as the time is taken.

    What somebody of the business promised although nothing was free takes nothing, and says in
    `overbooked` why it was promised; once it is given a place it is a booking like any other.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="bookings", db_index=False)
    location = models.ForeignKey(Location, models.PROTECT, related_name="bookings", db_index=False)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="bookings", db_index=False
    )
    session = models.ForeignKey(
        Session, models.PROTECT, null=True, blank=True, related_name="bookings"
    )
    guest = models.ForeignKey(Guest, models.PROTECT, null=True, blank=True, related_name="bookings")
    channel = models.ForeignKey(
        Channel, models.SET_NULL, null=True, blank=True, related_name="bookings", db_index=False
    )
    source = models.CharField(max_length=20, help_text="The protocol it came through.")
    reference = models.CharField(max_length=16, editable=False)
    key = models.CharField(max_length=255, blank=True, editable=False)
    state = models.CharField(max_length=12, choices=STATES)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    party_size = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    resource_ids = ArrayField(models.UUIDField(), default=list)
    leader = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="followers", editable=False
    )
    price_cents = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="As agreed when it was made; empty where nothing was."
    )
    notes = models.TextField(blank=True)
    overbooked = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Why it was promised without a place that is free.",
    )
    details = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    link_version = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Counts the guest's links that were revoked; only the latest opens anything.",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("starts_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="booking_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(party_size__gte=1), name="booking_for_someone"),
            models.CheckConstraint(
                condition=Q(state=State.HELD.value, expires_at__isnull=False)
                | Q(state=State.PENDING.value)
                | (~Q(state__in=WAITING) & Q(expires_at__isnull=True)),
                name="only_what_waits_expires",
            ),
            models.CheckConstraint(
                condition=Q(overbooked="") | Q(resource_ids=[], session=None),
                name="overbooked_without_a_place",
            ),
            models.UniqueConstraint(fields=["business", "reference"], name="reference_once"),
            models.UniqueConstraint(
                fields=["channel", "key"], condition=~Q(key=""), name="booking_key_once"
            ),
        ]
        indexes = [
            models.Index(fields=["business", "starts_at", "id"], name="booking_by_start"),
            models.Index(fields=["business", "created_at"], name="booking_by_creation"),
            models.Index(
                fields=["expires_at"], condition=Q(state__in=WAITING), name="booking_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_overbooked(self) -> bool:
        """Whether it was promised without a place, and has none yet."""
        return self.overbooked != ""

    def standing(self, now: datetime) -> State:
        """Its state by the clock, whether or not the sweep has come by."""
        return standing(State(self.state), self.expires_at, now)

    @property
    def said(self) -> dict[str, str]:
        """What whoever booked by themselves said that may be of somebody else than the guest we
        know by this phone: name, e-mail, language. Among what its door says of it."""
        found: dict[str, str] = self.details.get(self.source, {})
        return found

    @property
    def email(self) -> str:
        """Where what is to be told of this booking goes."""
        return self.said.get("email") or (self.guest.email if self.guest else "")


class Block(models.Model):
    """A resource taken out of use for a while, and why. Half-open UTC."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="blocks")
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="blocks")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("starts_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="block_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.starts_at:%Y-%m-%d %H:%M} UTC {self.reason}".strip()


class TsTzRange(Func):
    """`tstzrange(starts_at, ends_at, '[)')`: the stretch that two columns describe."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Allocation(models.Model):
    """One unit of one resource, or one place of a session, taken for one stretch of time.

    Buffers included. The only truth about taken time: a row exists exactly as long as the time is
    taken. Half-open UTC, a day at most (a longer take is several rows in a row), so that reading a
    window needs to look back no further than a day. `expires_at` is that of the booking while it
    waits; past it the row blocks nobody, and whoever wants the time clears it away.

    Most take an hour or two, so whoever reads a short window looks back a few hours in the index of
    all, and a day in that of the long ones, of which there are few (`selectors.TAKES`).
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, models.CASCADE, related_name="allocations", db_index=False
    )
    booking = models.ForeignKey(Booking, models.CASCADE, null=True, related_name="allocations")
    session = models.ForeignKey(
        Session, models.CASCADE, null=True, related_name="allocations", db_index=False
    )
    block = models.ForeignKey(
        Block, models.CASCADE, null=True, related_name="allocations", db_index=False
    )
    resource = models.ForeignKey(
        Resource, models.PROTECT, null=True, related_name="allocations", db_index=False
    )
    unit = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_taker_per_unit",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    (
                        TsTzRange("starts_at", "ends_at", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.UniqueConstraint(
                fields=["session", "unit"],
                condition=Q(booking__isnull=False),
                name="one_guest_per_place",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"))
                & Q(ends_at__lte=F("starts_at") + timedelta(days=1)),
                name="allocation_within_a_day",
            ),
            models.CheckConstraint(
                condition=Q(
                    resource__isnull=False,
                    booking__isnull=False,
                    session__isnull=True,
                    block__isnull=True,
                )
                | Q(
                    resource__isnull=False,
                    booking__isnull=True,
                    session__isnull=False,
                    block__isnull=True,
                )
                | Q(
                    resource__isnull=False,
                    booking__isnull=True,
                    session__isnull=True,
                    block__isnull=False,
                )
                | Q(
                    resource__isnull=True,
                    booking__isnull=False,
                    session__isnull=False,
                    block__isnull=True,
                ),
                name="one_taker_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business", "starts_at"],
                include=["resource", "unit", "ends_at", "expires_at"],
                name="allocation_by_start",
            ),
            models.Index(
                fields=["business", "starts_at"],
                include=["resource", "unit", "ends_at", "expires_at"],
                condition=Q(GreaterThan(F("ends_at") - F("starts_at"), LONG)),
                name="allocation_long",
            ),
            models.Index(
                fields=["session"], condition=Q(session__isnull=False), name="allocation_session"
            ),
            models.Index(
                fields=["block"], condition=Q(block__isnull=False), name="allocation_block"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id or self.session_id}#{self.unit}"


# --- what happened, and the news of it that is owed ----------------------------------------------


class Event(models.Model):
    """What happened, when, by whom. Only ever added to: the database refuses to change a row."""

    class Kind(models.TextChoices):
        HELD = "booking.held"
        CREATED = "booking.created"
        CONFIRMED = "booking.confirmed"
        UPDATED = "booking.updated"
        CHECKED_IN = "booking.checked_in"
        COMPLETED = "booking.completed"
        CANCELLED = "booking.cancelled"
        NO_SHOW = "booking.no_show"
        EXPIRED = "booking.expired"
        DEPOSIT_PAID = "deposit.paid"
        DEPOSIT_CAPTURED = "deposit.captured"
        DEPOSIT_RELEASED = "deposit.released"
        BLOCKED = "resource.blocked"
        UNBLOCKED = "resource.unblocked"
        SESSION_SCHEDULED = "session.scheduled"
        SESSION_CHANGED = "session.changed"
        OFFERED = "waitlist.offered"
        SESSION_CANCELLED = "session.cancelled"
        GUEST_CREATED = "guest.created"
        GUEST_UPDATED = "guest.updated"
        GUEST_DELETED = "guest.deleted"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, models.CASCADE, related_name="events", db_index=False)
    booking = models.ForeignKey(Booking, models.CASCADE, null=True, related_name="events")
    kind = models.CharField(max_length=24, choices=Kind)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60, help_text="channel:…, user:…, guest or system")
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["business", "-id"], name="event_recent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class Outbox(models.Model):
    """An effect still owed to the world; written with the change, deleted once passed on."""

    class Topic(models.TextChoices):
        EVENT = "event", "Tell those who listen"
        CAPTURE = "capture", "Capture a deposit"
        RELEASE = "release", "Release a deposit"

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=10, choices=Topic, default=Topic.EVENT)
    event = models.ForeignKey(
        Event, models.CASCADE, null=True, related_name="outbox", db_index=False
    )
    deposit_id = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "outbox"
        ordering = ("id",)
        indexes = [models.Index(fields=["due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.topic} {self.event_id or self.deposit_id}"


class Update(models.Model):
    """What a system that keeps a copy of us has yet to be told: the time of a place, or a booking.

    One row however often it changed; `changes` counts, so that what changed while it was told of is
    told again.
    """

    id = models.BigAutoField(primary_key=True)
    protocol = models.CharField(max_length=20)
    business = models.ForeignKey(Business, models.CASCADE, related_name="updates")
    location = models.ForeignKey(Location, models.CASCADE, related_name="updates", db_index=False)
    booking = models.ForeignKey(
        Booking, models.CASCADE, null=True, blank=True, related_name="updates"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    fields = ArrayField(models.CharField(max_length=20), default=list)
    changes = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("since", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["location", "booking", "protocol"],
                nulls_distinct=False,
                name="one_update_per_thing",
            ),
        ]
        indexes = [models.Index(fields=["protocol", "due_at"], name="update_due")]

    def __str__(self) -> str:
        return f"{self.protocol}: {self.booking_id or self.location_id}"


# --- who waits -----------------------------------------------------------------------------------


class WaitlistEntry(models.Model):
    """A guest who would come if there were room: to a class, or on a day.

    Nobody is booked from it by itself. Where the business wants so, what becomes free is held for
    whoever waits longest (`booking`), and theirs once they confirm it; lapsed or declined, the
    entry is over and the next one has the offer. `earliest` and `latest` are when it may start, by
    the clock of the place. Who waits at the door was told a time, `quoted_for`, and is seated by
    whoever stands there; nothing is offered to them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        LAPSED = "lapsed", "Lapsed"
        REMOVED = "removed", "Removed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="waitlist")
    guest = models.ForeignKey(Guest, models.CASCADE, related_name="waitlist")
    service = models.ForeignKey(Service, models.SET_NULL, null=True, blank=True)
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, blank=True, related_name="waitlist"
    )
    preferred_date = models.DateField()
    earliest = models.TimeField(null=True, blank=True)
    latest = models.TimeField(null=True, blank=True)
    party_size = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    notes = models.TextField(blank=True)
    quoted_for = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    booking = models.OneToOneField(
        Booking, models.SET_NULL, null=True, blank=True, related_name="waitlist_entry"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "waitlist"
        ordering = ("preferred_date", "created_at", "id")
        indexes = [
            models.Index(
                fields=["business", "preferred_date", "created_at"], name="waitlist_queue"
            ),
            models.Index(
                fields=["business", "created_at"],
                condition=Q(state__in=("waiting", "offered")),
                name="waitlist_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guest} for {self.party_size} on {self.preferred_date}"


# --- who is told, and how ------------------------------------------------------------------------


class WebhookEndpoint(models.Model):
    """Where a business wants to hear of events. Signed with `secret`, which is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="webhook_endpoints")
    protocol = models.CharField(
        max_length=20, choices=Channel.Protocol, default=Channel.Protocol.AVAILENGINE
    )
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=100, editable=False)
    events = ArrayField(models.CharField(max_length=24))
    headers = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        editable=False,
        help_text="Sent along, as the listener wants them; may hold a password.",
    )
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint; the same body on every attempt."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", db_index=False)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now)
    delivered_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ("-created_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="one_delivery_per_event"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}: {self.state}"


class Mail(models.Model):
    """A mail to a booking's guest: owed, sent, or overtaken by what happened since.

    One an event, and one reminder a booking. Who gets it and what it says is read when it is sent,
    so nothing personal is kept here.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        CHANGE = "change", "Change"
        CANCELLATION = "cancellation", "Cancellation"
        REMINDER = "reminder", "Reminder"
        OFFER = "offer", "Offer"

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Overtaken"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="mails", db_index=False)
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="mails", db_index=False)
    event = models.OneToOneField(Event, models.CASCADE, null=True, related_name="mail")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reminder", event__isnull=True)
                | (~Q(kind="reminder") & Q(event__isnull=False)),
                name="mail_of_an_event_or_reminder",
            ),
            models.UniqueConstraint(
                fields=["booking"], condition=Q(kind="reminder"), name="one_reminder_per_booking"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="mail_due"),
            models.Index(fields=["booking"], name="mail_of_booking"),
            models.Index(fields=["created_at"], name="mail_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.booking_id}: {self.state}"
