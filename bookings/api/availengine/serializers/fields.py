"""The pieces that this protocol's requests are made of."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from rest_framework import serializers

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)  # days outside are slips of the keyboard
NAME, TEXT, NOTES = 100, 200, 1000
MOST_GUESTS = 50
MINUTES = (5, 480)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::00)?")


class Day(serializers.DateField):
    """A date as YYYY-MM-DD, in the years that people book."""

    def to_internal_value(self, value: Any) -> date:
        if not (isinstance(value, str) and _DATE.fullmatch(value)):
            raise serializers.ValidationError("A date is YYYY-MM-DD.")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise serializers.ValidationError("There is no such date.") from None
        if not FIRST <= day <= LAST:
            raise serializers.ValidationError(f"Must be from {FIRST} to {LAST}.")
        return day


class WallTime(serializers.TimeField):
    """A time as HH:MM, 24-hour, on the business's wall; whole seconds may be said as :00."""

    def to_internal_value(self, value: Any) -> time:
        if not (isinstance(value, str) and _TIME.fullmatch(value)):
            raise serializers.ValidationError("A time is HH:MM, 24-hour.")
        return time.fromisoformat(value)


class Text(serializers.CharField):
    """Text; a number isn't one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Slug(Text, serializers.SlugField):
    """A name in an address."""


class Customer(serializers.Serializer[Any]):
    """Who comes, whole."""

    first_name = Text(max_length=NAME)
    last_name = Text(max_length=NAME)
    email = serializers.EmailField(max_length=254)
    phone = Text(min_length=7, max_length=20)


class KnownCustomer(serializers.Serializer[Any]):
    """Who comes, as far as staff know."""

    first_name = Text(max_length=NAME, required=False, allow_blank=True)
    last_name = Text(max_length=NAME, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = Text(min_length=7, max_length=20, required=False, allow_blank=True)
