"""What a guest has chosen so far, and what there is to choose from."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing.money import Money
from bookings import cards, offers, rules
from bookings.models import Booking
from bookings.web.widget import words
from bookings.web.widget.visit import Visit
from bookings.wishes import Search
from resources import selectors as resources
from resources.models import Location, Service

DAY = timedelta(days=1)
AT = "%Y%m%dT%H%M%SZ"
USUAL = 2  # who books a table mostly comes as a pair
LARGEST = 40  # the largest party that may be chosen from a list


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is to be booked, as far as it is known. `most` is the largest party there is room for,
    `staff` who may be chosen."""

    visit: Visit
    location: Location | None
    locations: list[Location]
    service: Service | None
    services: list[Service]
    staff: list[tuple[uuid.UUID, str]]
    person: uuid.UUID | None
    party: int
    most: int

    @property
    def is_class(self) -> bool:
        return bool(self.service and (self.service.capacity or self.service.only_groups))

    @property
    def is_complete(self) -> bool:
        """Whether only the time is missing."""
        return bool(self.location and (self.service or not self.services))

    @property
    def zone(self) -> ZoneInfo:
        assert self.location is not None
        return cards.zone_of(self.location)

    @property
    def query(self) -> dict[str, Any]:
        """What was chosen, as the address has it."""
        return {
            "location": self.location.pk if self.location and len(self.locations) > 1 else None,
            "service": self.service.pk if self.service else None,
            "staff": self.person,
            "party": self.party,
        }

    @property
    def what(self) -> str:
        return cards.line(self.service.name) if self.service else ""

    def url(self, name: str, **query: Any) -> str:
        return self.visit.url(name, **(self.query | query))

    def search(
        self,
        first: date,
        last: date,
        *,
        held: Booking | None = None,
        table: uuid.UUID | None = None,
    ) -> Search:
        """The starts of these local days; what the guest holds already is free to them."""
        assert self.location is not None
        business = self.visit.business
        chosen = table or self.person
        return Search(
            business=business,
            service=self.service,
            first_day=first,
            last_day=last,
            party_size=self.party,
            location_id=self.location.pk,
            resource_ids=frozenset({chosen}) if chosen else None,
            buffers=rules.buffers(business, self.service),
            moving=held.pk if held else None,
        )


def read(visit: Visit) -> Choice:
    """What the address says was chosen, as far as it can be had. Five queries at most."""
    given = visit.request.GET
    locations = resources.open_locations(visit.business)
    services = resources.on_menu(visit.business)
    location = _chosen(locations, given.get("location"))
    if location is None and len(locations) == 1:
        location = locations[0]
    service = _chosen(services, given.get("service"))
    if service is None and len(services) == 1:
        service = services[0]
    if service:
        service.business = visit.business
    staff: list[tuple[uuid.UUID, str]] = []
    most = 0
    if location and (service or not services):
        serving = offers.serving(_anybody(visit, location, service))
        most = min(serving.most, LARGEST)
        if service:
            staff = [(each.id, cards.line(each.name)) for each in serving.staff]
    person = next((id_ for id_, _ in staff if str(id_) == given.get("staff")), None)
    return Choice(
        visit=visit,
        location=location,
        locations=locations,
        service=service,
        services=services,
        staff=staff if len(staff) > 1 and not _is_class(service) else [],
        person=person,
        party=_party(given.get("party", ""), most, service),
        most=most,
    )


def _is_class(service: Service | None) -> bool:
    return bool(service and (service.capacity or service.only_groups))


def _anybody(visit: Visit, location: Location, service: Service | None) -> Search:
    today = visit.moment.date()
    return Search(
        business=visit.business,
        service=service,
        first_day=today,
        last_day=today,
        location_id=location.pk,
    )


def _chosen(among: list[Any], given: str | None) -> Any:
    return next((each for each in among if str(each.pk) == given), None)


def _party(given: str, most: int, service: Service | None) -> int:
    usual = 1 if service else USUAL
    wanted = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else usual
    return max(1, min(wanted, most or wanted))


def instant(text: str) -> datetime | None:
    """A moment as addresses have it."""
    try:
        found = datetime.strptime(text, AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if 1970 < found.year < 9999 else None  # any zone can show it


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(AT)


def price(service: Service, currency: str) -> str:
    return words.money(Money(service.price_cents, currency)) if service.price_cents else ""


def lasts(choice: Choice) -> timedelta:
    """How long such a booking is. One query for a table."""
    if choice.service:
        return choice.service.duration
    assert choice.location is not None
    minutes = choice.visit.business.default_duration_minutes
    place = choice.location.pk
    return offers.turn_times(minutes, {place}, choice.party)[place]
