"""Programs: their keys, who is told of what happens, and how each protocol is reached."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.errors import NotFound
from accounts.models import Channel
from bookings import relay, services
from bookings.models import WebhookDelivery, WebhookEndpoint
from bookings.web.desk.settings.shared import REFUSALS, Form, note, page, saved, setting
from bookings.web.desk.shell import OWNER, Desk

Protocol = Channel.Protocol
SHOWN = 50  # deliveries of an endpoint
OURS = Protocol.AVAILENGINE.value


def moment(at: Desk, when: Any) -> str:
    """A moment by the clock here."""
    if when is None:
        return ""
    local = when.astimezone(at.zone)
    return f"{date_format(local, 'j M Y')}, {local:%H:%M}"


# --- API keys ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key as the list shows it."""

    channel: Channel
    scopes: str
    made: str
    used: str
    url: str


def _keys(at: Desk, protocol: str) -> list[Key]:
    rows = Channel.objects.filter(business=at.business, protocol=protocol)
    names = dict(SCOPES)
    return [
        Key(
            each,
            ", ".join(str(names.get(scope, scope)) for scope in each.scopes),
            moment(at, each.created_at),
            moment(at, each.last_used_at),
            at.url("key", each.pk),
        )
        for each in rows.order_by("-is_active", "-created_at", "id")
    ]


SCOPES = (
    ("read", gettext_lazy("read")),
    ("write", gettext_lazy("book")),
    ("admin", gettext_lazy("manage")),
)


class KeyForm(Form):
    """What a key is for, and what it may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Which program it is for."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=[
            ("read", gettext_lazy("read: times, bookings, reports")),
            ("write", gettext_lazy("book, change and cancel")),
            ("admin", gettext_lazy("manage: settings, other keys")),
        ],
        initial=["read", "write"],
        widget=forms.CheckboxSelectMultiple,
    )
    rate_limit_rpm = forms.IntegerField(
        label=gettext_lazy("Requests a minute"), min_value=1, max_value=100_000, initial=60
    )
    wide = ("name", "scopes")


@setting(OWNER)
def keys(at: Desk) -> HttpResponse:
    return page(at, "keys", here="keys", keys=_keys(at, OURS))


@setting(OWNER)
def key_new(at: Desk, protocol: str = OURS) -> HttpResponse:
    """Make a key of a protocol, and show it this once."""
    if protocol not in Protocol.values:
        raise NotFound
    here = "keys" if protocol == OURS else "protocols"
    form = KeyForm(at.request.POST or None)
    if at.request.method == "POST" and form.is_valid():
        try:
            channel, key = accounts.issue_key(at.business, protocol=protocol, **form.cleaned_data)
        except REFUSALS as error:
            form.refuse(error)
        else:
            note(at, channel.name, how="added")
            reply = page(
                at,
                "key_made",
                here=here,
                channel=channel,
                parts=_parts(protocol, key),
                back=at.url(here),
            )
            if at.by_script:  # the list under the sheet has one more
                reply["HX-Trigger"] = json.dumps({"changed": {}})
            return reply
    title = _("New API key") if protocol == OURS else _("New credential")
    return page(
        at,
        "form",
        422 if form.errors else 200,
        here=here,
        title=title,
        lead="" if protocol == OURS else Protocol(protocol).label,
        form=form,
        button=_("Make it"),
    )


def _parts(protocol: str, key: str) -> list[tuple[str, str, str]]:
    """A key as its protocol asks for it: what each part is called."""
    before, _colon, after = key.partition(":")
    if protocol == Protocol.GOOGLE:
        return [("name", _("User name"), before), ("secret", _("Password"), after)]
    if protocol == Protocol.OCTOTABLE:
        return [("name", _("Client id"), before), ("secret", _("Client secret"), after)]
    return [("secret", _("Key"), key)]


@setting(OWNER)
def key(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """A key: what it may do, and taking it away."""
    channel = Channel.objects.filter(business=at.business, pk=pk).first()
    if channel is None:
        raise NotFound
    here = "keys" if channel.protocol == OURS else "protocols"
    if at.request.method == "POST":
        accounts.revoke_key(channel)
        words = _("“%(name)s” opens nothing any more.") % {"name": channel.name}
        return saved(at, at.url(here), words, of=channel.name, how="deleted")
    names = dict(SCOPES)
    return page(
        at,
        "key",
        here=here,
        channel=channel,
        scopes=", ".join(str(names.get(each, each)) for each in channel.scopes),
        made=moment(at, channel.created_at),
        used=moment(at, channel.last_used_at),
    )


# --- webhooks ------------------------------------------------------------------------------------


class WebhookForm(Form):
    """Where to tell what."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/hook"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Told of"), widget=forms.CheckboxSelectMultiple
    )
    wide = ("url", "events")

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = self.fields["events"]
        assert isinstance(events, forms.MultipleChoiceField)
        events.choices = [(each, each) for each in names]


