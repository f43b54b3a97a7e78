"""The search for slots, against the definition of what fits, over invented days."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from availability.slots import (
    Bookable,
    Joined,
    Need,
    Offer,
    Stay,
    Stretch,
    fits,
    paced,
    plan,
    search,
)

TIMES = st.integers(0, 60)


def merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Sorted, overlapping and touching ones joined; slow and obvious."""
    minutes = {each for since, until in stretches for each in range(since, until)}
    found: list[Stretch] = []
    for each in sorted(minutes):
        if found and found[-1][1] == each:
            found[-1] = (found[-1][0], each + 1)
        else:
            found.append((each, each + 1))
    return found


runs = st.lists(st.tuples(TIMES, TIMES), max_size=5).map(
    lambda pairs: merged([(min(pair), max(pair)) for pair in pairs])
)
stays = st.builds(Stay, st.integers(1, 12), st.integers(0, 5), st.integers(0, 5))
starts = st.sets(st.integers(-5, 65)).map(sorted)


@st.composite
def bookables(draw: st.DrawFn, number: int) -> Bookable[str]:
    units = draw(st.integers(1, 3))
    return Bookable(
        f"R{number}",
        draw(runs),
        draw(st.dictionaries(st.integers(0, units), runs, max_size=3)),
        units,
        draw(st.integers(1, 4)),
    )


@st.composite
def needs(draw: st.DrawFn) -> Need[str]:
    found = [draw(bookables(n)) for n in range(draw(st.integers(0, 4)))]
    names = [each.id for each in found]
    joined = []
    if len(names) > 1:
        joined = draw(
            st.lists(
                st.builds(
                    Joined,
                    st.sampled_from(["both", "all"]),
                    st.sets(st.sampled_from(names), min_size=2).map(tuple),
                ),
                max_size=2,
                unique_by=lambda each: each.id,
            )
        )
    return Need(found, joined, draw(st.integers(1, 2)))


@given(st.lists(needs(), max_size=3), starts, stays)
def test_the_search_offers_exactly_what_could_be_planned(
    wanted: list[Need[str]], at: list[int], stay: Stay
) -> None:
    assert search(wanted, at, stay) == [
        offer for each in at if (offer := plan(wanted, each, stay)) is not None
    ]


@given(bookables(1), st.integers(-5, 65), stays)
def test_what_fits_is_open_and_free_minute_by_minute(
    bookable: Bookable[str], start: int, stay: Stay
) -> None:
    opened = {each for since, until in bookable.open for each in range(since, until)}
    around = range(start - stay.before, start + stay.inside + stay.after)
    free = 0
    for unit in range(bookable.units):
        taken = {each for a, b in bookable.taken.get(unit, []) for each in range(a, b)}
        free += taken.isdisjoint(around)
    inside = set(range(start, start + stay.inside))
    assert fits(bookable, start, stay) == (inside <= opened and free >= bookable.needed)


def test_touching_is_not_overlapping() -> None:
    room = Bookable("Room", [(0, 100)], {0: [(20, 40)]})
    found = search([Need([room])], range(0, 100, 10), Stay(20))
    assert [each.start for each in found] == [0, 40, 50, 60, 70, 80]


def test_one_of_these_and_one_of_those() -> None:
    ana = Bookable("Ana", [(0, 50)], {})
    bruno = Bookable("Bruno", [(30, 100)], {0: [(70, 80)]})
    room = Bookable("Room", [(0, 100)], {0: [(10, 30)]})
    assert search([Need([ana, bruno]), Need([room])], range(0, 100, 10), Stay(10)) == [
        Offer(0, (("Ana",), ("Room",))),
        Offer(30, (("Ana", "Bruno"), ("Room",))),
        Offer(40, (("Ana", "Bruno"), ("Room",))),
        Offer(50, (("Bruno",), ("Room",))),
        Offer(60, (("Bruno",), ("Room",))),
        Offer(80, (("Bruno",), ("Room",))),
        Offer(90, (("Bruno",), ("Room",))),
    ]


def test_two_people_at_once() -> None:
    ana = Bookable("Ana", [(0, 50)], {})
    bruno = Bookable("Bruno", [(30, 100)], {})
    found = search([Need([ana, bruno], number=2)], range(0, 100, 10), Stay(10))
    assert [each.start for each in found] == [30, 40]


def test_tables_joined_when_all_of_them_are_free() -> None:
    small = Bookable("T1", [(0, 100)], {0: [(0, 20)]}, needed=2)
    other = Bookable("T2", [(0, 100)], {0: [(50, 60)]}, needed=2)
    found = search(
        [Need([small, other], [Joined("T1+T2", ("T1", "T2"))])], [0, 20, 40, 60], Stay(20)
    )
    assert found == [Offer(20, (("T1+T2",),)), Offer(60, (("T1+T2",),))]


@given(
    starts,
    st.lists(st.tuples(TIMES, st.integers(1, 6)), max_size=8),
    st.integers(1, 6),
    st.none() | st.integers(0, 12),
    st.none() | st.integers(0, 3),
)
def test_pacing_never_lets_more_begin_in_a_bucket(
    at: list[int],
    begun: list[tuple[int, int]],
    party: int,
    covers: int | None,
    parties: int | None,
) -> None:
    left = paced(
        at, begun, bucket=lambda s: s // 15, party_size=party, covers=covers, parties=parties
    )
    for start in at:
        same = [size for s, size in begun if s // 15 == start // 15]
        allowed = (covers is None or sum(same) + party <= covers) and (
            parties is None or len(same) + 1 <= parties
        )
        assert (start in left) == allowed
