"""What every page of the desk shares: who is there, in which business, and how an answer looks.

A view is given a `Desk` and asks it for the answer:

- `desk.page("floor/board", tables=...)` renders `templates/desk/floor/board.html`. A page says
  `{% extends base %}`: the whole frame for a browser, and only its `main` for a script that asked
  for it (htmx), which shows it in the sheet over the page that is open. So every form works with
  and without scripts.
- `desk.done(_("Checked in."), to=...)` after something was done: a script closes its sheet, says
  so and has what is live look again; a browser is sent to `to`.
- A `DomainError` that a view lets through is said the same way, and nothing that was typed is lost.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.backoffice import RANK
from accounts.errors import DomainError, NotFound, Unavailable
from accounts.models import Business, Membership, User
from bookings.web import stream
from bookings.web.desk import words
from bookings.web.languages import spoken
from bookings.wishes import Actor
from resources.models import Location

P = ParamSpec("P")
OWNER, MANAGER, STAFF = RANK["owner"], RANK["manager"], RANK["staff"]
NEW_STATUS = {NotFound: 404, Unavailable: 503}
# Where the pages of the desk are, in the order of its menu; with the least role that sees them.
MENU = (
    ("floor", gettext_lazy("Floor"), "armchair", STAFF),
    ("timeline", gettext_lazy("Timeline"), "chart-gantt", STAFF),
    ("book", pgettext_lazy("where bookings are kept", "Book"), "notebook-tabs", STAFF),
    ("classes", gettext_lazy("Classes"), "dumbbell", STAFF),
    ("guests", gettext_lazy("Guests"), "users", STAFF),
    ("reports", gettext_lazy("Reports"), "chart-column", MANAGER),
    ("settings", gettext_lazy("Settings"), "settings", MANAGER),
)


@dataclasses.dataclass
class Desk:
    """Who is at work, where, and when: `now` is the moment a test asks at, else None."""

    request: HttpRequest
    user: User
    business: Business
    rank: int
    others: Sequence[Business]
    places: Sequence[Location]
    place: Location | None
    section: str = ""

    @property
    def now(self) -> datetime | None:
        now: datetime | None = self.request.META.get("openbook.now")
        return now

    @property
    def moment(self) -> datetime:
        """What time it is, for what is only shown."""
        return self.now or datetime.now(UTC)

    @property
    def zone(self) -> ZoneInfo:
        """The clock on the wall here."""
        return ZoneInfo(
            (self.place.timezone if self.place else "") or self.business.timezone,
        )

    @property
    def today(self) -> date:
        return self.moment.astimezone(self.zone).date()

    @property
    def actor(self) -> Actor:
        return Actor.user(self.user)

    @property
    def is_manager(self) -> bool:
        return self.rank >= MANAGER

    @property
    def is_owner(self) -> bool:
        return self.rank >= OWNER

    @property
    def by_script(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return self.request.headers.get("HX-Request") == "true"

    def here(self) -> Location:
        """The place that is worked in. Raises NotFound in a business that has none yet."""
        if self.place is None:
            raise NotFound(_("Add a location first."))
        return self.place

    def url(self, name: str, *args: Any, **query: Any) -> str:
        """The address of a page of this business; what is asked of it as a query."""
        path = reverse(f"desk:{name}", args=[self.business.slug, *args])
        asked = {key: value for key, value in query.items() if value not in (None, "")}
        return f"{path}?{urlencode(asked)}" if asked else path

    def page(self, name: str, status: int = 200, **context: Any) -> HttpResponse:
        """`templates/desk/<name>.html`: a whole page, or for a script what it has in `main`."""
        return HttpResponse(self.html(name, **context), status=status)

    def html(self, name: str, **context: Any) -> str:
        """The same as text."""
        return render_to_string(f"desk/{name}.html", self._context() | context, self.request)

    def _context(self) -> dict[str, Any]:
        return {
            "desk": self,
            "base": "desk/_sheet.html" if self.by_script else "desk/_page.html",
            "menu": [
                (name, title, self.url(name), self.section == name, icon)
                for name, title, icon, rank in MENU
                if self.rank >= rank
            ],
            "stream": "" if self.by_script else stream.address(self.business, self.user),
            "clock": f"{self.moment.astimezone(self.zone):%H:%M}",
        }

    def done(
        self, text: str, *, to: str, undo: str = "", kind: str = "success", stays: bool = False
    ) -> HttpResponse:
        """Something was done: say so. `undo` is an address that a POST takes it back at; with
        `stays` a script keeps its sheet open and goes on to `to` in it."""
        if not self.by_script:
            messages.add_message(self.request, getattr(messages, kind.upper()), text)
            return HttpResponseRedirect(to, status=303)
        said = {"say": {"text": text, "kind": kind, "undo": undo}, "changed": {}}
        if stays:
            said["open"] = {"url": to}
        else:
            said["done"] = {}
        reply = HttpResponse(status=204)
        # A header is Latin-1; escaped JSON is ASCII whatever somebody typed.
        reply["HX-Trigger"] = json.dumps(said)
        return reply

    def refused(self, error: DomainError) -> HttpResponse:
        """Why not: said beside what was being done, which stays as it is."""
        status = next((code for of, code in NEW_STATUS.items() if isinstance(error, of)), 409)
        said = words.refusal(error)
        if not self.by_script:
            back = self.request.headers.get("Referer", "")
            known = url_has_allowed_host_and_scheme(back, {self.request.get_host()})
            return self.page(
                "problem",
                status,
                title=_("This can't be done"),
                advice=said,
                back=back if known else self.url("home"),
            )
        reply = HttpResponse(status=status)
        reply["HX-Trigger"] = json.dumps({"say": {"text": said, "kind": "error"}})
        return reply


View = Callable[Concatenate[Desk, P], HttpResponse]


def desk(
    section: str = "", *, role: int = STAFF
) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """A page of a business, for members of at least this role; others learn nothing of it."""

    def wrap(view: View[P]) -> Callable[..., HttpResponse]:
        @spoken
        @functools.wraps(view)
        def answer(request: HttpRequest, slug: str, *args: P.args, **rest: P.kwargs) -> Any:
            if not isinstance(request.user, User):
                return guarded(to_sign_in(request))
            at = enter(request, request.user, slug)
            at.section = section
            if at.rank < role:
                reply = at.page(
                    "problem",
                    403,
                    title=_("Not for your role"),
                    advice=_("Ask a manager or the owner of this business."),
                    back=at.url("home"),
                )
                return guarded(reply)
            try:
                return guarded(view(at, *args, **rest))
            except DomainError as error:
                return guarded(at.refused(error))

        return answer

    return wrap


def enter(request: HttpRequest, user: User, slug: str) -> Desk:
    """The desk of a business, for a member of it. Two queries. Raises Http404."""
    if user.is_superuser:
        known = [(each, OWNER) for each in Business.objects.order_by("name")[:200]]
    else:
        known = [
            (each.business, RANK[each.role])
            for each in Membership.objects.filter(user=user, business__is_active=True)
            .select_related("business")
            .order_by("business__name")
        ]
    found = next(((each, rank) for each, rank in known if each.slug == slug), None)
    if found is None:
        raise Http404
    business, rank = found
    places = list(Location.objects.filter(business=business, is_active=True))
    for each in places:
        each.business = business
    return Desk(
        request=request,
        user=user,
        business=business,
        rank=rank,
        others=[each for each, _ in known],
        places=places,
        place=_place(request, business, places),
    )


def _place(request: HttpRequest, business: Business, places: Sequence[Location]) -> Location | None:
    """The place asked for, else where this browser was last, else the first."""
    by_id = {str(each.pk): each for each in places}
    asked = by_id.get(request.GET.get("place", ""))
    remembered = request.session.get("places", {})
    if asked and remembered.get(str(business.pk)) != str(asked.pk):
        request.session["places"] = remembered | {str(business.pk): str(asked.pk)}
    last = by_id.get(remembered.get(str(business.pk), ""))
    return asked or last or next(iter(places), None)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and come back here; a script has the whole page go there."""
    by_script = request.headers.get("HX-Request") == "true"
    wanted = request.headers.get("HX-Current-URL", "") if by_script else request.get_full_path()
    parts = urlsplit(wanted)
    back = f"{parts.path}?{parts.query}" if parts.query else parts.path
    address = f"{reverse('desk:sign-in')}?{urlencode({'next': back})}"
    if by_script:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def guarded(reply: HttpResponse) -> HttpResponse:
    """Nothing but our own scripts and styles, in nobody else's frame, kept in no cache."""
    live = settings.LIVE_URL
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(live)) if "://" in live else ""
    reply["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self';"
        # Where a table stands on the floor is a number in its style.
        " style-src-attr 'unsafe-inline';"
        f" img-src 'self' data:; font-src 'self'; connect-src 'self' {origin};"
        " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    reply["Cache-Control"] = "no-store"
    reply["Referrer-Policy"] = "same-origin"
    reply["X-Robots-Tag"] = "noindex, nofollow"
    return reply


def asked_day(desk: Desk) -> date:
    """The day that is asked for (`?day=2026-11-21`), else today; nonsense is today too."""
    try:
        return date.fromisoformat(desk.request.GET.get("day", ""))
    except ValueError:
        return desk.today


def bounds(desk: Desk, day: date, days: int = 1) -> tuple[datetime, datetime]:
    """So many local days as UTC instants, half-open."""
    zone = desk.zone
    first, after = (
        datetime(each.year, each.month, each.day, tzinfo=zone).astimezone(UTC)
        for each in (day, day + timedelta(days))
    )
    return first, after


def uuid_of(text: str) -> uuid.UUID:
    """Raises NotFound for what is no UUID."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound from None
