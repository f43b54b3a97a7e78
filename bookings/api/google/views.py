"""The methods of the booking server: parse, one call, render."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from accounts import clock
from accounts.contact import phone_key
from accounts.transactions import lock
from bookings import rules, services
from bookings.api.google import codec, gate, lookup, messages, render
from bookings.api.google.catalogue import (
    NAME,
    confirmation_mode,
    offers,
    uuid_in,
)
from bookings.api.google.dialect import Failure, Method, outside
from bookings.api.google.gate import Refusal, invalid
from bookings.api.google.lookup import Asked, Hit
from bookings.errors import SlotTaken
from bookings.lifecycle import TAKING, State
from bookings.models import Booking
from bookings.wishes import GuestDetails
from resources.models import Location

Json = dict[str, Any]

LONGEST_NAME, LONGEST_PHONE, LONGEST_TOKEN = 100, 40, 255


class HealthCheck(Method):
    """GET HealthCheck: whether the database answers; only the status counts."""

    http_method_names = ["get"]
    gives = messages.HEALTH_REPLY

    def get(self, request: HttpRequest) -> JsonResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return JsonResponse(codec.write(self.gives, {"status": "SERVING"}))


class BatchAvailabilityLookup(Method):
    """POST BatchAvailabilityLookup: one answer a slot time, in order; nothing is held."""

    takes = messages.LOOKUP_REQUEST
    gives = messages.LOOKUP_REPLY

    def act(self, said: Json) -> Json:
        place = self.merchant(said)
        times: list[Json] = said.get("slot_time", [])
        for each in times:
            if not (each.get("service_id") and each.get("start_sec")):
                raise invalid("Every slot time needs a service_id and a start_sec.")
        asked = [Asked.of(each) for each in times]
        known = offers(place, {each.service_id for each in asked})
        found = lookup.find(place, known, asked, now=self.now)
        modes = {id_: confirmation_mode(place, offer.service) for id_, offer in known.items()}
        return {
            "slot_time_availability": [
                {
                    "slot_time": {"confirmation_mode": messages.SYNCHRONOUS}
                    | each
                    | (
                        {"confirmation_mode": mode}
                        if (mode := modes.get(each["service_id"]))
                        else {}
                    ),
                    "available": hit is not None,
                }
                for each, hit in zip(times, found, strict=True)
            ]
        }


class CreateBooking(Method):
    """POST CreateBooking: once for its token, and tried anew as long as nothing was made."""

    takes = messages.CREATE_REQUEST
    gives = messages.BOOKING_REPLY
    writes = True

    def act(self, said: Json) -> Json:
        token = said.get("idempotency_token", "")
        if not token or len(token) > LONGEST_TOKEN:
            raise invalid("An idempotency_token of 1 to 255 characters is needed.")
        user: Json = said.get("user_information", {})
        slot = whole_slot(said)
        if not user.get("user_id"):
            raise invalid("user_information.user_id is missing.")
        with transaction.atomic():
            # Whoever brings the token a second time waits for the first, and hears the same.
            lock([f"google:{self.business.pk}:token:{token}"])
            if made := self.made_with(token):
                return {"booking": render.as_made(made)}
            lock([f"google:{self.business.pk}:user:{user['user_id']}"])
            booking = self._book(said, slot, user, token)
            return {"booking": render.as_made(booking)}

    def made_with(self, token: str) -> Booking | None:
        """What a token made, with whichever of the business's credentials. One query."""
        theirs = Booking.objects.filter(
            channel__business=self.business, channel__protocol=NAME, key=token
        )
        return theirs.exclude(key="").first()  # said so that the index of keys is used

    def _book(self, said: Json, slot: Json, user: Json, token: str) -> Booking:
        place = self.merchant(slot)
        asked = Asked.of(slot)
        known = offers(place, {asked.service_id})
        if asked.service_id not in known:
            raise invalid("There is no such service.")
        who = guest_of(user)
        service = known[asked.service_id].service
        self._refuse_user(place, asked, user)
        if said.get("offer_id") or said.get("deal_id"):
            raise Failure("OFFER_UNAVAILABLE")
        [hit] = lookup.find(place, known, [asked], now=self.now)
        if hit is None:
            if "payment_processing_parameters" in said and place.business.deposit_enabled:
                raise Failure("PAYMENT_ERROR", "Payments are not taken here.")
            raise Failure("SLOT_UNAVAILABLE")
        waits = confirmation_mode(place, service) == messages.ASYNCHRONOUS
        # Whoever has this number is not renamed by what a user of Google says of themselves.
        guest, more = services.recognised(self.business, who)
        words = {
            "slot": slot,
            "user_information": user,
            "payment_information": said.get("payment_information"),
            "status": "PENDING_MERCHANT_CONFIRMATION" if waits else "CONFIRMED",
        }
        return self._make(
            hit,
            waits=waits,
            guest=guest,
            key=token,
            notes=said.get("additional_request", "")[:2000],
            details={
                NAME: {name: value for name, value in words.items() if value is not None} | more
            },
        )

    def _make(self, hit: Hit, *, waits: bool, **what: Any) -> Booking:
        """A promise, or a hold until it starts: no decision by then is none."""
        what |= {"by": self.actor, "source": NAME, "channel": self.channel, "now": self.now}
        lasts = hit.starts_at - clock.read(self.now) if waits else None
        if hit.session:
            return services.book_places(hit.session, party_size=hit.party_size, lasts=lasts, **what)
        if waits:
            return services.hold(hit.wish(), lasts=lasts, **what)
        return services.book(hit.wish(), **what)

    def _refuse_user(self, place: Location, asked: Asked, user: Json) -> None:
        """Hold a user to one booking of a slot, and to the limits that the business set. A query,
        two with limits."""
        theirs = bookings_of(self, user["user_id"]).exclude(expires_at__lte=clock.moment(self.now))
        starts_at = moment_of(asked.start)
        service_id = uuid_in(asked.service_id)  # none for a table
        same = theirs.filter(location=place, service=service_id, starts_at=starts_at)
        if same.exists():
            raise Failure("SLOT_ALREADY_BOOKED_BY_USER")
        limits: Mapping[str, Any] = self.business.details.get(NAME, {})
        if limits.get("no_overlaps"):
            ends_at = starts_at + timedelta(seconds=asked.duration)
            if theirs.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
                raise Failure("OVERLAPPING_RESERVATION")
        most = limits.get("bookings_per_user")
        if most and theirs.filter(starts_at__gt=clock.moment(self.now)).count() >= most:
            raise Failure("USER_OVER_BOOKING_LIMIT")


