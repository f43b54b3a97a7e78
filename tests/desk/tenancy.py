"""What somebody who works for one business tries at its desk on what is another's (see
tests/api/tenants.py). One table a section; a name in the path that isn't there and one that is
another's are answered the same.
"""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from tests.api.tenants import Ask, Tenant, foreign, own
from tests.desk.settings_asks import SETTINGS

SLASHES = False
HERE = "/desk/{mine.slug}"


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    """Signed in as the owner; a script asks, as whole pages carry a token that is always new."""
    user = User.objects.get(email=mine.email)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return {"signed in": {"Cookie": cookie, "HX-Request": "true"}}


FRAME = [
    own("GET /desk/", says=(302,)),
    foreign("GET /desk/{theirs.slug}/", is_possible=False),  # it leads on
]

FLOOR = [
    own(f"GET {HERE}/floor/"),
    own(f"GET {HERE}/floor/?section={{theirs.section}}"),
    own(f"GET {HERE}/floor/board/?place={{theirs.location}}"),
    foreign("GET /desk/{theirs.slug}/floor/"),
    foreign("GET /desk/{theirs.slug}/floor/board/"),
    own(f"GET {HERE}/floor/plan/"),
    foreign("GET /desk/{theirs.slug}/floor/plan/"),
    own(
        f"POST {HERE}/floor/plan/",
        {"version": "", "rooms": [{"key": "{theirs.section}"}]},
        says=(422,),
    ),
    foreign(f"GET {HERE}/floor/{{theirs.table}}/"),
    foreign(f"POST {HERE}/floor/{{theirs.table}}/block/", is_possible=False),  # no form is sent
    foreign(f"POST {HERE}/floor/block/{{theirs.block}}/end/"),
    own(f"GET {HERE}/floor/walk-in/?party=2&at={{theirs.table}}"),
    foreign(f"GET {HERE}/floor/walk-in/?entry={{theirs.entry}}"),
    own(f"POST {HERE}/floor/walk-in/"),
    foreign(f"POST {HERE}/floor/walk-in/{{theirs.booking}}/undo/", is_possible=False),
    own(f"POST {HERE}/floor/wait/", says=(422,)),
    foreign(f"POST {HERE}/floor/wait/{{theirs.entry}}/end/"),
    foreign(f"GET {HERE}/floor/seat/{{theirs.booking}}/"),
    foreign(f"POST {HERE}/floor/seat/{{theirs.booking}}/"),
    own(f"GET {HERE}/floor/overbook/"),
    own(f"POST {HERE}/floor/overbook/", says=(422,)),
]

ONE = f"{HERE}/classes/{{theirs.session}}"
WEEKLY = f"{HERE}/classes/weekly"
CLASSES = [
    own(f"GET {HERE}/classes/?service={{theirs.spin}}&trainer={{theirs.therapist}}"),
    own(f"GET {HERE}/classes/week/?place={{theirs.location}}"),
    own(f"GET {HERE}/classes/new/"),
    own(f"GET {WEEKLY}/"),
    own(f"GET {WEEKLY}/new/"),
    *(
        foreign(f"{line}/", is_possible=is_possible)
        for line, is_possible in (
            (f"GET {ONE}", True),
            (f"GET {ONE}/roster", True),
            (f"GET {ONE}/find", True),
            (f"GET {ONE}/change", True),
            (f"GET {ONE}/cancel", True),
            (f"POST {ONE}/cancel", True),
            (f"GET {WEEKLY}/{{theirs.schedule}}", True),
            (f"GET {WEEKLY}/{{theirs.schedule}}/end", True),
            # What is filled in is sent as a form, and here JSON is.
            (f"POST {ONE}/change", False),
            (f"POST {ONE}/add", False),
            (f"POST {ONE}/queue", False),
            (f"POST {ONE}/wait", False),
            (f"POST {WEEKLY}/{{theirs.schedule}}", False),
            (f"POST {WEEKLY}/{{theirs.schedule}}/end", False),
            ("POST /desk/{theirs.slug}/classes/new", False),
            ("POST /desk/{theirs.slug}/classes/weekly/new", False),
        )
    ),
    foreign(f"POST {ONE}/act/?do=check_in&booking={{theirs.seat}}"),
    foreign(f"POST {HERE}/classes/{{mine.session}}/act/?do=cancel&booking={{theirs.seat}}"),
]


