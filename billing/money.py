"""Amounts of money: whole numbers of a currency's smallest unit. Pure.

Never a float, and a fraction only while a share is worked out: it is rounded once, to the nearest
unit and half of one away from zero, as is usual in trade. How many decimals a currency has is
ISO 4217's; what isn't listed has two.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

DECIMALS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
         "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
_CODE = re.compile(r"[A-Z]{3}")
_MAJOR = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


class OtherCurrency(ValueError):
    """Two amounts that can't be added or compared: nobody said at which rate."""


def decimals(currency: str) -> int:
    """How many digits a currency has behind its point."""
    return DECIMALS.get(currency, 2)


@dataclasses.dataclass(frozen=True, slots=True)
class Money:
    """So many of a currency's smallest unit: 2500 of EUR is 25.00, and of JPY 2500."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("An amount is a whole number of the smallest unit.")
        if not _CODE.fullmatch(self.currency):
            raise ValueError("A currency is three capital letters (ISO 4217).")

    @classmethod
    def read(cls, major: str, currency: str) -> Money:
        """An amount as people and some protocols write it, "25.00". Raises ValueError for more
        digits than the currency has, and for what is no number."""
        if not _MAJOR.fullmatch(major):
            raise ValueError("This is no amount.")
        minor = Decimal(major).scaleb(decimals(currency))
        if minor != int(minor):
            raise ValueError(f"{currency} has {decimals(currency)} decimals.")
        return cls(int(minor), currency)

    @property
    def major(self) -> str:
        """As `read` takes it: "25.00", in yen "2500"."""
        return f"{Decimal(self.minor).scaleb(-decimals(self.currency)):f}"

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        """So many of it; a share is taken with `percent` or `split`."""
        return Money(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def percent(self, rate: Decimal | int) -> Money:
        """That many hundredths of it, rounded once."""
        exact = Decimal(self.minor) * rate / 100
        return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

    def split(self, shares: int) -> list[Money]:
        """In shares that differ by one unit at most and together are the whole; larger first."""
        if shares < 1:
            raise ValueError("There is at least one share.")
        each, more = divmod(self.minor, shares)
        return [Money(each + (number < more), self.currency) for number in range(shares)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise OtherCurrency(f"{self.currency} and {other.currency}")
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """All of them together, none of them being nothing of this currency."""
    return sum(amounts, Money(0, currency))
