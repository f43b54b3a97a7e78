"""Reservations: made, changed, said yes or no to, come to and left."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import uuid
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncTime
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.contact import phone_key
from accounts.errors import Conflict
from accounts.services import change_business
from billing.models import Deposit
from bookings import offers, selectors, services
from bookings.api.octotable.catalogue import is_on_offer, service_of
from bookings.api.octotable.checks import check_email, check_phone
from bookings.api.octotable.dialect import (
    BAD_TIME,
    PROTOCOL,
    Endpoint,
    any_of,
    by_id,
    data,
    id_of,
    instant_at,
    said,
    saying,
)
from bookings.api.octotable.floor import Floor, Room, Table, together
from bookings.api.octotable.gate import Refusal, absent, bad
from bookings.api.octotable.render import ADMIN, BOOK, Book, reservations
from bookings.api.octotable.serializers import (
    GoogleRequest,
    ReservationQuery,
    ReservationRequest,
    StatusRequest,
    UndoQuery,
)
from bookings.errors import SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Block, Booking, Event, Guest
from bookings.wishes import GuestDetails, Search, Wish
from resources.models import Service

Rows = TypeVar("Rows", Booking, Block)
DAY = timedelta(days=1)
TO_ANSWER = DAY  # how long a guest who was accepted may take to say yes
ACTIVE = [State.PENDING.value, State.CONFIRMED.value]


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What a reservation is to take."""

    service: Service
    room: Room
    tables: list[Table]
    starts_at: datetime
    pax: int
    is_staff: bool
    inside: frozenset[uuid.UUID]

    def wish(self) -> Wish:
        """As the core is asked for it. Raises Refusal."""
        if not (self.is_staff or is_on_offer(self.service)):
            raise bad("The service can't be booked online.", BAD_TIME)
        return Wish.of(
            self.service,
            starts_at=self.starts_at,
            party_size=self.pax,
            location_id=self.room.location.pk,
            keeps_hours=True,
            keeps_notice=not self.is_staff,
            step=None if self.is_staff else self.step,
            by_guest=not self.is_staff,
            **self.where,
        )

    @property
    def step(self) -> timedelta:
        day = self.starts_at.date()
        search = Search(
            business=self.service.business, service=self.service, first_day=day, last_day=day
        )
        return offers.step_of(search)

    @property
    def where(self) -> dict[str, Any]:
        """Which tables: these, or the best of the room."""
        if not self.tables:
            return {"among": self.inside}
        if len(self.tables) == 1 and not self.tables[0].members:
            return {"resource_id": self.tables[0].pk}
        if len(self.tables) == 1 and not self.tables[0].seats(self.pax):
            raise bad("The tables don't seat so many.", BAD_TIME)
        if not (self.is_staff or all(each.bookable for each in self.tables)):
            raise bad("These tables can't be booked online.", BAD_TIME)
        return {"together": together(self.tables)}


class About(Endpoint):
    """Endpoints about reservations."""

    def rows(self) -> QuerySet[Booking]:
        """The reservations of the property: what is only held, and by nobody yet, is none."""
        return (
            selectors.bookings(self.business)
            .exclude(state=State.HELD.value)
            .exclude(state=State.EXPIRED.value, guest=None)
            .select_related("guest", "service", "location__business")
        )

    def reservation(self, number: int) -> Booking:
        return self.find(self.rows(), number, "reservation")

    def shown(self, booking: Booking, status: int = 200) -> Response:
        again = self.rows().get(pk=booking.pk)
        return data(*reservations(self.business, [again], now=self.now), status=status)

    def channel_of(self, name: str) -> str:
        if name not in (BOOK, ADMIN):
            raise bad(f"The channel is {BOOK} or {ADMIN}.", "InvalidChannelException")
        return name

    def customer(self, sent: dict[str, Any], channel: str) -> GuestDetails:
        """Who comes. Raises Refusal."""
        if not sent.get("first_name", "").strip():
            raise bad("customer.first_name: This field is required.")
        if email := sent.get("email", ""):
            check_email(email)
        phone = sent.get("phone", "")
        if phone:
            check_phone(phone)
        elif channel == BOOK and not email:
            raise bad("customer.phone: Give a phone or an e-mail address.", "BadPhoneException")
        return GuestDetails(sent["first_name"], sent.get("last_name", ""), email, phone)

    def wanted(self, sent: dict[str, Any], *, is_staff: bool) -> Wanted:
        """What is asked for, by its ids. Raises Refusal."""
        service = service_of(self.business, sent["service_id"])
        floor = Floor(self.business)
        room = floor.room(sent["room_id"])
        tables = [floor.table(each, room) for each in sent.get("table_ids", ())]
        return Wanted(
            service,
            room,
            tables,
            instant_at(sent["start_date"], sent["start_hour"], room.location.zone),
            sent["pax"],
            is_staff,
            frozenset(each.pk for each in floor.inside(room) if not each.members),
        )


