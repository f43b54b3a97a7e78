"""Every route there is, asked by another tenant: nothing of the first is given or changed.

The routes are those of the URLconf. What each is asked is said by the protocols' own tables, see
`tests/api/tenants.py`; a route that no table speaks of fails here by its name.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.views import View
from pytest_django.plugin import DjangoDbBlocker

from tests.api.tenants import REFUSALS, Ask, Id, Tenant, belongings, nobody, tenant, texts
from tests.builders import NOW

TESTS = Path(__file__).parents[1]

# Routes that belong to no tenant, by how they begin, and why that is right.
OPEN = {
    "": "Leads to the desk.",
    "healthz": "Says that the process answers.",
    "health": "The same under another name.",
    "readyz": "Says whether the database and Redis answer.",
    "metrics": "Counts requests by route, behind METRICS_TOKEN.",
    "openapi.json": "A document, the same for everybody.",
    "openapi-appointedd.json": "Another one.",
    "openapi-octotable.json": "A document, the same for everybody.",
    "openapi-google.json": "A document, the same for everybody.",
    "openapi-myreserva.json": "A third.",
    "docs/": "That document to read.",
    "demo/mail/": "The demo's guests, to whoever runs it; nowhere else is there anything.",
    "demo/site/": "A site that is made up, for the demo's bistro; nowhere else is there anything.",
    "widget/embed.js": "A script, the same for everybody.",
    "desk/sign-in/": "Where one says who one is.",
    "desk/sign-out/": "Ends the session that it is asked with.",
    "desk/language/": "Sets a cookie.",
    "desk/password/": "Mails a link to whoever forgot it; it leads to their own account.",
    "admin/": "Behind a login; what staff see of which tenant is tested in tests/admin.",
}
AT: dict[str, Any] = {"openbook.now": NOW}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

TABLES = {
    path.parent.name: importlib.import_module(".".join(path.relative_to(TESTS.parent).parts)[:-3])
    for path in sorted(TESTS.rglob("tenancy.py"))
}
EVERY = [(protocol, ask) for protocol, table in TABLES.items() for ask in table.ASKS]


def cases(found: list[tuple[str, Ask]]) -> list[Any]:
    """One test each, named by protocol, request and where it stands among all."""
    return [
        pytest.param(*each, id=f"{each[0]}: {each[1].line} {number}")
        for number, each in enumerate(found)
    ]


# --- the URLconf ---------------------------------------------------------------------------------


def routes() -> Iterator[tuple[str, Any]]:
    """Every route of the URLconf with its view."""

    def walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, Any]]:
        for each in resolver.url_patterns:
            route = before + str(each.pattern)
            if isinstance(each, URLPattern):
                yield route, each.callback
            else:
                yield from walk(each, route)

    yield from walk(get_resolver(), "")


def methods(view: Any) -> list[str]:
    """What a view may be asked; all there is where it doesn't say."""
    if actions := getattr(view, "actions", None):
        return [each.upper() for each in actions if each.upper() in METHODS]
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is None:
        return [each for each in allowed(view) if each in METHODS]
    named = [each.upper() for each in cls.http_method_names if each.upper() in METHODS]
    if cls.http_method_names != View.http_method_names:
        return named  # it says so itself
    return [each for each in named if hasattr(cls, each.lower())]


def allowed(view: Any) -> list[str]:
    """What `require_http_methods` lets through to a function, under whatever else is around it."""
    while view is not None:
        kept = zip(view.__code__.co_freevars, view.__closure__ or (), strict=True)
        for name, cell in kept:
            if name == "request_method_list":
                return list(cell.cell_contents)
        view = getattr(view, "__wrapped__", None)
    return list(METHODS)


def is_open(route: str) -> str | None:
    """The entry of OPEN that a route falls under."""
    return next(
        (each for each in OPEN if route == each or (each.endswith("/") and route.startswith(each))),
        None,
    )


def paths(protocol: str, ask: Ask, mine: Tenant, theirs: Tenant) -> list[str]:
    """The path that is asked, and with a slash at its end where both are answered."""
    path = ask.path(mine, theirs)
    if not TABLES[protocol].SLASHES:
        return [path]
    bare, mark, query = path.partition("?")
    return [path, f"{bare}/{mark}{query}"]


def test_every_route_and_method_has_an_ask() -> None:
    anyone = Anyone()
    asked = {
        (resolve(path.partition("?")[0]).route, ask.method)
        for protocol, ask in EVERY
        for path in paths(protocol, ask, anyone, anyone)
    }
    there = {
        (route, method)
        for route, view in routes()
        if is_open(route) is None
        for method in methods(view)
    }
    assert not there - asked, f"no tenancy.py asks {sorted(there - asked)}"
    assert not asked - there, f"asked, but not answered: {sorted(asked - there)}"


