"""At the door: a walk-in in two steps, who waits, who sits elsewhere, and who is squeezed in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Business
from bookings import explain, invariants, services
from bookings.explain import Why
from bookings.models import Block, Booking, WaitlistEntry
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Combination, Resource
from tests.builders import HOUR, MARIA, MINUTE, NOW, location, resource, user, wish
from tests.desk.conftest import Browser, said
from tests.desk.test_floor import SEVEN, book, table


def offered(host: Browser, now: datetime = SEVEN, **query: Any) -> list[tuple[str, str]]:
    """What a walk-in is offered, the best first: where, and for how long."""
    host.now = now
    page = host.get("floor/walk-in/", **query).content.decode()
    best = re.findall(r'best-name">([^<]*)<.*?<b>([^<]*)<', page, re.DOTALL)
    rest = re.findall(r"<b>([^<]*)</b><span>[^<]*</span><span[^>]*>([^<]*)<", page)
    return best + rest


def filled_in(host: Browser, **query: Any) -> dict[str, Any]:
    """What the first button of the sheet would send."""
    page = host.get("floor/walk-in/", script=True, **query).content.decode()
    fields = re.findall(r'name="(party|at|entry)" value="([^"]+)"', page)
    return dict(reversed(fields))


def why_not(host: Browser, **query: Any) -> dict[str, str]:
    page = host.get("floor/walk-in/", **query).content.decode()
    listed = page.partition('class="why-not"')[2]
    return dict(re.findall(r"<b>([^<]*)</b><span>([^<]*)</span>", listed))


def test_a_walk_in_is_two_taps(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    page = host.get("floor/").content.decode()
    (url,) = re.findall(r'href="([^"]+)" data-sheet id="walk-in-2"', page)
    assert url == "/desk/bistro/floor/walk-in/?party=2"
    reply = host.post("floor/walk-in/", script=True, **filled_in(host, party=2))
    assert (reply.status_code, said(reply)) == (204, "2 guests at Table 1 until 20:00.")
    made = Booking.objects.get()
    assert (made.state, made.source, made.guest, made.starts_at) == (
        "checked_in", "walk-in", None, SEVEN,
    )  # fmt: skip
    assert invariants.broken() == []


def test_it_works_without_scripts_and_says_who(host: Browser, bistro: Business) -> None:
    host.now = SEVEN + timedelta(seconds=40)
    form: dict[str, Any] = {
        "party": "3",
        "at": str(table(bistro).pk),
        "name": "Ana de la Cruz",
        "lasts": "45",
    }
    reply = host.post("floor/walk-in/", **form)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/desk/bistro/floor/")
    made = Booking.objects.select_related("guest").get()
    assert (str(made.guest), made.ends_at) == ("Ana de la Cruz", SEVEN + 45 * MINUTE)


def test_the_smallest_that_is_free_long_enough_is_best(host: Browser, bistro: Business) -> None:
    resource(bistro, "Nook", covers_max=2)
    resource(bistro, "Long table", covers_max=10, covers_min=6)
    book(bistro, SEVEN + 40 * MINUTE, "Table 1")
    assert offered(host, party=2) == [
        ("Nook", "free for the rest of the day"),
        ("Table 2", "free for the rest of the day"),
        ("Table 3", "free for the rest of the day"),
        ("Table 4", "free for the rest of the day"),
        ("Table 1", "only 40 min"),
    ]
    assert why_not(host, party=2) == {"Long table": "for 6 or more"}
    assert offered(host, party=7) == [("Long table", "free for the rest of the day")]


def test_a_table_in_which_somebody_still_sits_is_nobodys(host: Browser, bistro: Business) -> None:
    late = book(bistro, SEVEN - HOUR, "Table 1")
    services.check_in(late, by=SYSTEM, now=SEVEN - HOUR)
    ten_past = SEVEN + 10 * MINUTE  # they should have left at seven
    assert [name for name, _ in offered(host, ten_past, party=2)] == [
        "Table 2", "Table 3", "Table 4",
    ]  # fmt: skip
    assert why_not(host, party=2) == {
        "Table 1": "seated 70 minutes, over their time since 19:00, Maria Garcia, party of 3"
    }
    reply = host.post("floor/walk-in/", script=True, party="2", at=str(table(bistro).pk))
    assert (reply.status_code, "Somebody still sits there." in reply.content.decode()) == (
        422,
        True,
    )


def test_tables_are_put_together_when_none_is_large_enough(host: Browser, bistro: Business) -> None:
    joined = Combination.objects.create(
        location=location(bistro), name="Tables 1 and 2", covers_min=5, covers_max=8
    )
    joined.members.set([table(bistro, "Table 1"), table(bistro, "Table 2")])
    assert [name for name, _ in offered(host, party=6)] == ["Tables 1 and 2"]
    ids = ",".join(str(each.pk) for each in joined.members.all())
    host.post("floor/walk-in/", party="6", at=ids)
    assert len(Booking.objects.get().resource_ids) == 2
    assert offered(host, party=6) == []


def test_what_is_offered_is_what_the_book_has_free(host: Browser, bistro: Business) -> None:
    book(bistro, SEVEN, "Table 1")
    services.block(
        table(bistro, "Table 3"), starts_at=SEVEN, ends_at=SEVEN + HOUR, by=SYSTEM, now=NOW
    )
    told = explain.explain(bistro, SEVEN, HOUR, 2, now=SEVEN)
    free = {each.name for each in told.reasons if each.why is Why.FREE}
    assert {name for name, _ in offered(host, party=2)} == free == {"Table 2", "Table 4"}


def test_whoever_was_quicker_has_it(host: Browser, bistro: Business) -> None:
    book(bistro, SEVEN, "Table 1")
    host.now = SEVEN
    reply = host.post("floor/walk-in/", script=True, party="2", at=str(table(bistro).pk))
    page = reply.content.decode()
    assert (reply.status_code, "Nothing that fits is free then." in page) == (422, True)
    assert 'class="best-name">Table 2<' in page


def test_a_walk_in_by_mistake_is_taken_back(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    host.post("floor/walk-in/", party="2", at=str(table(bistro).pk))
    made = Booking.objects.get()
    assert said(host.post(f"floor/walk-in/{made.pk}/undo/", script=True)) == "Taken back."
    assert Booking.objects.get().state == "cancelled"
    other = book(bistro, SEVEN, "Table 2")
    assert host.post(f"floor/walk-in/{other.pk}/undo/", script=True).status_code == 409


@pytest.mark.parametrize("query", [{}, {"party": "0"}, {"party": "-1"}, {"party": "many"}])
def test_nonsense_is_asked_again(host: Browser, bistro: Business, query: dict[str, Any]) -> None:
    reply = host.get("floor/walk-in/", **query)
    assert (reply.status_code, "How many are they?" in reply.content.decode()) == (200, True)


# --- waiting -------------------------------------------------------------------------------------


def fill(bistro: Business, since: datetime = SEVEN - 30 * MINUTE) -> None:
    """Somebody at each of the four tables, for an hour from then, ten minutes apart."""
    for n in range(4):
        made = book(bistro, since + n * 10 * MINUTE, f"Table {n + 1}")
        services.check_in(made, by=SYSTEM, now=since + n * 10 * MINUTE)


def quoted(host: Browser, now: datetime = SEVEN, **query: Any) -> str:
    host.now = now
    page = host.get("floor/walk-in/", **query).content.decode()
    found = re.findall(r"<summary>([^<]*)</summary>", page)
    return str(found[0])


def test_a_wait_is_until_the_first_is_expected_to_leave(host: Browser, bistro: Business) -> None:
    fill(bistro)
    now = SEVEN
    assert offered(host, now, party=2) == []
    assert quoted(host, now, party=2) == "Wait about 30 min"
    assert quoted(host, now, party=9) == "Nothing will be free for hours"
    # Who waits already has the first table.
    host.post("floor/wait/", party="2", name="Ana", minutes="30")
    assert quoted(host, now, party=2) == "Wait about 40 min"


def test_of_a_pool_as_many_are_waited_for_as_they_need(host: Browser, bistro: Business) -> None:
    racks = resource(bistro, "Racks", kind="spot", units=3)
    Resource.objects.filter(business=bistro, kind="table").update(deleted_at=NOW)
    for n in range(2):
        asked = wish(bistro, SEVEN - n * 20 * MINUTE, party_size=1, resource_id=racks.pk)
        made = services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
        services.check_in(made, by=SYSTEM, now=asked.starts_at)
    assert [quoted(host, party=size) for size in (1, 2, 3, 4)] == [
        "Let them wait", "Wait about 40 min", "Wait about 1 h", "Nothing will be free for hours",
    ]  # fmt: skip


def test_parties_stay_as_long_as_such_parties_really_did(host: Browser, bistro: Business) -> None:
    for n in range(6):
        came = SEVEN - timedelta(days=n + 1)
        made = services.book(
            wish(bistro, came, party_size=3), guest=MARIA, by=SYSTEM, source="test", now=came
        )
        services.check_in(made, by=SYSTEM, now=came)
        services.complete(made, by=SYSTEM, now=came + 45 * MINUTE)
    fill(bistro)
    assert quoted(host, SEVEN, party=2) == "Wait about 15 min"
    assert (
        "By how long parties really stayed" in host.get("floor/walk-in/", party=2).content.decode()
    )


def test_who_waits_is_on_the_board_and_sits_down(host: Browser, bistro: Business) -> None:
    fill(bistro)
    host.now = SEVEN
    reply = host.post("floor/wait/", script=True, party="2", name="Ana Cruz", minutes="30")
    assert said(reply) == "Ana Cruz waits: told 30 min, until about 19:30."
    entry = WaitlistEntry.objects.get()
    assert (entry.quoted_for, entry.party_size) == (SEVEN + 30 * MINUTE, 2)
    host.now = SEVEN + 35 * MINUTE
    page = host.get("floor/").content.decode()
    assert "Ana Cruz" in page
    assert ">told 19:30</b>" in page
    services.complete(Booking.objects.get(resource_ids=[table(bistro).pk]), by=SYSTEM, now=host.now)
    form = filled_in(host, entry=str(entry.pk))
    assert host.post("floor/walk-in/", script=True, **form).status_code == 204
    entry.refresh_from_db()
    assert (entry.state, str(entry.booking.guest if entry.booking else "")) == (
        "accepted",
        "Ana Cruz",
    )
    assert host.post("floor/walk-in/", script=True, **form).status_code == 404


def test_who_leaves_waits_no_more(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    host.post("floor/wait/", party="2", name="<b>Ana</b>", minutes="10")
    page = host.get("floor/").content.decode()
    assert "&lt;b&gt;Ana" in page
    assert "<b>Ana" not in page
    entry = WaitlistEntry.objects.get()
    reply = host.post(f"floor/wait/{entry.pk}/end/", script=True)
    assert reply.status_code == 204
    assert "Ana" not in host.get("floor/").content.decode()


def test_a_party_without_a_name_can_t_be_called(host: Browser, bistro: Business) -> None:
    reply = host.post("floor/wait/", script=True, party="2", name=" ", minutes="10")
    assert reply.status_code == 422
    assert WaitlistEntry.objects.count() == 0


# --- one table -----------------------------------------------------------------------------------


def test_a_table_s_sheet_says_who_is_there_and_who_is_next(host: Browser, bistro: Business) -> None:
    here = book(bistro, SEVEN - 30 * MINUTE)
    services.check_in(here, by=SYSTEM, now=SEVEN - 30 * MINUTE)
    book(bistro, SEVEN + 2 * HOUR, size=4)
    host.now = SEVEN
    page = host.get(f"floor/{table(bistro).pk}/").content.decode()
    assert "18:30–19:30 · here for" in page
    assert f'action="/desk/bistro/bookings/{here.pk}/act/"' in page
    assert re.findall(r'name="do" value="(\w+)"', page) == ["complete", "extend"]
    assert re.findall(r"<time>([^<]+)</time><b>", page) == ["21:00–22:00"]


def test_a_table_is_taken_out_of_use_and_given_back(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    pk = table(bistro).pk
    reply = host.post(f"floor/{pk}/block/", script=True, minutes="60", reason="Wobbly")
    assert said(reply) == "Table 1 is blocked until 20:00."
    made = Block.objects.get()
    assert (made.reason, made.ends_at, made.created_by) == ("Wobbly", SEVEN + HOUR, host.user)
    assert "Use it again" in host.get(f"floor/{pk}/").content.decode()
    assert host.post(f"floor/block/{made.pk}/end/", script=True).status_code == 204
    assert Block.objects.count() == 0
    host.post(f"floor/{pk}/block/", minutes="day")
    assert Block.objects.get().ends_at == SEVEN + 5 * HOUR  # midnight in London


def test_a_table_that_is_booked_isn_t_blocked(host: Browser, bistro: Business) -> None:
    book(bistro, SEVEN + 30 * MINUTE)
    host.now = SEVEN
    for minutes in ("60", "soon"):
        reply = host.post(f"floor/{table(bistro).pk}/block/", script=True, minutes=minutes)
        assert (reply.status_code, Block.objects.count()) == (422, 0)


def test_a_party_is_seated_elsewhere_when_its_table_isn_t_free(
    host: Browser, bistro: Business
) -> None:
    late = book(bistro, SEVEN - HOUR)
    services.check_in(late, by=SYSTEM, now=SEVEN - HOUR)
    coming = book(bistro, SEVEN)
    host.now = SEVEN + 2 * MINUTE
    board = host.get("floor/").content.decode()
    assert f"/desk/bistro/floor/seat/{coming.pk}/" in board
    sheet = host.get(f"floor/seat/{coming.pk}/").content.decode()
    assert "Seat there all the same" in sheet
    reply = host.post(f"floor/seat/{coming.pk}/", script=True, at=str(table(bistro, "Table 3").pk))
    assert said(reply) == "Maria Garcia sits at Table 3."
    coming.refresh_from_db()
    assert (coming.state, coming.resource_ids) == ("checked_in", [table(bistro, "Table 3").pk])


# --- squeezing in --------------------------------------------------------------------------------

ANA: dict[str, Any] = {"party": "2", "time": "20:30", "name": "Ana Cruz"}


def test_overbooking_asks_why_and_the_board_shows_it(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    refused = host.post("floor/overbook/", script=True, **ANA)
    assert (refused.status_code, Booking.objects.count()) == (422, 0)
    reply = host.post("floor/overbook/", script=True, reason="<i>Owner's friend</i>", **ANA)
    assert said(reply) == "Overbooked: 2 guests at 20:30, without a table."
    made = Booking.objects.get()
    assert (made.overbooked, made.resource_ids) == ("<i>Owner's friend</i>", [])
    page = host.get("floor/").content.decode()
    assert "Overbooked" in page
    assert "<i>Owner" not in page
    book = host.get("book/", day="2026-06-19").content.decode()
    assert '<span class="tag">Overbooked</span>' in book
    assert "&lt;i&gt;Owner" in book
    host.now = SEVEN + 90 * MINUTE
    services.check_in(made, by=SYSTEM, now=host.now)
    assert "Here, without a table" in host.get("floor/").content.decode()
    assert invariants.broken() == []


def test_who_is_overbooked_is_given_a_table_that_is_free(host: Browser, bistro: Business) -> None:
    host.now = SEVEN
    host.post("floor/overbook/", reason="Regular", **ANA)
    made = Booking.objects.get()
    host.now = SEVEN + 90 * MINUTE
    sheet = host.get(f"floor/seat/{made.pk}/").content.decode()
    assert "Overbooked, no table yet: Regular" in sheet
    host.post(f"floor/seat/{made.pk}/", at=str(table(bistro).pk))
    made.refresh_from_db()
    assert (made.state, made.overbooked) == ("checked_in", "")
    assert invariants.broken() == []


def test_nothing_of_another_business_is_seated_or_blocked(host: Browser, bistro: Business) -> None:
    from tests.builders import business, tables

    other = business("Other")
    (theirs,) = tables(other, 1)
    made = services.book(wish(other, SEVEN), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    host.now = SEVEN
    entry, _ = services.join_waitlist(
        other, guest=GuestDetails("X"), preferred_date=SEVEN.date(), by=SYSTEM, now=NOW
    )
    stranger = user("stranger@example.com")
    assert stranger.pk
    for rest in (
        f"floor/{theirs.pk}/",
        f"floor/seat/{made.pk}/",
        f"floor/walk-in/?entry={entry.pk}",
    ):
        assert host.client.get(host.url(rest)).status_code == 404
    refused = host.post("floor/walk-in/", script=True, party="2", at=str(theirs.pk))
    assert (refused.status_code, Booking.objects.filter(business=bistro).count()) == (422, 0)
    assert Resource.objects.filter(pk=theirs.pk, blocks=None).exists()
