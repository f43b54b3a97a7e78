"""Who serves a party: against every possible choice, one by one."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts import contact, identifiers
from bookings import lifecycle, references
from bookings.assignment import Candidate, Combined, Plan, free, natural_key, plan, units_needed
from bookings.lifecycle import State


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for n in range(draw(st.integers(0, 5))):
        units = draw(st.integers(1, 4))
        covers_max = draw(st.integers(1, 6))
        found.append(
            Candidate(
                id=uuid.UUID(int=n + 1),
                kind=draw(st.sampled_from(["table", "staff"])),
                name=f"Table {draw(st.integers(1, 12))}",
                units=units,
                covers_min=draw(st.integers(1, 3)),
                covers_max=covers_max,
                display_order=draw(st.integers(0, 1)),
                taken_units=draw(st.frozensets(st.integers(0, units))),  # it had one more once
                load=timedelta(minutes=draw(st.integers(0, 2))),
            )
        )
    return found


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Candidate], list[Combined]]:
    found = draw(candidates())
    joined = []
    for n in range(draw(st.integers(0, 3)) if len(found) > 1 else 0):
        members = draw(st.lists(st.sampled_from(found), min_size=2, max_size=3, unique=True))
        joined.append(
            Combined(
                id=uuid.UUID(int=100 + n),
                name=f"Set {n}",
                covers_min=draw(st.integers(1, 4)),
                covers_max=draw(st.integers(4, 14)),
                members=tuple(each.id for each in members),
                display_order=0,
            )
        )
    return found, joined


parties = st.integers(1, 14)


def seats(candidate: Candidate, party: int) -> int:
    return (units_needed(candidate, party) or 0) * candidate.covers_max


def could_serve(candidate: Candidate, party: int) -> bool:
    """Any set of free units that seats them all; slow and obvious."""
    if party < candidate.covers_min:
        return False
    left = range(candidate.units - len(candidate.taken_units))
    return any(
        count * candidate.covers_max >= party
        for count in range(1, len(left) + 1)
        for _ in itertools.combinations(left, count)
    )


@given(books(), parties)
def test_nobody_is_refused_while_something_fits(
    book: tuple[list[Candidate], list[Combined]], party: int
) -> None:
    found, joined = book
    untaken = {each.id for each in found if not each.taken_units}
    alone = any(could_serve(each, party) for each in found)
    together = any(
        each.covers_min <= party <= each.covers_max and untaken.issuperset(each.members)
        for each in joined
    )
    assert (plan(found, joined, party) is not None) == (alone or together)


@given(candidates(), parties)
def test_the_offer_is_what_can_be_sold(found: list[Candidate], party: int) -> None:
    offered = free(found, party)
    assert {each.id for each in offered} == {e.id for e in found if could_serve(e, party)}
    for each in offered:
        chosen = plan(found, (), party, choose=each.id)
        assert chosen is not None
        assert chosen.resource_ids == (each.id,)


@given(books(), parties)
def test_what_is_taken_was_free_and_seats_them(
    book: tuple[list[Candidate], list[Combined]], party: int
) -> None:
    found, joined = book
    chosen = plan(found, joined, party)
    if chosen is None:
        return
    by_id = {each.id: each for each in found}
    assert len(set(chosen.takes)) == len(chosen.takes)
    assert all(unit not in by_id[id_].taken_units for id_, unit in chosen.takes)
    assert all(0 <= unit < by_id[id_].units for id_, unit in chosen.takes)
    assert {id_ for id_, _ in chosen.takes} == set(chosen.resource_ids)


@given(books(), parties)
def test_never_more_seats_than_needed_while_fewer_are_enough(
    book: tuple[list[Candidate], list[Combined]], party: int
) -> None:
    found, joined = book
    chosen = plan(found, joined, party)
    able = [each for each in found if could_serve(each, party)]
    if chosen is None or not able:
        return
    assert len(chosen.resource_ids) == 1, "a combination only when nothing serves them alone"
    picked = next(each for each in found if each.id == chosen.resource_ids[0])
    fewest = min(seats(each, party) for each in able)
    assert seats(picked, party) == fewest
    if picked.kind == "staff":
        rivals = [e for e in able if e.kind == "staff" and seats(e, party) == fewest]
        assert picked.load == min(each.load for each in rivals)


def test_a_taken_member_takes_the_combination() -> None:
    one, two = (
        Candidate(uuid.UUID(int=n), "table", f"Table {n}", 1, 1, 4, 0, frozenset()) for n in (1, 2)
    )
    joined = [Combined(uuid.UUID(int=9), "Both", 5, 8, (one.id, two.id), 0)]
    assert plan([one, two], joined, 6) == Plan(((one.id, 0), (two.id, 0)), (one.id, two.id))
    assert plan([one, two._replace(taken_units=frozenset({0}))], joined, 6) is None


@given(st.lists(st.integers(0, 200), max_size=8))
def test_names_sort_as_people_count(numbers: list[int]) -> None:
    names = [f"Table {n}" for n in numbers]
    assert sorted(names, key=natural_key) == [f"Table {n}" for n in sorted(numbers)]


@given(st.text(), st.text())
def test_any_two_names_can_be_sorted(one: str, other: str) -> None:
    assert isinstance(natural_key(one) < natural_key(other), bool)


def test_which_state_may_follow_which() -> None:
    assert {s.value: sorted(lifecycle.may_follow(s)) for s in State} == {
        "held": ["cancelled", "confirmed", "expired", "pending"],
        "pending": ["cancelled", "confirmed", "expired"],
        "confirmed": ["cancelled", "checked_in", "no_show"],
        "checked_in": ["cancelled", "completed"],
        "completed": [],
        "cancelled": [],
        "no_show": [],
        "expired": [],
    }
    assert {*lifecycle.TAKING, *lifecycle.TERMINAL} == set(State)


def test_references_have_no_look_alikes_and_are_read_however_they_are_typed() -> None:
    made = {references.new_reference() for _ in range(500)}
    assert len(made) == 500
    assert all(len(each) == 8 and set(each) <= set(references.ALPHABET) for each in made)
    assert references.normalise(" ab-cd 23ef ") == "ABCD23EF"


@given(st.uuids())
def test_a_short_id_finds_its_row(key: uuid.UUID) -> None:
    for low, high in (
        identifiers.hex24_range(identifiers.hex24(key).upper()),
        identifiers.int48_range(identifiers.int48(key)),
    ):
        assert low <= key <= high
    assert identifiers.int48(key) < 2**53


def test_phones_and_addresses_are_told_apart_as_people_do() -> None:
    assert contact.phone_key("+1 (234) 567-890") == contact.phone_key("+1.234.567.890")
    assert contact.phone_key("0043 1 5") != contact.phone_key("+43 1 5")
    assert contact.email_key(" Maria@Example.COM ") == "maria@example.com"