def test_no_open_route_is_gone() -> None:
    assert {is_open(route) for route, _ in routes()} - {None} == set(OPEN)


class Anyone(Tenant):
    """Has whatever an ask may name."""

    def __getattr__(self, name: str) -> Id:
        return Id(int=1)


# --- the two tenants -----------------------------------------------------------------------------


class Street:
    """A tenant, the one next door who asks, and somebody who isn't there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.them = tenant("Zanzibar", "+447700900123")
        self.me = tenant("Quillon", "+447700900456")
        self.nobody = nobody(self.them)
        self.rows = belongings(self.them)
        self.secrets = texts(self.rows) - texts(belongings(self.me))

    def ask(
        self,
        protocol: str,
        ask: Ask,
        door: str,
        form: int,
        method: str,
        *,
        by: Tenant | None = None,
        of: Tenant | None = None,
    ) -> Any:
        who = by or self.me, of or self.them
        body = ask.content(*who)
        headers = doors(protocol, ask, *who)[door] | dict(ask.headers)
        return self.client.generic(
            method,
            paths(protocol, ask, *who)[form],
            b"" if body is None else json.dumps(body),
            "application/json",
            headers=headers,
            **AT,
        )

    def told(self, reply: Any, ask: Ask) -> set[str]:
        """What an answer gives away of them, but for what the caller said and what is public."""
        said = f"{reply.headers}\n{reply.content.decode()}"
        known = {ask.path(self.me, self.them), json.dumps(ask.content(self.me, self.them))}
        if ask.why_open:
            known |= self.them.public
        secrets = {each for each in self.secrets if not any(each in one for one in known)}
        return {each for each in secrets if each in said}

    def in_nobodys_name(self, content: bytes) -> str:
        """An answer as it would read if it were about nobody: what was asked may be repeated."""
        text = content.decode()
        for name, value in vars(self.them).items():
            if isinstance(value, Id) or name.startswith("link_"):
                text = text.replace(str(value), str(getattr(self.nobody, name)))
        return text


@pytest.fixture(scope="module")
def _street(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Street]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Street(Client())
        transaction.set_rollback(True)


@pytest.fixture
def street(_street: Street, db: None) -> Street:
    """The two tenants, made once; what a test changes is undone."""
    return _street


def doors(protocol: str, ask: Ask, mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    every = TABLES[protocol].doors(mine, theirs)
    return {name: every[name] for name in ask.doors or every}


def ways(protocol: str, ask: Ask, street: Street) -> Iterator[tuple[str, int, str]]:
    """By which door, in which form of the path and by which method it is asked."""
    for door in doors(protocol, ask, street.me, street.them):
        for form, _ in enumerate(paths(protocol, ask, street.me, street.them)):
            yield door, form, ask.method
        if ask.method == "GET":
            yield door, 0, "HEAD"
            yield door, 0, "OPTIONS"


@pytest.mark.parametrize("protocol, ask", cases(EVERY))
def test_another_tenant_gets_and_changes_nothing(protocol: str, ask: Ask, street: Street) -> None:
    refusals = {*getattr(TABLES[protocol], "REFUSALS", REFUSALS), *ask.says}
    statuses = set()
    for door, form, method in ways(protocol, ask, street):
        reply = street.ask(protocol, ask, door, form, method)
        what = f"{door}, {method} for {ask.line}: {reply.status_code} {reply.content[:500]!r}"
        assert street.told(reply, ask) == set(), what
        assert reply.status_code < 500 or reply.status_code in ask.says, what
        if ask.is_foreign:
            given = (reply.status_code, street.in_nobodys_name(reply.content))
            absent = street.ask(protocol, ask, door, form, method, of=street.nobody)
            assert given == (absent.status_code, absent.content.decode()), what
        if method == ask.method:
            assert reply.status_code in refusals or not ask.is_foreign, what
            statuses.add(reply.status_code)
    after = belongings(street.them)
    if ask.why_open:  # anybody may add what a guest adds
        after = {place: row for place, row in after.items() if place in street.rows}
    assert after == street.rows
    if not (ask.is_foreign or ask.why_open):
        assert any(200 <= each < 300 or each in ask.says for each in statuses), statuses


@pytest.mark.parametrize(
    "protocol, ask", cases([each for each in EVERY if each[1].is_foreign and each[1].is_possible])
)
def test_the_owner_may_do_what_the_other_may_not(protocol: str, ask: Ask, street: Street) -> None:
    """Else the refusals above might be of the request and not of who makes it."""
    statuses = {}
    for door in doors(protocol, ask, street.them, street.them):
        with transaction.atomic():
            reply = street.ask(protocol, ask, door, 0, ask.method, by=street.them)
            statuses[door] = (reply.status_code, reply.content[:300])
            transaction.set_rollback(True)
    assert any(200 <= status < 400 for status, _ in statuses.values()), statuses