def of_things(*lines: str, is_possible: bool = True) -> list[Ask]:
    """What names something of theirs: not to be had by way of either desk. Forms aren't possible
    here, as only JSON is sent."""
    return [
        foreign(f"{method} {desk}{path}", is_possible=is_possible)
        for line in lines
        for method, _, path in [line.partition(" ")]
        for desk in ("/desk/{theirs.slug}", HERE)
    ]


BOOK = [
    own(f"GET {HERE}/book/"),
    own(f"GET {HERE}/book/?q={{theirs.reference}}"),
    own(f"GET {HERE}/book/?where={{theirs.table}}&service={{theirs.service}}"),
    own(f"GET {HERE}/book/board/"),
    own(f"GET {HERE}/book/day.csv"),
    foreign("GET /desk/{theirs.slug}/book/"),
    foreign("GET /desk/{theirs.slug}/book/board/"),
    foreign("GET /desk/{theirs.slug}/book/day.csv"),
    own(f"GET {HERE}/bookings/new/"),
    own(f"GET {HERE}/bookings/new/?guest={{theirs.guest}}&resource={{theirs.table}}"),
    own(f"GET {HERE}/bookings/offer/"),
    own(f"GET {HERE}/bookings/offer/?service={{theirs.spin}}&session={{theirs.session}}"),
    own(f"GET {HERE}/bookings/who/?phone=4477"),
    foreign("GET /desk/{theirs.slug}/bookings/new/"),
    foreign("POST /desk/{theirs.slug}/bookings/new/", is_possible=False),
    foreign("GET /desk/{theirs.slug}/bookings/offer/"),
    foreign("GET /desk/{theirs.slug}/bookings/who/?phone=4477"),
    *of_things(
        "GET /bookings/offer/?moving={theirs.booking}",
        "GET /bookings/{theirs.booking}/",
        "POST /bookings/{theirs.booking}/act/?do=seat",
        "GET /bookings/{theirs.booking}/cancel/",
        "GET /bookings/{theirs.booking}/move/",
        "GET /bookings/{theirs.booking}/edit/",
    ),
    *of_things(
        "POST /bookings/{theirs.booking}/move/",
        "POST /bookings/{theirs.booking}/edit/",
        is_possible=False,
    ),
]

TIMELINE = [
    own(f"GET {HERE}/timeline/?kind=all"),
    own(f"GET {HERE}/timeline/board/?place={{theirs.location}}"),
    foreign("GET /desk/{theirs.slug}/timeline/"),
    foreign(f"POST {HERE}/timeline/move/?booking={{theirs.booking}}&lasts=75"),
    foreign(
        f"POST {HERE}/timeline/move/?booking={{mine.booking}}&resource={{theirs.other}}"
        "&instead_of={mine.table}"
    ),
]

GUESTS = [
    own(f"GET {HERE}/guests/"),
    own(f"GET {HERE}/guests/?q=4477&tag=VIP&sort=visits"),
    own(f"GET {HERE}/guests/{{mine.guest}}/merge/?q=4477"),
    foreign("GET /desk/{theirs.slug}/guests/"),
    *of_things(
        "GET /guests/{theirs.guest}/",
        "GET /guests/{theirs.guest}/edit/",
        "GET /guests/{theirs.guest}/merge/",
        "GET /guests/{theirs.guest}/export/",
        "GET /guests/{theirs.guest}/erase/",
    ),
    foreign(f"GET {HERE}/guests/{{mine.guest}}/merge/?other={{theirs.guest}}"),
    *of_things(
        "POST /guests/{theirs.guest}/edit/",
        "POST /guests/{theirs.guest}/merge/",
        "POST /guests/{theirs.guest}/erase/",
        is_possible=False,
    ),
]

REPORTS = [
    own(f"GET {HERE}/reports/?period=90&place={{theirs.location}}"),
    own(f"GET {HERE}/reports/resources.csv"),
    foreign("GET /desk/{theirs.slug}/reports/"),
    foreign("GET /desk/{theirs.slug}/reports/services.csv"),
]

ASKS = [
    *REPORTS,
    *TIMELINE,
    *FRAME,
    *FLOOR,
    *CLASSES,
    *BOOK,
    *SETTINGS,
    *GUESTS,
]
