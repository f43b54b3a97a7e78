"""Every page of the settings: who sees it, and that another's things aren't there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk.conftest import Browser

MANAGERS = (
    "", "business/", "rules/", "mails/", "deposits/", "hours/", "services/", "services/new/",
    "resources/",
    "resources/new/", "staff/", "staff/new/", "locations/", "locations/new/", "pacing/",
    "widget/", "account/",
)  # fmt: skip

OWNERS = (
    "keys/", "keys/new/", "webhooks/", "webhooks/new/", "protocols/", "protocols/google/new/",
    "plan/", "team/", "team/invite/",
)  # fmt: skip


@pytest.mark.parametrize("page", MANAGERS)
def test_managers_see_it_and_staff_don_t(page: str, manager: Browser, host: Browser) -> None:
    shown: Any = manager.get(f"settings/{page}")
    assert shown.status_code == 200
    assert manager.get(f"settings/{page}", script=True).status_code == 200
    assert host.get(f"settings/{page}").status_code == 403


@pytest.mark.parametrize("page", OWNERS)
def test_only_owners_see_keys_plan_and_team(page: str, owner: Browser, manager: Browser) -> None:
    assert owner.get(f"settings/{page}").status_code == 200
    assert owner.get(f"settings/{page}", script=True).status_code == 200
    assert manager.get(f"settings/{page}").status_code == 403
    assert manager.post(f"settings/{page}").status_code == 403
    assert f"/settings/{page}" not in manager.get("settings/").content.decode()
