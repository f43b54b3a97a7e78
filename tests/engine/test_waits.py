"""A wait that is told is one in which nobody is given what another has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bookings.waits import Place, rounded, soonest

NOW = datetime(2026, 6, 19, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FOREVER = timedelta(days=30)

minutes = st.integers(0, 300)
stretches = st.lists(
    st.tuples(minutes, st.integers(1, 120)).map(
        lambda each: (NOW + each[0] * MINUTE, NOW + (each[0] + each[1]) * MINUTE)
    ),
    max_size=5,
)
tables = st.lists(
    st.builds(lambda most, taken: Place(1, most, taken), st.integers(1, 8), stretches),
    min_size=1,
    max_size=5,
)
parties = st.tuples(st.integers(1, 8), st.integers(15, 120).map(lambda count: count * MINUTE))


@given(places=tables, party=parties)
def test_they_sit_at_a_table_that_fits_and_is_free_and_no_sooner_one_is(
    places: list[Place], party: tuple[int, timedelta]
) -> None:
    size, lasts = party
    start = soonest(places, party, before=(), now=NOW, within=FOREVER)
    fitting = [each for each in places if each.most >= size]

    def is_free(place: Place, at: datetime) -> bool:
        return all(end <= at or begin >= at + lasts for begin, end in place.taken)

    if start is None:
        assert fitting == []
        return
    assert start >= NOW
    assert any(is_free(each, start) for each in fitting)
    sooner = [NOW + n * MINUTE for n in range(int((start - NOW) / MINUTE))]
    assert not any(is_free(each, at) for each in fitting for at in sooner)


@given(places=tables, queue=st.lists(parties, max_size=4), party=parties)
def test_nobody_waits_less_for_others_being_there_first(
    places: list[Place], queue: list[tuple[int, timedelta]], party: tuple[int, timedelta]
) -> None:
    alone = soonest(places, party, before=(), now=NOW, within=FOREVER)
    after = soonest(places, party, before=queue, now=NOW, within=FOREVER)
    assert (alone is None) == (after is None)
    if alone and after:
        assert alone <= after


def test_a_wait_is_told_in_five_minutes() -> None:
    told = [int(rounded(n * MINUTE) / MINUTE) for n in (0, 1, 5, 6, 44)]
    assert told == [0, 5, 5, 10, 45]