@dataclasses.dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint as the list shows it."""

    endpoint: WebhookEndpoint
    host: str
    failing: str
    url: str


def _endpoint(at: Desk, pk: uuid.UUID) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.filter(business=at.business, pk=pk).first()
    if found is None:
        raise NotFound
    return found


@setting(OWNER)
def webhooks(at: Desk) -> HttpResponse:
    rows = WebhookEndpoint.objects.filter(business=at.business)
    shown = [
        Listener(
            each,
            urlsplit(each.url).netloc,
            moment(at, each.failing_since),
            at.url("webhook", each.pk),
        )
        for each in rows
    ]
    return page(at, "webhooks", here="webhooks", rows=shown)


@setting(OWNER)
def webhook_new(at: Desk) -> HttpResponse:
    """Tell an address of events, and show its secret this once."""
    names = relay.events_of(OURS)
    form = WebhookForm(at.request.POST or None, names=names, initial={"events": names})
    if at.request.method == "POST" and form.is_valid():
        try:
            made = services.add_webhook(at.business, protocol=OURS, **form.cleaned_data)
        except REFUSALS as error:
            form.refuse(error)
        else:
            note(at, urlsplit(made.url).netloc, how="added")
            back = at.url("webhook", made.pk)
            reply = page(at, "webhook_made", here="webhooks", endpoint=made, back=back)
            if at.by_script:
                reply["HX-Trigger"] = json.dumps({"changed": {}})
            return reply
    status = 422 if form.errors else 200
    title = _("New webhook")
    return page(at, "form", status, here="webhooks", title=title, form=form, button=_("Add it"))


STATES: Mapping[str, tuple[Any, str]] = {
    "due": (gettext_lazy("on its way"), "held"),
    "delivered": (gettext_lazy("delivered"), "checked_in"),
    "failed": (gettext_lazy("given up"), "no_show"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the log shows it."""

    delivery: WebhookDelivery
    made: str
    what: str
    state: str
    chip: str
    body: str
    url: str


