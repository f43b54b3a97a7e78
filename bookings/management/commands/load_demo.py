"""`manage.py load_demo`"""

import json
import shlex
from argparse import ArgumentParser
from base64 import b64encode
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from accounts.identifiers import hex24
from bookings import demo


class Command(BaseCommand):
    help = "Load the demo businesses: a bistro, a gym and a spa. Loading them again is harmless."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was made as JSON")
        parser.add_argument("--base-url", default=settings.PUBLIC_URL, help="where the API answers")
        parser.add_argument(
            "--kept",
            type=Path,
            default=settings.BASE_DIR / "var" / "demo" / "credentials.json",
            help="the file that the key is kept in from one loading to the next",
        )
        parser.add_argument("--force", action="store_true", help="in production too")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION and not options["force"]:
            raise CommandError("The demo has known passwords; in production say --force.")
        facts = demo.load(options["kept"])
        facts["base_url"] = options["base_url"]
        facts["curl"] = curls(facts)
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        for login in facts["logins"]:
            self.stdout.write("{email}  {password}  {role}".format(**login))
        self.stdout.write(f"API key of the bistro: {facts['api_key']}")
        for command in facts["curl"].values():
            self.stdout.write(command)


def curls(facts: dict[str, Any]) -> dict[str, str]:
    """Commands to paste: what is free tomorrow at seven for two, a booking of it, and what the
    other businesses offer by the other protocols."""
    tomorrow = datetime.now(ZoneInfo(facts["zone"])).date() + timedelta(days=1)
    body = {
        "business_id": facts["business_id"],
        "booking_date": tomorrow.isoformat(),
        "start_time": "19:00",
        "duration_minutes": 90,
        "capacity": 2,
        "first_name": "Maria",
        "last_name": "Garcia",
        "email": "maria@example.com",
        "phone": "+1234567890",
    }
    base, spa, gym = facts["base_url"], facts["spa"], facts["gym"]
    auth = f"Authorization: Bearer {facts['api_key']}"
    query = f"booking_date={tomorrow}&start_time=19:00&duration_minutes=90&capacity=2"
    client_id, _, secret = facts["octotable_key"].partition(":")
    client = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    ten = datetime.combine(tomorrow, time(10), ZoneInfo(facts["zone"]))
    google = b64encode(facts["google_key"].encode()).decode()
    asked = [
        {"service_id": spa["service_id"], "start_sec": str(int(each.timestamp()))}
        for each in (ten, ten + timedelta(hours=1))
    ]
    week = {"start": f"{tomorrow}T00:00:00Z", "end": f"{tomorrow + timedelta(days=7)}T00:00:00Z"}
    return {
        "availability": _curl(
            f"{base}/v1/dynamic/availability/{facts['business_id']}?{query}", auth
        ),
        "booking": _curl(f"{base}/v1/dynamic/bookings", auth, body=body),
        "scheduled": _curl(
            f"{base}/v1/availability/{spa['business_id']}"
            f"?date={tomorrow}&service_id={spa['service_id']}"
        ),
        "myreserva": _curl(
            f"{base}/api/v1/public/availability/grid"
            f"?service_id={hex24(UUID(spa['service_id']))}"
            f"&outlet_id={hex24(UUID(spa['location_id']))}&start_date={tomorrow}"
        ),
        "appointedd": _curl(
            f"{base}/appointedd/v1/availability/intervals/search",
            f"X-API-KEY: {facts['appointedd_key']}",
            body={"ranges": [week], "service_id": gym["service_id"]},
        ),
        "google": _curl(
            f"{base}/google/v3/BatchAvailabilityLookup",
            f"Authorization: Basic {google}",
            body={"merchant_id": spa["location_id"], "slot_time": asked},
        ),
        "octotable": _curl(f"{base}/octotable-pms/api/v2/oauth2/token", body=client),
    }


def _curl(url: str, *headers: str, body: Any = None) -> str:
    words = ["curl", "-sS"]
    for header in headers:
        words += ["-H", header]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join([*words, url])