class UpdateBooking(Method):
    """POST UpdateBooking: cancel or move; the state that is wanted is the key."""

    takes = messages.UPDATE_REQUEST
    gives = messages.BOOKING_REPLY
    writes = True

    def act(self, said: Json) -> Json:
        wanted: Json = said.get("booking", {})
        booking = own_booking(self, wanted.get("booking_id", ""))
        if booking is None:
            raise invalid("There is no such booking.")
        status = wanted.get("status")
        if status == "CANCELED":
            booking = self._cancel(booking)
        elif "slot" in wanted and status in (None, "CONFIRMED"):
            booking = self._move(booking, wanted["slot"])
        else:
            raise invalid("Say the status CANCELED, or a slot.")
        return {"booking": render.booking_json(booking, now=self.moment)}

    @property
    def moment(self) -> datetime:
        return self.now or datetime.now(UTC)

    @transaction.atomic
    def _cancel(self, booking: Booking) -> Booking:
        match State(booking.state):
            case State.CANCELLED if render.was_cancelled_here(booking):
                return booking
            case State.CANCELLED:
                raise Failure("BOOKING_ALREADY_CANCELLED")
            case State.COMPLETED | State.CHECKED_IN | State.NO_SHOW | State.EXPIRED:
                raise Failure("BOOKING_NOT_CANCELLABLE")
        if render.is_late(booking, self.moment):
            raise Failure("OUTSIDE_CANCELLATION_WINDOW")
        return services.cancel(booking, by=self.actor, now=self.now)

    @transaction.atomic
    def _move(self, booking: Booking, slot: Json) -> Booking:
        if booking.state == State.CANCELLED.value:
            raise Failure("BOOKING_ALREADY_CANCELLED")
        if booking.state != State.CONFIRMED.value:
            raise Failure("SLOT_UNAVAILABLE", "This booking can't be moved as it is.")
        starts_at = moment_of(slot["start_sec"]) if "start_sec" in slot else booking.starts_at
        lasts = booking.ends_at - booking.starts_at
        party_size = slot.get("resources", {}).get("party_size", booking.party_size)
        if not 0 < party_size <= lookup.LARGEST:
            raise invalid("slot.resources.party_size is out of range.")
        if "duration_sec" in slot and slot["duration_sec"] <= 0:
            raise invalid("slot.duration_sec must be more than 0.")
        duration = timedelta(seconds=slot.get("duration_sec", lasts.total_seconds()))
        if (starts_at, duration, party_size) == (booking.starts_at, lasts, booking.party_size):
            return booking
        if render.is_late(booking, self.moment):
            raise Failure("OUTSIDE_CANCELLATION_WINDOW")
        if duration not in lengths(booking, party_size):
            raise Failure("SLOT_UNAVAILABLE", "Nothing is offered that long.")
        if booking.session_id and (starts_at, duration) != (booking.starts_at, lasts):
            return self._change_runs(booking, starts_at, duration, party_size)
        who = render.said(booking).get("slot", {}).get("resources", {})
        staff, room = uuid_in(who.get("staff_id", "")), uuid_in(who.get("room_id", ""))
        return services.reschedule(
            booking,
            starts_at=starts_at,
            duration=duration,
            party_size=party_size,
            resource_id=staff or room,
            among=frozenset({room}) if staff and room else None,
            location_id=booking.location_id,
            keeps_hours=True,
            by_guest=True,
            step=rules.step_of(self.business, booking.service),
            by=self.actor,
            now=self.now,
        )

    def _change_runs(
        self, booking: Booking, starts_at: datetime, duration: timedelta, party_size: int
    ) -> Booking:
        """From one run of a class to another."""
        asked = Asked(
            str(booking.service_id),
            int(starts_at.timestamp()),
            int(duration.total_seconds()),
            party_size,
        )
        place = self.merchant({"merchant_id": str(booking.location_id)})
        [hit] = lookup.find(place, offers(place, {asked.service_id}), [asked], now=self.now)
        if hit is None or hit.session is None:
            raise SlotTaken
        return services.change_places(
            booking, hit.session, party_size=party_size, by=self.actor, now=self.now
        )


