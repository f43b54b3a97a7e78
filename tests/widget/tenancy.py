"""What a guest on one business's booking page tries on what is another's.

The pages are for anybody, each about the business in its address. What is somebody's, a hold or a
place in the queue, is behind a token: a good one of theirs opens nothing on another's page, and one
of theirs under one's own seal opens nothing anywhere. Keys and tokens of the API open nothing here.
See tests/api/tenants.py.
"""

from tests.api.tenants import Tenant, foreign, own

SLASHES = False
WORD = "v=AAAAAAAAAAAAAAAA"  # the guest's, without which they are sent to the same page with one
MOVED = (302, 303)  # to an earlier step
GOOD = "{theirs.link_claim}.{theirs.link_seal}"
FORGED = "{theirs.link_claim}.{mine.link_seal}"


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    return {"as a guest": {}, "with a key": {"Authorization": f"Bearer {mine.key}"}}


ASKS = [
    ask
    for space in ("book", "widget")
    for page in (f"/{space}/{{mine.slug}}",)
    for ask in (
        own(f"GET {page}/?{WORD}", says=MOVED),
        own(f"GET {page}?{WORD}", says=MOVED),
        own(f"GET {page}/when/?service={{mine.service}}&{WORD}"),
        own(f"GET {page}/when/?service={{theirs.service}}&{WORD}", says=MOVED),
        own(f"GET {page}/table/?service={{theirs.service}}&{WORD}", says=MOVED),
        # Asked as programs do, without a form: whatever they named is read as nothing.
        own(f"POST {page}/hold/?run={{theirs.session}}&{WORD}", says=MOVED),
        own(f"GET {page}/waitlist/?run={{theirs.session}}&{WORD}", says=MOVED),
        own(f"POST {page}/waitlist/?run={{theirs.session}}&{WORD}", says=MOVED),
        foreign(f"GET {page}/held/{GOOD}/?{WORD}"),
        foreign(f"GET {page}/held/{FORGED}/?{WORD}"),
        foreign(f"POST {page}/held/{GOOD}/?{WORD}"),
        foreign(f"POST {page}/held/{GOOD}/release/?{WORD}"),
        foreign(f"POST {page}/held/{GOOD}/pay/?{WORD}", is_possible=False),  # nothing is owed
        # Nobody but us can seal an entry's address.
        foreign(f"GET {page}/waiting/{{theirs.entry}}:1.seal/?{WORD}", is_possible=False),
        foreign(f"POST {page}/waiting/{{theirs.entry}}:1.seal/leave/?{WORD}", is_possible=False),
    )
]
