"""Every page as it is found: nothing that keeps somebody out, on any screen, by day or by night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Business
from bookings import services
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Requirement
from tests.browser.eyes import DESK, NARROW, axe, fits
from tests.builders import resource, service, wish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LONG = "Wolfeschlegelsteinhausenbergerdorff-Al-Sayed y García"
LARGE = [
    "floor/",
    "floor/?view=list",
    "floor/plan/",
    "floor/walk-in/?party=2",
    "timeline/",
    "classes/",
    "classes/weekly/",
    "reports/",
    "settings/",
]
PAGES = [
    *LARGE,
    *(
        f"settings/{name}/"
        for name in (
            *("business", "rules", "mails", "deposits", "services", "resources", "staff"),
            *("locations", "pacing", "keys", "webhooks", "protocols", "plan", "team", "account"),
        )
    ),
]


@pytest.fixture
def busy(bistro: Business) -> Business:
    """The bistro with somebody seated, somebody to come with a long name, and a service."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    ana = resource(bistro, "Ana", kind="staff")
    offered = service(bistro, "Tasting", duration=timedelta(hours=1))
    Requirement.objects.create(service=offered, kind="staff").resources.add(ana)
    for minutes, name in ((0, "Maria"), (90, LONG)):
        services.book(
            wish(bistro, now + timedelta(minutes=minutes)),
            guest=GuestDetails(
                name, "Garcia", f"m{minutes}@example.com", f"+346000000{minutes:02}"
            ),
            by=SYSTEM,
            source="phone",
        )
    return bistro


@pytest.mark.parametrize(
    "pages, size, is_dark",
    [(LARGE, DESK, False), (PAGES, NARROW, True)],
    ids=["wide", "narrow"],
)
def test_every_page_of_the_desk_is_for_everybody(
    busy: Business, desk_page: Any, pages: list[str], size: tuple[int, int], is_dark: bool
) -> None:
    page = desk_page("", size=size, dark=is_dark, touch=is_dark)
    found = []
    for each in pages:
        reply = page.goto(f"/desk/{busy.slug}/{each}")
        assert reply
        assert reply.ok, each
        for hold in (fits, axe):
            try:
                hold(page)
            except AssertionError as error:
                found.append(str(error))
    assert found == [], "\n\n".join(found)
