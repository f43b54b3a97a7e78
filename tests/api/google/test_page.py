"""Every example of docs/protocols/google.md, run as it is written."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Business
from bookings import demo, offers
from bookings.wishes import Search
from resources.models import Service
from tests.web import serving

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PAGE = (Path(__file__).parents[3] / "docs" / "protocols" / "google.md").read_text()
EXAMPLES = re.findall(r"^\$ (g .*)\n(\{.*\})$", PAGE, re.MULTILINE)
CURL = re.search(r"^g\(\) .*$", PAGE, re.MULTILINE)


def alike(text: str) -> Any:
    """An answer but for its ids and times."""
    text = re.sub(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "ID", text)
    return json.loads(re.sub(r'"start_sec": "\d{10}"', '"start_sec": "TIME"', text))


def test_every_example_is_answered_as_the_page_says(tmp_path: Path) -> None:
    demo.load(tmp_path / "key")
    said = io.StringIO()
    call_command("create_api_key", "demo-spa", "--protocol", "google", "--json", stdout=said)
    spa = Business.objects.get(slug="demo-spa")
    facial = Service.objects.get(business=spa, name="Facial")
    facial.business = spa
    soon = datetime.now(UTC).date() + timedelta(days=3)
    slot = offers.slots(
        Search(business=spa, service=facial, first_day=soon, last_day=soon + timedelta(days=7))
    )[0]
    assert CURL
    assert len(EXAMPLES) == 5
    with serving() as web:
        known = os.environ | {
            "API": f"http://127.0.0.1:{web.port}/google/v3",
            "KEY": json.loads(said.getvalue())["api_key"],
            "PLACE": str(slot.location_id),
            "SERVICE": str(facial.pk),
            "START": str(int(slot.starts_at.timestamp())),
        }
        for command, answer in EXAMPLES:
            done = subprocess.run(
                ["bash", "-c", f"{CURL[0]}\n{command}"],
                env=known,
                capture_output=True,
                text=True,
                check=True,
            )
            assert alike(done.stdout) == alike(answer), command
            if found := json.loads(done.stdout).get("booking"):
                known["BOOKING"] = found["booking_id"]
