"""Money: exact, in one currency at a time, and written as its currency is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import Money, OtherCurrency, decimals, total

MINOR = st.integers(min_value=-(10**12), max_value=10**12)
CURRENCY = st.sampled_from(["EUR", "GBP", "JPY", "KWD", "CLF"])
AMOUNT = st.builds(Money, MINOR, CURRENCY)
RATE = st.decimals(min_value=0, max_value=200, places=3)


@pytest.mark.parametrize(
    "minor, currency, major",
    [
        (2500, "EUR", "25.00"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (100_000_000, "USD", "1000000.00"),
        (2500, "JPY", "2500"),
        (0, "JPY", "0"),
        (2500, "KWD", "2.500"),
        (25, "CLF", "0.0025"),
    ],
)
def test_it_is_written_with_the_decimals_of_its_currency(
    minor: int, currency: str, major: str
) -> None:
    amount = Money(minor, currency)
    assert (amount.major, str(amount)) == (major, f"{major} {currency}")
    assert Money.read(major, currency) == amount


@given(amount=AMOUNT)
def test_what_was_written_reads_as_the_same(amount: Money) -> None:
    assert Money.read(amount.major, amount.currency) == amount


@pytest.mark.parametrize(
    "text, currency",
    [
        ("0.001", "EUR"),
        ("1.5", "JPY"),
        ("", "EUR"),
        ("ten", "EUR"),
        ("NaN", "EUR"),
        ("Inf", "EUR"),
        ("1e3", "EUR"),
        (" 1", "EUR"),
    ],
)
def test_what_is_no_amount_of_the_currency_isn_t_read(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        Money.read(text, currency)


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
def test_an_amount_is_a_whole_number(minor: Any) -> None:
    with pytest.raises(TypeError):
        Money(minor, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€", "EUR\n"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, currency)


@given(one=MINOR, other=MINOR, currency=CURRENCY, times=st.integers(-1000, 1000))
def test_sums_and_products_are_those_of_whole_numbers(
    one: int, other: int, currency: str, times: int
) -> None:
    a, b = Money(one, currency), Money(other, currency)
    assert a + b == b + a == total([a, b], currency) == Money(one + other, currency)
    assert a - b == a + -b
    assert a * times == times * a == Money(one * times, currency)
    assert (a < b, a <= b, a > b, a >= b) == (one < other, one <= other, one > other, one >= other)
    assert bool(a) == (one != 0)
    assert total([], currency) == Money(0, currency)


def test_two_currencies_are_neither_added_nor_compared() -> None:
    euros, pounds = Money(1, "EUR"), Money(1, "GBP")
    for mix in (
        lambda: euros + pounds,
        lambda: euros - pounds,
        lambda: euros < pounds,
        lambda: total([pounds], "EUR"),
    ):
        with pytest.raises(OtherCurrency, match="EUR and GBP"):
            mix()
    assert euros != pounds


@given(amount=AMOUNT, rate=RATE)
def test_a_percentage_is_the_nearest_unit_and_half_of_one_goes_up(
    amount: Money, rate: Decimal
) -> None:
    exact = Fraction(amount.minor) * Fraction(rate) / 100
    away = 1 if exact >= 0 else -1
    nearest = away * int(abs(exact) + Fraction(1, 2))  # slow, obvious
    assert amount.percent(rate) == Money(nearest, amount.currency)


def test_percentages_people_know() -> None:
    assert Money(2500, "EUR").percent(50) == Money(1250, "EUR")
    assert Money(999, "EUR").percent(Decimal("2.9")) == Money(29, "EUR")
    assert Money(5, "EUR").percent(50) == Money(3, "EUR")  # not the even 2
    assert Money(-5, "EUR").percent(50) == Money(-3, "EUR")


@given(amount=AMOUNT, shares=st.integers(1, 200))
def test_shares_are_the_whole_and_nearly_equal(amount: Money, shares: int) -> None:
    found = amount.split(shares)
    assert len(found) == shares
    assert total(found, amount.currency) == amount
    assert max(each.minor for each in found) - min(each.minor for each in found) <= 1
    assert found == sorted(found, key=lambda each: -each.minor)


def test_nothing_is_split_among_nobody() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Money(1, "EUR").split(0)


def test_most_currencies_have_two_decimals() -> None:
    assert [decimals(each) for each in ("EUR", "JPY", "KWD", "XYZ")] == [2, 0, 3, 2]
