"""What a guest is asked about themselves: as few fields as the business needs."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.widget import Look
from bookings.wishes import GuestDetails

PHONE = re.compile(r"\+?[0-9 ().\-/]{5,40}\Z")
DIGITS = 5  # the least that a phone number has
MOST = {"first_name": 100, "last_name": 100, "email": 254, "phone": 40, "notes": 1000}


@dataclasses.dataclass(frozen=True)
class Field:
    """A field as the page shows it, with what was typed and what is wrong with that."""

    name: str
    label: str
    type: str
    autocomplete: str
    inputmode: str
    is_required: bool
    most: int
    value: str
    error: str
    hint: str = ""


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a guest wrote; `errors` says of each field what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]

    @property
    def guest(self) -> GuestDetails:
        known = ("first_name", "last_name", "email", "phone")
        return GuestDetails(**{name: self.values.get(name, "") for name in known})

    @property
    def notes(self) -> str:
        return self.values.get("notes", "")


NOTHING = Answers({}, {})


def names(look: Look) -> list[str]:
    return ["first_name", *(name for name, how in look.ask.items() if how != "hidden")]


def read(sent: Mapping[str, str], look: Look) -> Answers:
    """What was written in the fields that are asked for, each held to what it is."""
    values, errors = {}, {}
    for name in names(look):
        value = _clean(sent.get(name, ""), is_long=name == "notes")
        values[name] = value
        if error := _wrong(name, value, look):
            errors[name] = error
    if not values.get("email") and not values.get("phone") and not errors:
        errors["email" if "email" in values else "phone"] = _(
            "Give an e-mail address or a phone number."
        )
    return Answers(values, errors)


def _clean(text: str, *, is_long: bool) -> str:
    kept = text.replace("\x00", "").replace("\r\n", "\n").strip()
    return kept if is_long else " ".join(kept.split())


def _wrong(name: str, value: str, look: Look) -> str:
    if not value:
        is_required = name == "first_name" or look.ask[name] == "required"
        return _("Please fill this in.") if is_required else ""
    if len(value) > MOST[name]:
        return _("At most %d characters, please.") % MOST[name]
    if name == "email":
        try:
            validate_email(value)
        except ValidationError:
            return _("This is no e-mail address. One looks like name@example.com.")
    if name == "phone" and not (
        PHONE.match(value) and sum(each.isdigit() for each in value) >= DIGITS
    ):
        return _("This is no phone number. One looks like +44 20 7946 0123.")
    return ""


def fields(look: Look, answers: Answers = NOTHING) -> list[Field]:
    """The fields in the order they are asked, with what was written in them."""
    known = {
        "first_name": (_("First name"), "text", "given-name", "text"),
        "last_name": (_("Last name"), "text", "family-name", "text"),
        "email": (_("E-mail"), "email", "email", "email"),
        "phone": (_("Phone"), "tel", "tel", "tel"),
        "notes": (_("Anything we should know?"), "notes", "off", "text"),
    }
    hints = {"email": _("For the confirmation, and to change or cancel.")}
    return [
        Field(
            name,
            *known[name],
            is_required=name == "first_name" or look.ask[name] == "required",
            most=MOST[name],
            value=answers.values.get(name, ""),
            error=answers.errors.get(name, ""),
            hint=hints.get(name, ""),
        )
        for name in known
        if name in names(look)
    ]
