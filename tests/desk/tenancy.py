"""What somebody who works for one business tries at its desk on what is another's (see
tests/api/tenants.py). One table a section; a name in the path that isn't there and one that is
another's are answered the same.
"""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from tests.api.tenants import Tenant, foreign, own

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
    foreign(f"GET {HERE}/floor/{{theirs.table}}/"),
]

ASKS = [*FRAME, *FLOOR]