class Reservations(About):
    """GET, POST /reservations"""

    def get(self, request: Request) -> Response:
        asked = self.ask(ReservationQuery)
        limit = asked["limit"]
        found: list[Booking | Block] = list(self._page(self.matching(asked), asked))
        if "OUTOFORDER" in asked.get("status", ()):
            found += self._page(self.closed(asked), asked)
            found.sort(key=lambda each: (each.starts_at, each.pk))
        shown = found[:limit]
        of_guests = [each for each in shown if isinstance(each, Booking)]
        book = Book(self.business, of_guests, now=self.now)
        answer: dict[str, Any] = {
            "data": [
                book.json(each) if isinstance(each, Booking) else book.closed(each)
                for each in shown
            ]
        }
        if len(found) > limit:
            answer["next_cursor"] = write_cursor(shown[-1])
        return Response(answer)

    def _page(self, rows: QuerySet[Rows], asked: dict[str, Any]) -> QuerySet[Rows]:
        """One page of rows, and one more."""
        rows = rows.order_by("starts_at", "pk")
        if cursor := asked.get("next_cursor"):
            at, key = read_cursor(cursor)
            rows = rows.filter(starts_at__gte=at).filter(Q(starts_at__gt=at) | Q(pk__gt=key))
        return rows[: asked["limit"] + 1]

    def closed(self, asked: dict[str, Any]) -> QuerySet[Block]:
        """Tables out of use, which are nobody's reservations."""
        rows = Block.objects.filter(business=self.business).select_related("resource__location")
        if any(asked[each] for each in ("incoming", "arrived", "departed")) or (
            asked.get("text_search") or "service_ids" in asked
        ):
            return rows.none()
        rows = self._when(rows, asked)
        if "room_ids" in asked:
            rows = rows.filter(resource__in=self.inside(asked["room_ids"]))
        return rows

    def _when(self, rows: QuerySet[Rows], asked: dict[str, Any]) -> QuerySet[Rows]:
        zone = ZoneInfo(self.business.timezone)
        if first := asked.get("start_date"):
            rows = rows.filter(starts_at__gte=instant_at(first, time(), zone.key))
        if last := asked.get("end_date"):
            rows = rows.filter(starts_at__lt=instant_at(last + DAY, time(), zone.key))
        if hour := asked.get("start_hour"):
            rows = rows.annotate(hour=TruncTime("starts_at", tzinfo=zone)).filter(hour__gte=hour)
        return rows

    def matching(self, asked: dict[str, Any]) -> QuerySet[Booking]:
        """The reservations that every filter lets through."""
        rows = self._when(self.rows(), asked)
        if asked.get("status"):
            wanted = Q(pk__in=())
            for each in asked["status"]:
                wanted |= self.in_status(each)
            came = Event.objects.filter(booking=OuterRef("pk"), kind=Event.Kind.CHECKED_IN)
            before = came.order_by("-id").annotate(was=KeyTextTransform("before", "data"))
            rows = rows.annotate(before=Subquery(before.values("was")[:1])).filter(wanted)
        if like := asked.get("text_search", "").strip():
            rows = rows.filter(self.like(like))
        if "service_ids" in asked:
            rows = rows.filter(any_of(asked["service_ids"], "service__id"))
        if "room_ids" in asked:
            rows = rows.filter(resource_ids__overlap=self.inside(asked["room_ids"]))
        return self.of_those_who(asked, rows)

    def of_those_who(self, asked: dict[str, Any], rows: QuerySet[Booking]) -> QuerySet[Booking]:
        """Those to come, here, or gone: any of what is asked for."""
        today = self.moment.astimezone(ZoneInfo(self.business.timezone)).date()
        midnight = instant_at(today, time(), self.business.timezone)
        kinds = {
            "incoming": Q(state__in=ACTIVE, starts_at__gte=midnight)
            & (Q(expires_at=None) | Q(expires_at__gt=self.moment)),
            "arrived": Q(state=State.CHECKED_IN.value),
            "departed": Q(state=State.COMPLETED.value),
        }
        any_of_them = Q()
        for name, which in kinds.items():
            if asked[name]:
                any_of_them |= which
        return rows.filter(any_of_them)

    def inside(self, numbers: list[int]) -> list[uuid.UUID]:
        floor = Floor(self.business, gone=True)
        return [
            each.pk for each in floor.tables if not each.members and each.room.id in set(numbers)
        ]

    def like(self, text: str) -> Q:
        found = Q(guest__first_name__icontains=text) | Q(guest__last_name__icontains=text)
        digits = phone_key(text).lstrip("+")
        if digits.isascii() and digits.isdigit():
            found |= Q(guest__phone_key__contains=digits)
            found |= any_of([int(digits[:15])])
        return found

    def in_status(self, status: str) -> Q:
        """The bookings that are shown in a status."""
        owes = Exists(Deposit.objects.filter(booking_id=OuterRef("pk"), status="pending"))
        lapsed = Q(state=State.PENDING.value, expires_at__lte=self.moment)
        waits = Q(state=State.PENDING.value) & ~lapsed
        is_accepted = Q(details__contains={PROTOCOL: {"status": "ACCEPTED"}})
        is_rejected = Q(details__contains={PROTOCOL: {"status": "REJECTED"}})
        over = Q(state__in=(State.CANCELLED.value, State.NO_SHOW.value))
        came = Q(state__in=(State.CHECKED_IN.value, State.COMPLETED.value))
        unasked = came & Q(before=State.PENDING.value)  # whoever came before anybody said yes
        match status:
            case "WAITING":
                return ((waits & ~Q(owes)) | unasked) & ~is_accepted
            case "ACCEPTED":
                return ((waits & ~Q(owes)) | unasked) & is_accepted
            case "PREPAY":
                return waits & Q(owes)
            case "CONFIRMED":
                return Q(state=State.CONFIRMED.value) | (
                    came & (Q(before=None) | ~Q(before=State.PENDING.value))
                )
            case "CANCELLED":
                return over & ~is_rejected
            case "REJECTED":
                return over & is_rejected
            case "EXPIRED":
                return lapsed | Q(state=State.EXPIRED.value)
        return Q(pk__in=())  # OUTOFORDER: see `closed`

    def post(self, request: Request) -> Response:
        sent = self.read(ReservationRequest)
        channel = self.channel_of(sent["channel"])
        guest = self.customer(sent["customer"], channel)
        wanted = self.wanted(sent, is_staff=channel == ADMIN)
        waits = sent.get("waiting_list", False)
        kept = {"channel": channel, "waiting_list": waits}
        if sent.get("special_request"):
            kept["special_request"] = sent["special_request"]
        is_pending = waits or said(wanted.service).get("confirmation_mode") == "WAITING_LIST"
        how: dict[str, Any] = {
            "guest": guest,
            "by": self.actor,
            "source": PROTOCOL,
            "channel": self.caller.channel,
            "notes": sent.get("notes", ""),
            "details": {PROTOCOL: kept},
            "now": self.now,
        }
        wish = wanted.wish()
        if is_pending:
            booking = services.make(wish, is_pending=True, **how)
        elif channel == BOOK:
            booking, _ = services.book_with_deposit(wish, **how)
        else:
            booking = services.book(wish, **how)
        return self.shown(booking, 201)