@setting(OWNER)
def webhook(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """An endpoint: what it is told of, on or off, and how its deliveries fared."""
    endpoint = _endpoint(at, pk)
    here = at.url("webhook", endpoint.pk)
    names = sorted({*_names(endpoint), *endpoint.events})
    form = WebhookForm(
        at.request.POST or None,
        names=names,
        initial={"url": endpoint.url, "events": endpoint.events},
    )
    form.fields.pop("url")
    if at.request.method == "POST" and form.is_valid():
        services.change_webhook(endpoint, events=form.cleaned_data["events"])
        return saved(at, here, form=form, of=urlsplit(endpoint.url).netloc)
    rows = (
        WebhookDelivery.objects.filter(endpoint=endpoint)
        .select_related("event__booking")
        .order_by("-created_at", "id")[: SHOWN + 1]
    )
    log = [_delivery(at, each) for each in rows]
    return page(
        at,
        "webhook",
        422 if form.errors else 200,
        here="webhooks",
        endpoint=endpoint,
        host=urlsplit(endpoint.url).netloc,
        failing=moment(at, endpoint.failing_since),
        form=form,
        log=log[:SHOWN],
        has_more=len(log) > SHOWN,
    )


def _names(endpoint: WebhookEndpoint) -> list[str]:
    return relay.events_of(OURS) if endpoint.protocol == OURS else []


def _delivery(at: Desk, row: WebhookDelivery) -> Delivery:
    state, chip = STATES[row.state]
    about = row.event.booking.reference if row.event.booking else ""
    return Delivery(
        delivery=row,
        made=moment(at, row.created_at),
        what=f"{row.event.kind} {about}".strip(),
        state=str(state),
        chip=chip,
        body=_readable(row.body),
        url=at.url("webhook-replay", row.endpoint_id, row.pk),
    )


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


@setting(OWNER)
def webhook_switch(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Turn an endpoint off, or on again."""
    endpoint = _endpoint(at, pk)
    if at.request.method == "POST":
        on = at.request.POST.get("on") == "yes"
        services.change_webhook(endpoint, is_active=on)
        words = _("It is told of what happens from now on.") if on else _("It is told nothing now.")
        return saved(at, at.url("webhook", endpoint.pk), words, of=urlsplit(endpoint.url).netloc)
    return webhook_page(at, endpoint)


def webhook_page(at: Desk, endpoint: WebhookEndpoint) -> HttpResponse:
    """Back to where the buttons are, for whoever typed the address of one."""
    return at.done("", to=at.url("webhook", endpoint.pk)) if at.by_script else _to(at, endpoint)


def _to(at: Desk, endpoint: WebhookEndpoint) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": at.url("webhook", endpoint.pk)})


@setting(OWNER, reaches_out=True)
def webhook_test(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Send something that is no event, and say what is answered."""
    endpoint = _endpoint(at, pk)
    if at.request.method != "POST":
        return webhook_page(at, endpoint)
    answer = relay.try_out(endpoint, now=at.now)
    took = f"{answer.took.total_seconds():.1f}"
    back = at.url("webhook", endpoint.pk)
    if answer.is_fine:
        words = _("It answered %(status)s after %(took)s s.")
        return at.done(words % {"status": answer.status, "took": took}, to=back)
    words = _("It didn’t take the test: %(problem)s.") % {"problem": answer.problem}
    return at.done(words, to=back, kind="error")


@setting(OWNER)
def webhook_replay(at: Desk, of: uuid.UUID, pk: uuid.UUID) -> HttpResponse:
    """Send a delivery again."""
    endpoint = _endpoint(at, of)
    delivery = (
        WebhookDelivery.objects.filter(endpoint=endpoint, pk=pk).select_related("endpoint").first()
    )
    if delivery is None:
        raise NotFound
    if at.request.method != "POST":
        return webhook_page(at, endpoint)
    relay.replay(delivery, now=at.now)
    return at.done(_("It is sent again, within a minute."), to=at.url("webhook", endpoint.pk))


@setting(OWNER)
def webhook_remove(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Stop telling an address, for good; asked first."""
    endpoint = _endpoint(at, pk)
    if at.request.method == "POST":
        services.remove_webhook(endpoint)
        host = urlsplit(endpoint.url).netloc
        words = _("The webhook was removed.")
        return saved(at, at.url("webhooks"), words, of=host, how="deleted")
    return page(at, "webhook_remove", here="webhooks", endpoint=endpoint)


# --- protocols -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """How a protocol is reached, and its credentials here."""

    name: str
    title: str
    about: str
    base: str
    steps: list[str]
    docs: str
    keys: list[Key]
    new_url: str


@setting(OWNER)
def protocols(at: Desk) -> HttpResponse:
    """The doors that programs come through: where they are, and what they are opened with."""
    return page(at, "protocols", here="protocols", doors=_doors(at))


def _doors(at: Desk) -> list[Door]:
    rows = Channel.objects.filter(business=at.business).exclude(protocol=OURS)
    known: dict[str, list[Key]] = {}
    for each in rows.order_by("-is_active", "-created_at", "id"):
        shown = Key(
            each, "", moment(at, each.created_at), moment(at, each.last_used_at),
            at.url("key", each.pk),
        )  # fmt: skip
        known.setdefault(each.protocol, []).append(shown)
    base = settings.PUBLIC_URL
    told: list[tuple[str, str, str, str, list[str]]] = [
        (
            Protocol.GOOGLE.value,
            "Google Actions Center",
            _("Guests book from Google Search and Maps."),
            f"{base}/google",
            [
                _("Make a credential here; it has a user name and a password."),
                _("In Google’s partner portal, enter both, with this address as the server."),
                _("Whoever runs this server uploads the feeds every day."),
            ],
        ),
        (
            Protocol.APPOINTEDD.value,
            "Appointedd",
            _("Programs written for the Appointedd API, version 1."),
            f"{base}/appointedd/v1",
            [
                _("Make a key here."),
                _("In the program, put this address in place of https://api.appointedd.com/v1."),
                _("The key goes into its X-API-KEY header."),
            ],
        ),
        (
            Protocol.OCTOTABLE.value,
            "OctoTable",
            _("Programs written for the OctoTable API, version 2."),
            f"{base}/octotable-pms/api/v2",
            [
                _("Make a client here; it has an id and a secret."),
                _("In the program, put this address in place of OctoTable’s."),
                _("It fetches its own tokens with the two, at /oauth2/token."),
            ],
        ),
        (
            "availengine",
            "AvailEngine",
            _("Our own API: availability, holds, bookings, webhooks."),
            f"{base}/v1",
            [_("Make a key under API keys."), _("It goes into the header Authorization: Bearer …")],
        ),
        (
            "myreserva",
            "MyReserva",
            _("Programs for spas and salons; guests and staff sign in themselves."),
            f"{base}/api/v1",
            [_("Staff sign in with their e-mail and password of here; no key is needed.")],
        ),
    ]
    return [
        Door(
            name=name,
            title=title,
            about=about,
            base=address,
            steps=steps,
            docs=f"/docs/{name}/",
            keys=known.get(name, []),
            new_url=(
                at.url("credential-new", name) if name in Protocol.values and name != OURS else ""
            ),
        )
        for name, title, about, address, steps in told
    ]
