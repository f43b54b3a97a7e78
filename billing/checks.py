"""What has to be right before anybody is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection

from billing.models import Plan


@register(Tags.database)
def default_plan(*, databases: Sequence[str] | None = None, **more: Any) -> list[CheckMessage]:
    """Whoever has no subscription is on a plan that is there. Nothing to say before migrating."""
    if not databases or Plan._meta.db_table not in connection.introspection.table_names():
        return []
    wrong = no_default_plan()
    return [Error(wrong, id="billing.E001")] if wrong else []


def no_default_plan() -> str:
    """What is wrong with the setting, empty where nothing is or nothing can be asked."""
    try:
        known = list(Plan.objects.order_by("display_order", "key").values_list("key", flat=True))
    except DatabaseError:
        return ""
    if settings.DEFAULT_PLAN in known:
        return ""
    return f"DEFAULT_PLAN: “{settings.DEFAULT_PLAN}” is none of {', '.join(known)}."