class OneReservation(About):
    """GET, PUT, PATCH, DELETE /reservations/{reservation_id}"""

    def get(self, request: Request, number: int) -> Response:
        return self.shown(self.reservation(number))

    def put(self, request: Request, number: int) -> Response:
        booking = self.reservation(number)
        sent = self.read(ReservationRequest, partial=True)
        kept = dict(said(booking))
        channel = self.channel_of(sent.get("channel", kept.get("channel", BOOK)))
        with transaction.atomic():
            self._move(booking, sent, is_staff=channel == ADMIN)
            if "customer" in sent:
                self._who(booking, sent["customer"], channel)
            more: dict[str, Any] = {
                name: sent[name] for name in ("waiting_list", "special_request") if name in sent
            }
            if "channel" in sent:
                more["channel"] = channel
            if more or "notes" in sent:
                services.amend(
                    booking,
                    notes=sent.get("notes"),
                    details=saying(booking, **more) if more else None,
                    by=self.actor,
                    now=self.now,
                )
        return self.shown(booking)

    def _move(self, booking: Booking, sent: dict[str, Any], *, is_staff: bool) -> None:
        """Move it to what is sent; what isn't sent stays. Raises Refusal."""
        if not {"start_date", "start_hour", "pax", "service_id", "room_id", "table_ids"} & set(
            sent
        ):
            if booking.state not in [*ACTIVE, State.CHECKED_IN.value]:
                raise WrongState(booking.state, "changed")
            return
        floor = Floor(self.business)
        tables = floor.of(booking.resource_ids)
        room = tables[0].room if tables else None
        zone = booking.location.zone
        start = booking.starts_at.astimezone(ZoneInfo(zone))
        full = {
            "start_date": start.date(),
            "start_hour": start.time(),
            "pax": booking.party_size,
            "service_id": id_of(booking.service) if booking.service else None,
            "room_id": room.id if room else None,
        } | sent
        if full["service_id"] is None:
            raise bad("service_id: This field is required.")
        if full["room_id"] is None:
            raise bad("room_id: This field is required.")
        wanted = self.wanted(full, is_staff=is_staff)
        where: list[dict[str, Any]] = []
        if not wanted.tables and room and wanted.room.pk == room.pk:
            stays = dataclasses.replace(wanted, tables=tables)
            if len(tables) > 1 or tables[0].seats(wanted.pax):
                where.append(stays.where)
        where.append(wanted.where)
        other = wanted.service.pk != booking.service_id
        for number, each in enumerate(where, 1):
            try:
                services.reschedule(
                    booking,
                    starts_at=wanted.starts_at,
                    duration=wanted.service.duration if other else None,
                    party_size=wanted.pax,
                    service=wanted.service if other else None,
                    keeps_hours=True,
                    keeps_notice=not is_staff,
                    step=None if is_staff else wanted.step,
                    by_guest=not is_staff,
                    by=self.actor,
                    now=self.now,
                    **each,
                )
                return
            except SlotTaken:
                if number == len(where):
                    raise

    def _who(self, booking: Booking, sent: dict[str, Any], channel: str) -> None:
        """Correct who comes, or make it somebody else."""
        guest = booking.guest
        if "id" in sent and (guest is None or id_of(guest) != sent["id"]):
            guest = by_id(Guest.objects.filter(business=self.business), sent["id"])
            if guest is None:
                raise absent("customer")
        before = {
            name: getattr(guest, name) if guest else ""
            for name in ("first_name", "last_name", "email", "phone")
        }
        details = self.customer(before | {k: v for k, v in sent.items() if k != "id"}, channel)
        if dataclasses.asdict(details) == before and guest and guest.pk == booking.guest_id:
            return
        same_contact = (details.phone, details.email) == (before["phone"], before["email"])
        if guest and guest.pk == booking.guest_id and not same_contact:
            try:
                services.correct_guest(guest, **dataclasses.asdict(details), now=self.now)
                return
            except Conflict:
                pass  # somebody else is known by that: the booking is theirs
        services.amend(booking, guest=details, by=self.actor, now=self.now)

    def patch(self, request: Request, number: int) -> Response:
        status = self._status()
        booking = self.reservation(number)
        (shown,) = reservations(self.business, [booking], now=self.now)
        before = shown["status"]
        if before in ("CANCELLED", "REJECTED", "EXPIRED"):
            raise Refusal(409, "ConflictException", f"A reservation that is {before} stays so.")
        if status != before:
            self._bring(booking, before, status)
        return self.shown(booking)

    def _status(self) -> str:
        sent: Any = {"status": self.request.query_params.get("status")}
        if sent["status"] is None:
            sent = self.request.data
        reader = StatusRequest(data=sent)
        reader.is_valid(raise_exception=True)
        return str(reader.validated_data["status"])

    def _bring(self, booking: Booking, before: str, status: str) -> None:
        """Say yes or no to who waits. Raises Refusal for what can't follow."""
        how: dict[str, Any] = {"by": self.actor, "now": self.now}
        may = {
            "WAITING": ("ACCEPTED", "CONFIRMED", "REJECTED"),
            "ACCEPTED": ("CONFIRMED", "REJECTED"),
            "PREPAY": ("CONFIRMED",),
        }
        if status not in may.get(before, ()) or booking.state != State.PENDING.value:
            raise Refusal(
                409, "ConflictException", f"A reservation that is {before} can't become {status}."
            )
        if status == "CONFIRMED":
            services.confirm(booking, **how)
        elif status == "ACCEPTED":
            until = self.moment + TO_ANSWER
            if booking.starts_at > self.moment:
                until = min(until, booking.starts_at)
            services.accept(booking, until=until, details=saying(booking, status="ACCEPTED"), **how)
        else:
            services.cancel(
                booking,
                reason="rejected",
                details=saying(booking, status="REJECTED"),
                **how,
            )

    def delete(self, request: Request, number: int) -> Response:
        booking = self.reservation(number)
        (shown,) = reservations(self.business, [booking], now=self.now)
        if shown["status"] in ("REJECTED", "EXPIRED"):
            raise Refusal(
                409, "ConflictException", f"A reservation that is {shown['status']} stays so."
            )
        if shown["status"] != "CANCELLED":
            services.cancel(booking, by=self.actor, now=self.now)
        return data(number)