class GetBookingStatus(Method):
    """POST GetBookingStatus."""

    takes = messages.STATUS_REQUEST
    gives = messages.STATUS_REPLY

    def act(self, said: Json) -> Json:
        booking = own_booking(self, said.get("booking_id", ""))
        if booking is None:
            raise gate.absent("There is no such booking.")
        paid: Json = render.said(booking).get("payment_information", {})
        return {
            "booking_id": str(booking.pk),
            "booking_status": render.status(booking, now=self.now or datetime.now(UTC)),
            "prepayment_status": paid.get("prepayment_status", "PREPAYMENT_NOT_PROVIDED"),
        }


class ListBookings(Method):
    """POST ListBookings: what a user has ahead; nothing that is over or was cancelled."""

    takes = messages.LIST_REQUEST
    gives = messages.LIST_REPLY

    def act(self, said: Json) -> Json:
        if not said.get("user_id"):
            raise invalid("user_id is missing.")
        moment = clock.moment(self.now)
        ahead = (
            bookings_of(self, said["user_id"])
            .filter(starts_at__gt=moment)
            .exclude(expires_at__lte=moment)
            .order_by("starts_at", "pk")
        )
        return {"bookings": [render.booking_json(each, now=self.now) for each in ahead]}


class CheckAvailability(Method):
    """POST CheckAvailability: what BatchAvailabilityLookup took the place of; off unless set."""

    takes = messages.CHECK_REQUEST
    gives = messages.CHECK_REPLY

    def act(self, said: Json) -> Json:
        if not settings.GOOGLE_CHECK_AVAILABILITY:
            raise Refusal(501, "UNIMPLEMENTED", "Use BatchAvailabilityLookup.")
        slot = whole_slot(said)
        place = self.merchant(slot)
        asked = Asked.of(slot)
        known = offers(place, {asked.service_id})
        if asked.service_id not in known:
            raise invalid("There is no such service.")
        [hit] = lookup.find(place, known, [asked], now=self.now)
        window = timedelta(hours=self.business.cancellation_window_hours)
        return {
            "slot": slot,
            "count_available": hit.left if hit else 0,
            "last_online_cancellable_sec": int((moment_of(asked.start) - window).timestamp()),
            "duration_requirement": "MUST_SHOW_DURATION",
        }


