"""Who changed which setting: kept with the change, shown below the list of all settings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.utils import translation

from accounts import services as accounts
from accounts.models import Business
from tests.builders import business
from tests.desk.conftest import Browser, works_at
from tests.desk.test_settings_business import rules
from tests.desk.test_settings_hours import HOSTILE, text
from tests.desk.test_settings_offered import thing


def changes(at: Browser) -> list[str]:
    """What is said of each change but when it was."""
    page = text(at.get("settings/")).partition("Recent changes ")[2]
    return re.split(r" \w{3} \d{1,2} \w{3}, \d\d:\d\d ?", page)[:-1]


def test_it_says_who_changed_what(manager: Browser, bistro: Business) -> None:
    assert "Recent changes" not in text(manager.get("settings/"))
    assert manager.post("settings/rules/", **rules()).status_code == 303
    manager.post("settings/rules/", **rules(hold_minutes_0="15", schedule_weeks="9"))
    assert manager.post("settings/resources/new/", **thing(name=HOSTILE)).status_code == 303
    assert changes(manager) == [
        f"Tables, rooms and spots · {HOSTILE} Added manager@example.com",
        "Booking rules Changed: Holds last, Weeks of classes ahead manager@example.com",
        "Booking rules Changed: How guests book, Notice, How far ahead, Interval, Usual length, "
        "Holds last manager@example.com",
    ]
    with translation.override("de"):
        manager.client.cookies["django_language"] = "de"
        page = text(manager.get("settings/"))
    assert "Buchungsregeln Geändert: Vormerkungen gelten" in page


def test_managers_don_t_see_what_is_only_for_owners(
    owner: Browser, manager: Browser, host: Browser
) -> None:
    form: Any = {"name": "Till", "scopes": ["read"], "rate_limit_rpm": "30"}
    assert owner.post("settings/keys/new/", **form).status_code == 200
    assert changes(owner) == ["API keys · Till Added owner@example.com"]
    assert "Till" not in text(manager.get("settings/"))
    assert host.get("settings/").status_code == 403


def test_another_business_s_changes_aren_t_there(manager: Browser) -> None:
    other = works_at(business("Elsewhere"), "manager", "other@example.com")
    assert other.post("settings/rules/", **rules()).status_code == 303
    assert [len(changes(each)) for each in (other, manager)] == [1, 0]


def test_what_was_refused_or_left_as_it_was_is_no_change(manager: Browser) -> None:
    manager.post("settings/rules/", **rules())
    manager.post("settings/rules/", **rules())  # the same again
    manager.post("settings/rules/", **rules(schedule_weeks="99"))
    manager.post("settings/account/", do="name", first_name="Ana", last_name="")  # one's own
    assert LogEntry.objects.count() == 1


def test_no_change_without_its_line(
    manager: Browser, bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_values: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(accounts, "note_change", broken)
    with pytest.raises(RuntimeError):
        manager.post("settings/rules/", **rules(schedule_weeks="9"))
    bistro.refresh_from_db()
    assert bistro.schedule_weeks == Business().schedule_weeks


def test_the_back_office_s_changes_are_in_it(owner: Browser, bistro: Business) -> None:
    LogEntry.objects.log_actions(
        owner.user.pk, [bistro], CHANGE, [{"changed": {"fields": ["Name"]}}], single_object=True
    )
    accounts.note_change(bistro, by=owner.user, page="gone", title="A page that was")
    assert changes(owner) == [
        "Back office Changed owner@example.com",
        "Back office Changed: Name owner@example.com",
    ]
