"""All settings, by what they are about."""

from __future__ import annotations

from django.http import HttpResponse

from bookings.web.desk.settings.shared import page, setting
from bookings.web.desk.shell import Desk


@setting()
def index(at: Desk) -> HttpResponse:
    return page(at, "index", here="")
