"""What an owner tries in the settings on what is another business's (see tests/desk/tenancy.py)."""

from tests.api.tenants import Ask, foreign, own

HERE = "/desk/{mine.slug}/settings"
THERE = "/desk/{theirs.slug}/settings"
EMPTY = (422,)  # what a form says that nothing was sent with


def _both(path: str, *, is_form: bool = True) -> list[Ask]:
    """GET and POST of something of theirs; a form that is sent empty does nothing for anybody."""
    return [
        foreign(f"GET {HERE}/{path}"),
        foreign(f"POST {HERE}/{path}", is_possible=not is_form),
    ]


def _mine(path: str, says: tuple[int, ...] = EMPTY) -> list[Ask]:
    """GET and POST of a page that names nothing, and of the same page of theirs."""
    return [
        own(f"GET {HERE}/{path}"),
        own(f"POST {HERE}/{path}", says=says),
        foreign(f"GET {THERE}/{path}"),
        foreign(f"POST {THERE}/{path}", is_possible=False),
    ]


PLACE, TABLE = "{theirs.location}", "{theirs.table}"
SETTINGS = [
    *_mine(""),
    *(
        ask
        for page in (
            "business/", "rules/", "mails/", "deposits/", "pacing/", "hours/", "widget/",
            "services/new/", "resources/new/", "staff/new/", "locations/new/", "keys/new/",
            "webhooks/new/", "protocols/google/new/", "team/invite/", "account/",
        )
        for ask in _mine(page)
    ),
    *(
        ask
        for page in ("services/", "resources/", "staff/", "locations/", "keys/", "webhooks/",
                     "protocols/", "team/")
        for ask in _mine(page)
    ),
    own(f"GET {HERE}/plan/"),
    foreign(f"POST {THERE}/plan/", is_possible=False),
    own(f"GET {HERE}/deposits/account/", says=(302,)),
    own(f"POST {HERE}/deposits/account/"),
    foreign(f"POST {THERE}/deposits/account/"),
    *_both(f"hours/{PLACE}/"),
    *_both(f"hours/{TABLE}/"),
    *_both(f"hours/{PLACE}/days/"),
    foreign(f"GET {HERE}/hours/{PLACE}/days/2026-06-20/", is_possible=False),  # as any other day
    foreign(f"POST {HERE}/hours/{PLACE}/days/2026-06-20/", is_possible=False),
    *_both(f"hours/{PLACE}/closures/"),
    *_both(f"hours/{PLACE}/closures/{{theirs.closure}}/"),
    *_both("hours/{mine.location}/closures/{theirs.closure}/"),
    *_both("services/{theirs.service}/"),
    *_both("categories/{theirs.category}/"),
    *_both(f"resources/{TABLE}/"),
    *_both("staff/{theirs.therapist}/"),
    *_both("roster/{theirs.therapist}/", is_form=False),
    *_both("roster/{theirs.therapist}/new/"),
    *_both("roster/{theirs.therapist}/{theirs.shift}/", is_form=False),
    *_both(f"locations/{PLACE}/"),
    *_both(f"locations/{PLACE}/sections/"),
    *_both(f"locations/{PLACE}/sections/{{theirs.section}}/"),
    *_both("locations/{mine.location}/sections/{theirs.section}/"),
    *_both(f"locations/{PLACE}/combinations/"),
    *_both(f"locations/{PLACE}/combinations/{{theirs.combination}}/"),
    *_both("locations/{mine.location}/combinations/{theirs.combination}/"),
    *_both(f"pacing/{PLACE}/"),
    *_both("keys/{theirs.channel}/", is_form=False),
    *_both("webhooks/{theirs.endpoint}/"),
    *_both("webhooks/{theirs.endpoint}/switch/"),
    *_both("webhooks/{theirs.endpoint}/test/"),
    *_both("webhooks/{theirs.endpoint}/remove/", is_form=False),
    *_both("webhooks/{theirs.endpoint}/deliveries/{theirs.delivery}/"),
    *_both("webhooks/{mine.endpoint}/deliveries/{theirs.delivery}/"),
    *_both("team/{theirs.membership}/"),
]  # fmt: skip
