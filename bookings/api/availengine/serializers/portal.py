"""Requests of the developer portal, of billing and of webhooks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookings.api.availengine.notices import EVENTS
from bookings.api.availengine.serializers.fields import NAME, Text


class Registration(serializers.Serializer[Any]):
    """A developer who registers."""

    email = serializers.EmailField(max_length=254)
    password = Text(max_length=128, trim_whitespace=False)
    first_name = Text(max_length=NAME)
    last_name = Text(max_length=NAME)


class Credentials(serializers.Serializer[Any]):
    """Who logs in."""

    email = serializers.EmailField(max_length=254)
    password = Text(max_length=128, trim_whitespace=False)


class NewBusiness(serializers.Serializer[Any]):
    """A developer's business."""

    name = Text(min_length=2, max_length=NAME)
    business_type = Text(max_length=50, required=False, default="service")
    is_dev = serializers.BooleanField(required=False, default=False)


class Checkout(serializers.Serializer[Any]):
    """Which plan."""

    plan = Text(max_length=30)


class NewWebhook(serializers.Serializer[Any]):
    """Where to tell of which events."""

    url = serializers.URLField(max_length=500)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS), allow_empty=False, max_length=50
    )


class SandboxPayment(serializers.Serializer[Any]):
    """What proves that it is the guest who pays."""

    client_secret = Text(max_length=120)
