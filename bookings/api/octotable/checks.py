"""What is wrong with an address, a phone or a password, in classes of its own."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from bookings.api.octotable.gate import bad

PHONE = re.compile(r"\+?[0-9][0-9 ().\-]{4,24}\Z", re.ASCII)
PASSWORD = (r"[A-Z]", r"[a-z]", r"[0-9]", r"[^A-Za-z0-9]")


def check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise bad("The e-mail address is malformed.", "BadEmailException") from None


def check_phone(phone: str) -> None:
    if not PHONE.fullmatch(phone) or sum(each.isdigit() for each in phone) > 20:
        raise bad("The phone number is malformed.", "BadPhoneException")


def check_password(password: str) -> None:
    if len(password) < 8 or not all(re.search(each, password) for each in PASSWORD):
        raise bad(
            "A password has 8 characters at least: upper and lower case, a digit and a symbol.",
            "InvalidPasswordException",
        )
