"""Buffers that stay out of breaks, and starts outside a service's own hours: offered as sold."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from availability.models import Break, OpeningHours, ServiceHours
from bookings import offers, services
from bookings.errors import OutsideHours, SlotTaken
from bookings.wishes import SYSTEM, Search, Wish
from resources.models import Service
from tests.builders import NOW, business, location, resource, service

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
DAY = datetime(2026, 6, 22, tzinfo=UTC)  # a Monday
QUARTER = timedelta(minutes=15)


@pytest.fixture
def massage() -> Service:
    spa = business("Spa", slot_interval_minutes=15)
    place = location(spa)
    OpeningHours.objects.create(location=place, weekday=1, opens=time(9), closes=time(17))
    Break.objects.create(location=place, weekday=1, starts=time(12), ends=time(13))
    ana = resource(spa, "Ana", kind="staff")
    Break.objects.create(resource=ana, weekday=1, starts=time(15), ends=time(15, 30))
    return service(spa, "Massage", buffer_before=QUARTER, buffer_after=QUARTER)


def offered(massage: Service, **how: Any) -> set[str]:
    search = Search(
        business=massage.business,
        service=massage,
        first_day=DAY.date(),
        last_day=DAY.date(),
        **how,
    )
    return {f"{each.starts_at:%H:%M}" for each in offers.slots(search, now=NOW)}


def sold(massage: Service, **how: Any) -> set[str]:
    found = set()
    for number in range(96):
        start = DAY + number * QUARTER
        wish = Wish.of(massage, starts_at=start, keeps_hours=True, step=QUARTER, **how)
        try:
            hold = services.hold(wish, by=SYSTEM, source="test", now=NOW)
        except (OutsideHours, SlotTaken):
            continue
        services.release(hold, by=SYSTEM, now=NOW)
        found.add(f"{start:%H:%M}")
    return found


def test_buffers_may_hang_over_closing_time_and_into_breaks_unless_kept_out(
    massage: Service,
) -> None:
    anywhere = offered(massage)
    assert {"09:00", "11:00", "13:00", "15:30", "16:00"} <= anywhere
    kept_out = offered(massage, keeps_breaks=True)
    assert anywhere - kept_out == {"11:00", "13:00", "14:00", "15:30"}
    assert sold(massage, keeps_breaks=True) == kept_out


def test_the_hours_of_a_service_count_unless_they_are_left_out(massage: Service) -> None:
    ServiceHours.objects.create(service=massage, weekday=1, opens=time(9), closes=time(10))
    own = offered(massage)
    assert own
    assert max(own) < "10:00"
    assert "16:00" in offered(massage, keeps_windows=False)
    assert "16:00" in sold(massage, keeps_windows=False)
