"""Changing who: a business, what it promises, and the programs that book for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from accounts import keys
from accounts.errors import Conflict, Invalid, NotFound, PlanLimit
from accounts.models import Business, Channel, Membership, User
from accounts.transactions import lock


@transaction.atomic
def change_business(business: Business, **values: Any) -> Business:
    """Change a business or its settings; what isn't given stays. Bookings are left alone.

    Raises Invalid for what the model refuses, Conflict for another's slug.
    """
    found = Business.objects.select_for_update(no_key=True).filter(pk=business.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    _check(found, values)
    if "slug" in values and (
        Business.objects.filter(slug=found.slug).exclude(pk=found.pk).exists()
    ):
        raise Conflict(gettext("The slug “%(slug)s” is taken.") % {"slug": found.slug})
    if values:
        found.save(update_fields=list(values))
    return found


def note_change(
    business: Business,
    *,
    by: User,
    page: str,
    title: str,
    what: str = "",
    how: Literal["added", "changed", "deleted"] = "changed",
    fields: Iterable[str] = (),
) -> LogEntry:
    """Add to the history of a business's settings, which the back office shows too: who changed
    which `fields` (labels, in English) of `what`, on which page. What they were isn't kept."""
    told = {"page": page, "name": title, "object": what or business.name, "fields": [*fields]}
    noted: LogEntry = LogEntry.objects.log_actions(
        user_id=by.pk,
        queryset=[business],
        action_flag=CHANGE,
        change_message=[{how: told}],
        single_object=True,
    )
    return noted


def _check(row: models.Model, names: Iterable[str]) -> None:
    """Hold these fields to what the model says of them. Raises Invalid."""
    try:
        row.clean_fields(exclude={each.name for each in row._meta.fields} - set(names))
    except ValidationError as error:
        raise Invalid(
            fields={name: " ".join(said) for name, said in error.message_dict.items()}
        ) from None


@transaction.atomic
def issue_key(
    business: Business,
    *,
    name: str,
    scopes: Iterable[str],
    rate_limit_rpm: int = 60,
    protocol: str = Channel.Protocol.AVAILENGINE,
) -> tuple[Channel, str]:
    """Make a key for a program; the key itself is seen only now. Raises Invalid."""
    wanted: dict[str, Any] = {
        "name": name,
        "scopes": list(scopes),
        "rate_limit_rpm": rate_limit_rpm,
        "protocol": protocol,
    }
    _check(Channel(**wanted), wanted)
    return keys.issue(business, **wanted)


@transaction.atomic
def rotate_key(
    business: Business, *, name: str, protocol: str, scopes: Iterable[str], rate_limit_rpm: int = 60
) -> tuple[Channel, str]:
    """Make a key to take the place of the newest one of a protocol, which stays good until the next
    time; those older than that open nothing any more. Raises Invalid."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    live = Channel.objects.filter(business=business, protocol=protocol, is_active=True)
    for each in live.order_by("-created_at", "id")[1:]:
        revoke_key(each)
    return issue_key(
        business, name=name, scopes=scopes, rate_limit_rpm=rate_limit_rpm, protocol=protocol
    )


@transaction.atomic
def register_program(
    business: Business, user: User, *, name: str, protocol: str, rate_limit_rpm: int = 300
) -> tuple[Channel, str]:
    """Make a key for a program that somebody registers for all businesses that they own, under a
    name that no other such program has. Raises Conflict."""
    lock([f"program:{protocol}:{name.casefold()}"])
    if Channel.objects.filter(protocol=protocol, user__isnull=False, name__iexact=name).exists():
        raise Conflict("This name is taken.")
    return keys.issue(
        business,
        name=name,
        scopes=["read", "write"],
        rate_limit_rpm=rate_limit_rpm,
        protocol=protocol,
        user=user,
    )


@transaction.atomic
def revoke_key(channel: Channel) -> None:
    """Take a key away: it opens nothing from now on. Its bookings remember it."""
    channel.is_active = False
    channel.save(update_fields=["is_active"])


def note_used(seen: Mapping[str, int]) -> None:
    """Write down when channels were last used: Unix seconds by channel id."""
    for channel_id, at in seen.items():
        Channel.objects.filter(pk=channel_id).update(last_used_at=datetime.fromtimestamp(at, UTC))


def register_developer(*, email: str, password: str, first_name: str, last_name: str) -> User:
    """Add a developer. Raises Conflict for an e-mail that is known, Invalid for a weak password."""
    return register_user(
        email=email,
        password=password,
        first_name=first_name,
        last_name=last_name,
        is_developer=True,
    )


@transaction.atomic
def register_user(
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    is_developer: bool = False,
    has_passed: bool = False,
) -> User:
    """Add somebody who logs in, with a password that `has_passed` a protocol's own rules or is
    held to ours. Raises as `register_developer`."""
    email = email.casefold()
    user = User(email=email, first_name=first_name, last_name=last_name, is_developer=is_developer)
    try:
        if not has_passed:
            validate_password(password, user)
    except ValidationError as error:
        raise Invalid(fields={"password": " ".join(error.messages)}) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict("This e-mail is registered already.") from None
    return user


def join(user: User, business: Business, *, role: str) -> Membership:
    """Give somebody a role in a business, in place of the one they have."""
    found, _ = Membership.objects.update_or_create(
        user=user, business=business, defaults={"role": role}
    )
    return found


@transaction.atomic
def invite(business: Business, *, email: str, role: str) -> tuple[User, bool]:
    """Give somebody a role in a business by their e-mail; who isn't known yet is added, without a
    password until they choose one. Whether they were added. Raises Conflict for a member."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    email = email.strip().casefold()
    user = User.objects.filter(email__iexact=email).first()
    is_new = user is None
    if user is None:
        user = User(email=email)
        user.set_unusable_password()
        _check(user, {"email"})
        user.save(force_insert=True)
    if Membership.objects.filter(user=user, business=business).exists():
        raise Conflict(gettext("They are a member already."))
    row = Membership(user=user, business=business, role=role)
    _check(row, {"role"})
    row.save(force_insert=True)
    return user, is_new