class Checkin(About):
    """PATCH /reservations/{reservation_id}/checkin"""

    def patch(self, request: Request, number: int) -> Response:
        booking = self.reservation(number)
        how: dict[str, Any] = {"by": self.actor, "now": self.now}
        if self.ask(UndoQuery)["undo"]:
            if booking.state == State.COMPLETED.value:
                raise Refusal(409, "ConflictException", "Undo the check-out first.")
            if booking.state not in ACTIVE:
                services.undo_check_in(booking, **how)
        elif booking.state != State.COMPLETED.value:
            services.check_in(booking, is_unasked=True, **how)
        return self.shown(booking)


class Checkout(About):
    """PATCH /reservations/{reservation_id}/checkout"""

    def patch(self, request: Request, number: int) -> Response:
        booking = self.reservation(number)
        how: dict[str, Any] = {"by": self.actor, "now": self.now}
        if self.ask(UndoQuery)["undo"]:
            if booking.state not in [*ACTIVE, State.CHECKED_IN.value]:
                self._back(booking, how)
        else:
            with transaction.atomic():
                if booking.state != State.COMPLETED.value:
                    services.check_in(booking, is_unasked=True, **how)
                services.complete(booking, **how)
        return self.shown(booking)

    def _back(self, booking: Booking, how: dict[str, Any]) -> None:
        try:
            services.undo_complete(booking, **how)
        except SlotTaken:
            raise Refusal(
                409, "ConflictException", "The table has been given to somebody else."
            ) from None


class Google(Endpoint):
    """POST /reservations/google"""

    def post(self, request: Request) -> Response:
        sent = self.read(GoogleRequest)
        wants = sent["enable_google_engine"]
        change_business(self.business, details=saying(self.business, google_engine=wants))
        return Response({"status": "ACCEPTED"})


def write_cursor(row: Booking | Block) -> str:
    text = f"{row.starts_at.isoformat()}|{row.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    """Where the page before ended. Raises Refusal."""
    try:
        at, _, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(at)
        return moment, uuid.UUID(key)
    except (ValueError, binascii.Error):
        raise bad("next_cursor: This is not one of ours.") from None
