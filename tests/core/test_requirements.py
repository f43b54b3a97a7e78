"""Who may serve what: all of a kind, those named, or nobody until somebody is."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Business
from availability.models import OpeningHours
from bookings import explain, offers, services
from bookings.api.appointedd.render import may_serve
from bookings.errors import SlotTaken
from bookings.wishes import SYSTEM, Search, Wish
from resources import services as resources
from resources.models import Requirement, Service
from tests.admin.pages import listed, logged_in
from tests.builders import EVENING, HOUR, NOW, business, location, resource, service

pytestmark = pytest.mark.django_db


@pytest.fixture
def massage() -> Service:
    """One that nobody can give any more: Ana is there, and isn't named."""
    spa = business("Spa", booking_mode=Business.Mode.SCHEDULED)
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(spa), weekday=weekday, opens=time(9), closes=time(22)
        )
    ana = resource(spa, "Ana", kind="staff")
    resource(spa, "Lotus", kind="room")
    made = service(spa, duration=HOUR)
    resources.qualify(made, kind="staff", resource_ids=[ana.pk])
    Requirement.objects.create(service=made, kind="room")
    resources.qualify(made, kind="staff", resource_ids=[])
    return made


def starts(of: Service) -> int:
    day = date(2026, 6, 20)
    search = Search(business=of.business, service=of, first_day=day, last_day=day)
    return len(offers.slots(search, now=NOW))


def test_what_nobody_can_give_is_not_to_be_had(massage: Service) -> None:
    spa = massage.business
    ana, lotus = spa.resources.get(name="Ana"), spa.resources.get(name="Lotus")
    asked = Wish.of(massage, starts_at=EVENING)
    assert starts(massage) == 0
    with pytest.raises(SlotTaken):
        services.book(asked, guest=None, by=SYSTEM, source="test", now=NOW)
    found = explain.explain(spa, EVENING, HOUR, service=massage, now=NOW)
    assert [(each.name, each.why.value) for each in found.reasons] == [
        ("Ana", "not_qualified"),
        ("Lotus", "free"),
    ]
    assert [may_serve(each, massage) for each in (ana, lotus)] == [False, True]


def test_a_word_for_a_kind_opens_nothing(massage: Service) -> None:
    resource(massage.business, "Somebody", kind="nobody")
    assert starts(massage) == 0


def test_naming_a_room_leaves_the_staff_as_they_are(massage: Service) -> None:
    room = massage.business.resources.get(name="Lotus")
    resources.qualify(massage, kind="room", resource_ids=[room.pk])
    assert starts(massage) == 0
    ana = massage.business.resources.get(name="Ana")
    resources.set_skills(ana, [massage.pk])
    assert starts(massage) > 0
    resources.set_skills(ana, [])  # the last who could
    assert starts(massage) == 0


def test_it_reads_well_in_the_admin(client: Client, massage: Service) -> None:
    logged_in(client, is_superuser=True)
    page = client.get(listed(Requirement)).content.decode()
    assert "nobody yet" in page
    assert "all of the kind" in page


def test_a_business_file_says_so_there_and_back(massage: Service, tmp_path: Path) -> None:
    written = tmp_path / "spa.yaml"
    call_command("export_business", massage.business.slug, "--output", str(written))
    assert "- kind: staff\n    only: true\n" in written.read_text()
    massage.requirements.all().delete()
    call_command("import_business", str(written))
    assert starts(massage) == 0