class SetMarketingPreference(Method):
    """POST SetMarketingPreference: remembered of the guest that this user booked as."""

    takes = messages.MARKETING
    gives = messages.MARKETING
    writes = True

    def act(self, said: Json) -> Json:
        user: Json = said.get("user_information", {})
        if not user.get("user_id"):
            raise invalid("user_information.user_id is missing.")
        wants = said.get("user_to_receive_marketing", False)
        booked = Booking.objects.filter(
            business=self.business,
            source=NAME,
            details__google__user_information__user_id=user["user_id"],
        )
        latest = booked.select_related("guest").order_by("-created_at").first()
        if latest and latest.guest:
            services.describe_guest(
                latest.guest,
                {NAME: {"marketing": wants, "said_at": clock.read(self.now).isoformat()}},
            )
        return {"user_information": user, "user_to_receive_marketing": wants}


class AnyCase(Method):
    """A method by a name in other capitals; and whatever else is no method, in this protocol's
    words."""

    http_method_names = ["get", "post"]
    schema = None  # type: ignore[assignment]
    by_name: ClassVar[dict[str, type[Method]]] = {
        each.__name__.lower(): each
        for each in (
            HealthCheck,
            BatchAvailabilityLookup,
            CreateBooking,
            UpdateBooking,
            GetBookingStatus,
            ListBookings,
            CheckAvailability,
            SetMarketingPreference,
        )
    }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = self.by_name.get(kwargs["name"].rstrip("/").lower())
        return found.as_view()(request) if found else outside()


# --- what the methods share ----------------------------------------------------------------------


def moment_of(seconds: int) -> datetime:
    """Unix seconds as an instant. Raises Refusal for what is in no calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise invalid("start_sec is in no calendar.") from None


def whole_slot(said: Json) -> Json:
    """The slot of a request, with all that it must have. Raises Refusal."""
    slot: Json = said.get("slot", {})
    for name in ("merchant_id", "service_id", "start_sec", "duration_sec"):
        if name not in slot:
            raise invalid(f"slot.{name} is missing.")
    if slot["duration_sec"] < 0:
        raise invalid("slot.duration_sec must be more than 0.")
    moment_of(slot["start_sec"])
    if slot["duration_sec"] > 366 * 86400:
        raise invalid("slot.duration_sec is too long.")
    return slot


def guest_of(user: Json) -> GuestDetails:
    """Who comes. Raises Failure for a name or number that can't be kept."""
    first, last = user.get("given_name", "").strip(), user.get("family_name", "").strip()
    phone, email = user.get("telephone", "").strip(), user.get("email", "").strip()
    if not (first or last) or len(first) > LONGEST_NAME or len(last) > LONGEST_NAME:
        raise Failure("UNSUPPORTED_NAME")
    if phone and not (phone_key(phone) and len(phone) <= LONGEST_PHONE):
        raise Failure("UNSUPPORTED_PHONE_NUMBER")
    if len(email) > 254:
        raise invalid("user_information.email is too long.")
    return GuestDetails(first, last, email, phone)


def own_booking(method: Method, id_: str) -> Booking | None:
    """A booking that Google made with this business. One query."""
    key = uuid_in(id_)
    if key is None:
        return None
    found = Booking.objects.select_related("service").filter(
        business=method.business, source=NAME, pk=key
    )
    booking = found.first()
    if booking:
        booking.business = method.business
    return booking


def bookings_of(method: Method, user_id: str) -> QuerySet[Booking]:
    """The bookings of a user that take time."""
    return Booking.objects.filter(
        Q(state__in=[each.value for each in TAKING]),
        business=method.business,
        source=NAME,
        details__google__user_information__user_id=user_id,
    )


def lengths(booking: Booking, party_size: int) -> set[timedelta]:
    """How long a booking may become: as it is, as its service is now, as such a party stays."""
    found = {booking.ends_at - booking.starts_at}
    if booking.service:
        found.add(booking.service.duration)
    elif not booking.session_id:
        found |= lookup.stays(booking.business, booking.location_id, party_size)
    return found
