"""`manage.py load_demo`"""

import json
import shlex
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand, CommandError

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
    """Two commands to paste: what is free tomorrow at seven for two, and a booking of it."""
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
    auth = shlex.quote(f"Authorization: Bearer {facts['api_key']}")
    query = f"booking_date={tomorrow}&start_time=19:00&duration_minutes=90&capacity=2"
    path = f"{facts['base_url']}/v1/dynamic"
    availability = shlex.quote(f"{path}/availability/{facts['business_id']}?{query}")
    return {
        "availability": f"curl -sS -H {auth} {availability}",
        "booking": f"curl -sS -H {auth} -H 'Content-Type: application/json'"
        f" -d {shlex.quote(json.dumps(body))} {path}/bookings",
    }
