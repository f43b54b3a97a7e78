"""Rules, deposits, mails, looks, programs, plan, team and one's own account."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import widget
from accounts.keys import digest
from accounts.models import Business, Channel, Membership, User
from billing.models import Plan, Subscription
from bookings import outward, relay, services
from bookings.models import WebhookDelivery, WebhookEndpoint
from bookings.wishes import SYSTEM
from tests.builders import MARIA, NOW, business, channel, wish
from tests.desk.conftest import Browser, said
from tests.desk.test_settings_hours import HOSTILE, hidden, text

PASSWORD = "correct horse battery"


# --- what holds for all --------------------------------------------------------------------------


def test_what_it_is_is_changed(manager: Browser, bistro: Business) -> None:
    form: Any = {
        "name": HOSTILE, "business_type": "bar", "slug": "bistro", "timezone": "Europe/London",
        "currency": "eur",
    }  # fmt: skip
    assert manager.post("settings/business/", **form).status_code == 303
    bistro.refresh_from_db()
    assert (bistro.name, bistro.currency) == (HOSTILE, "EUR")
    page = manager.get("settings/").content.decode()
    assert (HOSTILE in page, "&lt;script&gt;alert" in page) == (False, True)
    other = business("Other")
    for wrong in ({"slug": other.slug}, {"slug": "a b"}, {"currency": "12"}, {"timezone": "Mars"}):
        assert manager.post("settings/business/", **form | wrong).status_code == 422


def test_the_clock_is_changed_after_a_look_at_what_it_strands(
    manager: Browser, bistro: Business
) -> None:
    services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    form: Any = {
        "name": "Bistro", "business_type": "bar", "slug": "bistro", "timezone": "Asia/Tokyo",
        "currency": "GBP",
    }  # fmt: skip
    shown = manager.post("settings/business/", **form)
    assert "Clock before: Europe/London from now on: Asia/Tokyo" in text(shown)
    assert "1 booking can’t be kept" in text(shown)
    bistro.refresh_from_db()
    assert bistro.timezone == "Europe/London"
    assert manager.post("settings/business/", **hidden(shown), do="save").status_code == 303
    bistro.refresh_from_db()
    assert bistro.timezone == "Asia/Tokyo"


def rules(**changes: str) -> Any:
    form = {
        "booking_mode": "scheduled", "min_notice_minutes_0": "2", "min_notice_minutes_1": "60",
        "max_advance_days_0": "60", "max_advance_days_1": "1440", "slot_interval_minutes_0": "15",
        "slot_interval_minutes_1": "1", "default_duration_minutes_0": "90",
        "default_duration_minutes_1": "1", "buffer_minutes_0": "0", "buffer_minutes_1": "1",
        "hold_minutes_0": "10", "hold_minutes_1": "1", "schedule_weeks": "8",
    }  # fmt: skip
    return form | changes


def test_rules_are_kept_in_the_units_that_they_are_said_in(
    manager: Browser, bistro: Business
) -> None:
    assert manager.post("settings/rules/", **rules()).status_code == 303
    bistro.refresh_from_db()
    assert (
        bistro.booking_mode,
        bistro.min_notice_minutes,
        bistro.max_advance_days,
        bistro.slot_interval_minutes,
        bistro.hold_minutes,
        bistro.relax_minimum_covers,
    ) == ("scheduled", 120, 60, 15, 10, False)
    shown = manager.get("settings/rules/").content.decode()
    assert 'name="min_notice_minutes_0" value="2"' in shown
    for wrong, words in (
        ({"slot_interval_minutes_0": "1"}, "From 5 minutes to 1 day."),
        ({"hold_minutes_0": ""}, "Say how long."),
        ({"schedule_weeks": "99"}, "less than or equal to 53"),
        ({"booking_mode": "chaotic"}, "valid choice"),
    ):
        reply = manager.post("settings/rules/", **rules(**wrong))
        assert (reply.status_code, words in text(reply)) == (422, True), wrong


def test_dynamic_booking_needs_a_plan_that_has_it(manager: Browser, bistro: Business) -> None:
    Business.objects.filter(pk=bistro.pk).update(booking_mode="scheduled")
    Subscription.objects.filter(business=bistro).update(plan=Plan.objects.get(key="starter"))
    refused = manager.post("settings/rules/", **rules(booking_mode="dynamic"))
    assert (refused.status_code, "Your plan doesn’t include" in text(refused)) == (422, True)
    Subscription.objects.filter(business=bistro).update(plan=Plan.objects.get(key="scale"))
    assert manager.post("settings/rules/", **rules(booking_mode="dynamic")).status_code == 303


def test_mails_and_the_waitlist_are_kept(manager: Browser, bistro: Business) -> None:
    form: Any = {
        "reminder_hours_0": "2", "reminder_hours_1": "1440", "waitlist_promotes": "on",
        "waitlist_offer_minutes_0": "20", "waitlist_offer_minutes_1": "1",
    }  # fmt: skip
    assert manager.post("settings/mails/", **form).status_code == 303
    bistro.refresh_from_db()
    assert (
        bistro.sends_mail,
        bistro.reminder_hours,
        bistro.waitlist_promotes,
        bistro.waitlist_offer_minutes,
    ) == (False, 48, True, 20)


def test_the_policy_is_said_in_plain_words_before_it_is_saved(
    manager: Browser, owner: Browser, bistro: Business
) -> None:
    assert "cancel free of charge, or move it, until 24 hours before" in text(
        manager.get("settings/deposits/")
    )
    form: Any = {
        "cancellation_window_hours_0": "2", "cancellation_window_hours_1": "1440",
        "deposit_enabled": "on", "deposit_amount_cents": "25", "deposit_type": "charge",
        "deposit_expiry_minutes_0": "30", "deposit_expiry_minutes_1": "1",
    }  # fmt: skip
    shown = manager.post("settings/deposits/", script=True, do="preview", **form)
    assert "until 2 days before the start. They pay 25.00 GBP within 30 minutes" in text(shown)
    bistro.refresh_from_db()
    assert bistro.deposit_enabled is False
    held = form | {"deposit_type": "authorization_hold"}
    assert "charged only when they cancel late" in text(
        manager.post("settings/deposits/", do="preview", **held)
    )
    nothing = manager.post("settings/deposits/", **form | {"deposit_amount_cents": ""})
    assert (nothing.status_code, "Say how much." in text(nothing)) == (422, True)
    assert manager.post("settings/deposits/", **form).status_code == 303
    bistro.refresh_from_db()
    assert (bistro.cancellation_window_hours, bistro.deposit_amount_cents) == (48, 2500)
    # Where they go is the owner's to say, and at the gateway's own page.
    assert manager.post("settings/deposits/account/").status_code == 403
    on = owner.post("settings/deposits/account/")
    assert (on.status_code, "Go on at the gateway" in text(on)) == (200, True)


# --- the booking page ----------------------------------------------------------------------------


def look(**changes: str) -> Any:
    form = {
        "color": "#aa3300", "font": "Georgia", "radius": "4", "scheme": "light", "language": "de",
        "button": "Buchen", "welcome": HOSTILE, "ask_last_name": "optional",
        "ask_email": "required", "ask_phone": "hidden", "ask_notes": "hidden",
        "origins": "https://www.example.com/\n https://*.example.org",
    }  # fmt: skip
    return form | changes


def test_the_booking_page_looks_as_it_is_told(manager: Browser, bistro: Business) -> None:
    assert manager.post("settings/widget/", **look()).status_code == 303
    bistro.refresh_from_db()
    found = widget.Look.of(bistro.widget)
    assert (found.color, found.radius, found.waitlist, found.ask["phone"]) == (
        "#aa3300",
        4,
        False,
        "hidden",
    )
    assert bistro.widget_origins == ["https://www.example.com", "https://*.example.org"]
    page = manager.get("settings/widget/").content.decode()
    assert (HOSTILE in page, 'data-business="bistro" async' in page) == (False, False)
    assert "data-business=&quot;bistro&quot; async" in page
    assert re.search(r'<iframe src="/widget/bistro/\?lang=en"', page)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"color": "red"}, "six hexadecimal digits"),
        ({"font": "a;b{}"}, "A font is the name of a family"),
        ({"radius": "99"}, "less than or equal to 28"),
        ({"ask_email": "hidden"}, "Ask for an e-mail or a phone number"),
        ({"origins": "http://www.example.com"}, "must be served by https"),
        ({"origins": "example.com"}, "A site is written like"),
        ({"language": "tlh"}, "valid choice"),
    ],
)
def test_a_look_that_can_t_be_is_refused(
    wrong: dict[str, str], words: str, manager: Browser, bistro: Business
) -> None:
    reply = manager.post("settings/widget/", **look(**wrong))
    assert (reply.status_code, words in text(reply)) == (422, True)
    bistro.refresh_from_db()
    assert (bistro.widget, bistro.widget_origins) == ({}, [])


@pytest.mark.parametrize(
    ("language", "words"), [("de", "sechs hexadezimale Ziffern"), ("es", "seis cifras")]
)
def test_what_is_wrong_with_a_look_is_said_in_the_reader_s_language(
    manager: Browser, language: str, words: str
) -> None:
    manager.client.cookies["django_language"] = language
    assert words in text(manager.post("settings/widget/", **look(color="red")))


# --- programs ------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_revoked(owner: Browser, bistro: Business) -> None:
    form: Any = {"name": HOSTILE, "scopes": ["read"], "rate_limit_rpm": "30"}
    made = owner.post("settings/keys/new/", script=True, **form)
    assert json.loads(made.headers["HX-Trigger"]) == {"changed": {}}
    (key,) = re.findall(r"avail_live_[\w-]+", text(made))
    row = Channel.objects.get(key_hash=digest(key))
    assert (row.scopes, row.rate_limit_rpm, row.business) == (["read"], 30, bistro)
    page = f"settings/keys/{row.pk}/"
    for shown in (owner.get("settings/keys/"), owner.get(page)):
        assert (key in shown.content.decode(), HOSTILE in shown.content.decode()) == (False, False)
    assert "never used" in text(owner.get("settings/keys/"))
    assert said(owner.post(page, script=True)) == f"“{HOSTILE}” opens nothing any more."
    row.refresh_from_db()
    assert row.is_active is False
    assert "Revoked" in text(owner.get("settings/keys/"))
    bad: Any = ({"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"rate_limit_rpm": "0"})
    for wrong in bad:
        assert owner.post("settings/keys/new/", **form | wrong).status_code == 422


@pytest.mark.parametrize(
    "protocol, parts",
    [
        ("google", ("User name", "Password")),
        ("octotable", ("Client id", "Client secret")),
        ("appointedd", ("Key",)),
    ],
)
def test_a_protocol_s_credential_is_made_in_its_form(
    protocol: str, parts: tuple[str, ...], owner: Browser, bistro: Business
) -> None:
    form: Any = {"name": "Theirs", "scopes": ["read", "write"], "rate_limit_rpm": "60"}
    made = owner.post(f"settings/protocols/{protocol}/new/", **form)
    values = re.findall(r'<code id="(?:name|secret)">([^<]+)</code>', made.content.decode())
    assert all(each in text(made) for each in parts)
    assert Channel.objects.get().key_hash == digest(":".join(values))
    assert "Theirs" in text(owner.get("settings/protocols/"))
    assert "Theirs" not in text(owner.get("settings/keys/"))
    assert owner.get("settings/protocols/telex/new/").status_code == 404


URL = "https://example.com/hook"


@pytest.fixture
def endpoint(bistro: Business) -> WebhookEndpoint:
    return services.add_webhook(
        bistro, url=URL, events=["booking.confirmed"], protocol="availengine"
    )


def test_a_webhook_is_added_with_its_secret_shown_once(owner: Browser, bistro: Business) -> None:
    form: Any = {"url": URL, "events": ["booking.confirmed", "booking.cancelled"]}
    made = owner.post("settings/webhooks/new/", **form)
    row = WebhookEndpoint.objects.get()
    assert (row.secret in text(made), row.events) == (
        True,
        ["booking.cancelled", "booking.confirmed"],
    )
    assert row.secret not in owner.get(f"settings/webhooks/{row.pk}/").content.decode()
    bad: Any = (
        {"url": "http://example.com/"},
        {"url": "https://10.0.0.1/"},
        {"url": "javascript:alert(1)"},
        {"events": []},
        {"events": ["everything"]},
    )
    for wrong in bad:
        assert owner.post("settings/webhooks/new/", **form | wrong).status_code == 422, wrong
    assert WebhookEndpoint.objects.count() == 1


def test_a_webhook_is_turned_off_changed_and_removed(
    owner: Browser, endpoint: WebhookEndpoint
) -> None:
    page = f"settings/webhooks/{endpoint.pk}/"
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=NOW)
    assert "Fails since 19 Jun 2026, 13:00" in text(owner.get("settings/webhooks/"))
    assert owner.post(f"{page}switch/", on="no").status_code == 303
    assert "Off" in text(owner.get("settings/webhooks/"))
    assert owner.post(f"{page}switch/", on="yes").status_code == 303
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failing_since) == (True, None)
    assert owner.post(page, events=["booking.created"]).status_code == 303
    assert owner.post(page, events=["nonsense"]).status_code == 422
    endpoint.refresh_from_db()
    assert endpoint.events == ["booking.created"]
    assert "Remove this webhook?" in text(owner.get(f"{page}remove/"))
    assert owner.post(f"{page}remove/").status_code == 303
    assert owner.get(page).status_code == 404


def test_the_log_shows_what_was_sent_and_sends_it_again(
    owner: Browser, bistro: Business, endpoint: WebhookEndpoint
) -> None:
    services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    event = bistro.events.last()
    assert event
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event=event,
        body=json.dumps({"name": HOSTILE}),
        state="failed",
        attempts=7,
        last_status=500,
        last_error="answered 500",
    )
    page = f"settings/webhooks/{endpoint.pk}/"
    shown = owner.get(page)
    assert HOSTILE not in shown.content.decode()
    assert "given up booking" in text(shown)
    assert "500 · 7 attempts answered 500" in text(shown)
    assert owner.post(f"{page}deliveries/{delivery.pk}/").status_code == 303
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("due", 0)
    services.change_webhook(endpoint, is_active=False)
    refused = owner.post(f"{page}deliveries/{delivery.pk}/", script=True)
    assert (refused.status_code, said(refused)) == (409, "This endpoint is switched off.")


def test_a_test_is_signed_and_says_what_is_answered(
    owner: Browser, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, bytes, Any]] = []

    def post(pool: object, url: str, body: bytes, headers: Any) -> int:
        sent.append((url, body, headers))
        return 200 if len(sent) == 1 else 503

    monkeypatch.setattr(outward, "post", post)
    page = f"settings/webhooks/{endpoint.pk}/test/"
    assert said(owner.post(page, script=True)).startswith("It answered 200 after ")
    url, body, headers = sent[0]
    assert (url, json.loads(body)["event"]) == (URL, "test")
    assert headers["X-AvailEngine-Signature"]
    failed = owner.post(page, script=True)
    assert said(failed) == "It didn’t take the test: answered 503."
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, WebhookDelivery.objects.count()) == (None, 0)
    monkeypatch.undo()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url="https://10.0.0.1/")
    endpoint.refresh_from_db()
    assert relay.try_out(endpoint).problem == "Private addresses are not called."


# --- plan ----------------------------------------------------------------------------------------


def test_the_plan_says_what_is_used_of_what_it_allows(owner: Browser, bistro: Business) -> None:
    Subscription.objects.filter(business=bistro).update(plan=Plan.objects.get(key="free"))
    services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    bistro.bookings.update(created_at=NOW)
    shown = text(owner.get("settings/plan/"))
    assert "Free Active" in shown
    assert "This month: 1 June – 30 June 2026" in shown
    assert "Bookings this month 1 of 50 Locations 1 no limit" in shown
    asked = owner.post("settings/plan/", plan="scale")
    assert "Change to “Scale”?" in text(asked)
    assert Subscription.objects.get(business=bistro).plan_id == "free"
    assert owner.post("settings/plan/", plan="scale", sure="yes").status_code == 303
    assert Subscription.objects.get(business=bistro).plan_id == "scale"
    for plan in ("trial", "nonsense", ""):
        assert owner.post("settings/plan/", plan=plan).status_code == 404
    # Where a developer's subscription covers it, it isn't the owner's to choose.
    bistro.owner = User.objects.create_user("dev@example.com")
    bistro.save(update_fields=["owner"])
    assert "Choose" not in text(owner.get("settings/plan/"))
    assert owner.post("settings/plan/", plan="free").status_code == 404


# --- team ----------------------------------------------------------------------------------------


def test_somebody_new_is_invited_by_mail_and_chooses_a_password(
    owner: Browser, bistro: Business
) -> None:
    sent = owner.post("settings/team/invite/", email="New@Example.com", role="staff")
    assert sent.status_code == 303
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["new@example.com"], "Bistro: you are invited")
    (path,) = re.findall(r"https?://[^/\s]+(/desk/password/\S+)", str(letter.body))
    assert "new@example.com Invited Staff" in text(owner.get("settings/team/"))
    guest = Client()
    there = guest.get(path).headers["Location"]
    new = {"new_password1": "another long password", "new_password2": "another long password"}
    assert guest.post(there, new).status_code == 302
    user = User.objects.get(email="new@example.com")
    assert user.check_password("another long password")
    assert Membership.objects.get(user=user).role == "staff"
    twice = owner.post("settings/team/invite/", email="new@example.com", role="owner")
    assert (twice.status_code, "a member already" in text(twice)) == (422, True)
    wrong = owner.post("settings/team/invite/", email="nobody", role="king")
    assert (wrong.status_code, len(mail.outbox)) == (422, 1)


def test_who_has_an_account_keeps_their_password(owner: Browser) -> None:
    known = User.objects.create_user("known@example.com", PASSWORD)
    assert owner.post("settings/team/invite/", email=known.email, role="manager").status_code == 303
    assert "/desk/bistro/" in str(mail.outbox[0].body)
    assert "/password/" not in str(mail.outbox[0].body)
    known.refresh_from_db()
    assert known.check_password(PASSWORD)


def test_an_invitation_is_sent_again_and_a_failing_mail_is_said(
    owner: Browser, bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", fails)
        reply = owner.post("settings/team/invite/", script=True, email="a@b.example", role="staff")
    assert "couldn’t be sent" in said(reply)
    row = Membership.objects.get(user__email="a@b.example")
    assert owner.post(f"settings/team/{row.pk}/", do="again").status_code == 303
    assert len(mail.outbox) == 1


def test_roles_change_and_the_last_owner_stays(owner: Browser, host: Browser) -> None:
    staff = Membership.objects.get(user=host.user)
    page = f"settings/team/{staff.pk}/"
    assert owner.post(page, do="role", role="king").status_code == 422
    assert owner.post(page, do="role", role="manager").status_code == 303
    staff.refresh_from_db()
    assert staff.role == "manager"
    me = f"settings/team/{Membership.objects.get(user=owner.user).pk}/"
    tries: Any = ({"do": "role", "role": "staff"}, {"do": "remove"})
    for form in tries:
        last = owner.post(me, **form)
        assert (last.status_code, "keeps one owner at least" in text(last)) == (422, True)
    sure = owner.post(page, do="remove?")
    assert "They lose their access" in text(sure)
    assert Membership.objects.filter(pk=staff.pk).exists()
    assert owner.post(page, do="remove").status_code == 303
    assert host.get("settings/").status_code == 404
    assert owner.get(page).status_code == 404


def test_who_gives_their_own_role_up_is_shown_out(owner: Browser, host: Browser) -> None:
    other = Membership.objects.get(user=host.user)
    assert owner.post(f"settings/team/{other.pk}/", do="role", role="owner").status_code == 303
    me = Membership.objects.get(user=owner.user)
    gone = owner.post(f"settings/team/{me.pk}/", script=True, do="remove")
    assert (gone.status_code, gone.headers["HX-Redirect"]) == (204, "/desk/")
    assert owner.get("settings/").status_code == 404


# --- one's own account ---------------------------------------------------------------------------


def test_one_changes_one_s_own_name_and_password(manager: Browser) -> None:
    page = "settings/account/"
    named = manager.post(page, do="name", first_name=HOSTILE, last_name="B")
    assert named.status_code == 303
    assert HOSTILE not in manager.get(page).content.decode()
    elsewhere = Client()
    elsewhere.force_login(manager.user)
    new = "another long one"
    form: Any = {"do": "password", "old": PASSWORD, "new": new, "again": new}
    for wrong, words in (
        ({"old": "x"}, "This is not your password."),
        ({"again": "x"}, "The two aren’t the same."),
        ({"new": "password", "again": "password"}, "too common"),
    ):
        reply = manager.post(page, **form | wrong)
        assert (reply.status_code, words in text(reply)) == (422, True)
        assert PASSWORD not in reply.content.decode()
    assert manager.post(page, **form).status_code == 303
    manager.user.refresh_from_db()
    assert manager.user.check_password("another long one")
    assert manager.get(page).status_code == 200
    assert elsewhere.get("/desk/bistro/settings/account/").status_code == 302


def test_keys_of_others_are_not_there(owner: Browser) -> None:
    other, _key = channel(business("Other"))
    assert owner.get(f"settings/keys/{other.pk}/").status_code == 404
    assert owner.post(f"settings/keys/{other.pk}/").status_code == 404
    other.refresh_from_db()
    assert other.is_active is True


def test_a_month_ends_where_the_next_begins(owner: Browser, bistro: Business) -> None:
    day = NOW.date() - timedelta(days=10)
    Subscription.objects.filter(business=bistro).update(renews_from=day)
    assert "This month: 9 June – 8 July 2026" in text(owner.get("settings/plan/"))