@transaction.atomic
def change_role(membership: Membership, *, role: str) -> Membership:
    """Change what a member may do. Raises NotFound when they left, Invalid for what is no role,
    Conflict for the last owner."""
    found = _member(membership)
    if role != Membership.Role.OWNER:
        _refuse_last_owner(found)
    found.role = role
    _check(found, {"role"})
    found.save(update_fields=["role"])
    return found


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take somebody's role in a business away; who they are stays. Raises NotFound when they left,
    Conflict for the last owner."""
    found = _member(membership)
    _refuse_last_owner(found)
    Membership.objects.filter(pk=found.pk).delete()


def _member(membership: Membership) -> Membership:
    """As it is now, with nobody else changing who belongs to the business."""
    Business.objects.select_for_update(no_key=True).get(pk=membership.business_id)
    found = Membership.objects.filter(pk=membership.pk).first()
    if found is None:
        raise NotFound
    return found


def _refuse_last_owner(membership: Membership) -> None:
    owner = Membership.Role.OWNER
    others = Membership.objects.filter(business=membership.business_id, role=owner)
    if membership.role == owner and not others.exclude(pk=membership.pk).exists():
        raise Conflict(
            gettext("A business keeps one owner at least. Make somebody else an owner first.")
        )


@transaction.atomic
def change_user(user: User, **values: Any) -> User:
    """Change what somebody is called. Raises Invalid."""
    found = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    for name, value in values.items():
        setattr(found, name, value)
    _check(found, values)
    found.save(update_fields=list(values))
    return found


@transaction.atomic
def change_password(user: User, *, old: str, new: str) -> User:
    """Change a password by whoever knows it; signed in elsewhere they are no longer. Raises Invalid
    for a wrong old one and for a weak new one."""
    found = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not found.check_password(old):
        raise Invalid(fields={"old": gettext("This is not your password.")})
    try:
        validate_password(new, found)
    except ValidationError as error:
        raise Invalid(fields={"new": " ".join(error.messages)}) from None
    found.set_password(new)
    found.save(update_fields=["password"])
    return found


def note_login(user: User, *, now: datetime | None = None) -> None:
    """Write down that somebody logged in."""
    user.last_login = now or datetime.now(UTC)
    user.save(update_fields=["last_login"])


def log_in(*, email: str, password: str) -> User | None:
    """The user of this e-mail and password, or None. Takes as long for one that isn't known."""
    user = User.objects.filter(email=email.casefold(), is_active=True).first()
    if user is None:
        make_password(password)
        return None
    return user if user.check_password(password) else None


@transaction.atomic
def create_business(
    *,
    name: str,
    owner: User | None = None,
    business_type: str = "service",
    is_dev: bool = False,
    at_most: int | None = None,
    **fields: Any,
) -> tuple[Business, str]:
    """Add a business with its owner's membership and a first key, shown only now.

    The slug is made of the name, with -2, -3 and so on after a taken one. Raises Invalid for what
    the model refuses, Conflict for a developer's second sandbox, PlanLimit when the owner has
    `at_most` so many already; a sandbox doesn't count. Two at once are looked at one after the
    other.
    """
    if owner:
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if not is_dev and at_most is not None and count_paid(owner) >= at_most:
            raise PlanLimit("The plan allows no further business.")
    if owner and is_dev and Business.objects.filter(owner=owner, is_dev=True).exists():
        raise Conflict("A developer has one sandbox.")
    business = Business(
        name=name, owner=owner, business_type=business_type, is_dev=is_dev, **fields
    )
    _check(business, {"name", "business_type", *fields})
    base = fields.get("slug") or slugify(name)[:100] or "business"
    for number in range(1, 1000):
        business.slug = base if number == 1 else f"{base}-{number}"
        if not Business.objects.filter(slug=business.slug).exists():
            break
    try:
        with transaction.atomic():
            business.save(force_insert=True)
    except IntegrityError:
        raise Conflict("A business of this name was made this very moment.") from None
    if owner:
        Membership.objects.create(user=owner, business=business, role=Membership.Role.OWNER)
    _, key = keys.issue(business, name="Default", scopes=["read", "write"])
    return business, key


def count_paid(owner: User) -> int:
    """How many businesses of a developer count against their plan; a sandbox doesn't."""
    return Business.objects.filter(owner=owner, is_active=True, is_dev=False).count()
