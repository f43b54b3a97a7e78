"""What the guest of one business tries on the booking of another's (see tests/api/tenants.py).

The token in the path is the only credential, so it is what is forged: what it says of the one
booking under the seal of the other. Keys and tokens of the API open nothing here.
"""

from tests.api.tenants import Tenant, foreign, own

SLASHES = False
FORGED = "{theirs.link_claim}.{mine.link_seal}"
MINE = "{mine.link_claim}.{mine.link_seal}"


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    return {
        "the link alone": {},
        "with a key": {"Authorization": f"Bearer {mine.key}"},
        "as a person": {"Authorization": f"Bearer {mine.token}"},
    }


ASKS = [
    own(f"GET /booking/{MINE}/"),
    own(f"GET /booking/{MINE}"),
    own(f"GET /booking/{MINE}/move/"),
    own(f"GET /booking/{MINE}/cancel/"),
    own(f"GET /booking/{MINE}/calendar.ics"),
    own(f"GET /booking/{MINE}/move/"),
    foreign(f"GET /booking/{FORGED}/move/"),
    foreign(f"POST /booking/{FORGED}/move/", is_possible=False),  # it says no start
    foreign(f"GET /booking/{FORGED}/offer/"),
    foreign(f"POST /booking/{FORGED}/offer/"),
    foreign(f"GET /booking/{FORGED}/"),
    foreign(f"GET /booking/{FORGED}"),
    foreign("GET /booking/{theirs.booking}/", is_possible=False),  # an id is no link
    foreign(f"GET /booking/{FORGED}/move/"),
    foreign(f"POST /booking/{FORGED}/move/", is_possible=False),  # a time is read from a form
    foreign(f"GET /booking/{FORGED}/cancel/"),
    foreign(f"POST /booking/{FORGED}/cancel/"),
    foreign(f"GET /booking/{FORGED}/calendar.ics"),
]
