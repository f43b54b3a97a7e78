"""Logging in: staff and customers, each at their own doors only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from accounts import tokens
from accounts.errors import DomainError
from accounts.models import Membership
from bookings.api.myreserva.dialect import ANSWERS, refusal
from tests.api.myreserva.conftest import CUSTOMER, NOW, OUTLET, TENANT, Caller, Spa, said
from tests.builders import business

WHO = {"email": "owner@bliss.example", "password": "secret"}
TENANT_JSON = {
    "id": TENANT, "name": "Bliss", "logo_url": None, "theme_color": None,
}  # fmt: skip


def login(spa: Spa, path: str = "auth/login", **changes: Any) -> tuple[int, Any]:
    return said(spa.public.post(path, WHO | changes))


def test_staff_log_in_and_their_token_opens_staff_endpoints(spa: Spa) -> None:
    status, told = login(spa)
    access, refresh = told.pop("access_token"), told.pop("refresh_token")
    assert refresh
    assert [each["id"] for each in told.pop("outlets")] == [OUTLET]
    assert "write:appointments" in told.pop("permissions")
    assert told["user"].pop("id")
    assert (status, told) == (
        200,
        {
            "token_type": "bearer",
            "token_type_identifier": "user",
            "expires_in": 1800,
            "user": {
                "email": "owner@bliss.example", "first_name": "Dewi", "last_name": "Lestari",
                "role": "tenant_admin", "avatar_url": None, "last_login": "2025-10-13T01:00:00Z",
            },
            "tenant": TENANT_JSON | {"slug": spa.business.slug},
            "access_type": "single",
            "subscription_status": "active",
        },
    )  # fmt: skip
    caller = Caller(spa.public.client, access)
    assert caller.get("services").status_code == 200
    caller.now = NOW + timedelta(minutes=31)
    assert said(caller.get("services")) == (401, {"detail": "Not authenticated"})


def test_a_wrong_password_and_five_of_them(spa: Spa) -> None:
    for _ in range(5):
        assert login(spa, password="wrong") == (401, {"detail": "Incorrect credentials"})
    status, told = login(spa)
    assert (status, told["detail"][:17]) == (423, "Account is locked")
    later = spa.at(NOW + timedelta(minutes=16))
    assert login(later)[0] == 200


def test_a_user_of_several_tenants_is_asked_which(spa: Spa) -> None:
    other = business("Aurora")
    Membership.objects.create(user=spa.admin, business=other, role="staff")
    status, told = login(spa)
    assert (status, told["requires_tenant_selection"]) == (200, True)
    assert [each["name"] for each in told["available_tenants"]] == ["Aurora", "Bliss"]
    status, told = login(spa, "auth/complete-login", tenant_slug=other.slug)
    assert (status, told["tenant"]["name"], told["user"]["role"]) == (200, "Aurora", "staff")
    assert login(spa, "auth/complete-login")[0] == 400
    assert login(spa, tenant_slug="elsewhere") == (401, {"detail": "Incorrect credentials"})


def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_login(spa: Spa) -> None:
    first = login(spa)[1]["refresh_token"]
    status, told = said(spa.public.post("auth/refresh", {"refresh_token": first}))
    assert status == 200
    caller = Caller(spa.public.client, told["access_token"])
    assert caller.get("auth/me").status_code == 200
    again = spa.public.post("auth/refresh", {"refresh_token": first})
    assert said(again) == (401, {"detail": "Incorrect credentials"})
    assert caller.get("auth/me").status_code == 401


def test_logging_out_ends_the_token(spa: Spa) -> None:
    assert said(spa.owner.post("auth/logout")) == (200, {"message": "Successfully logged out"})
    assert spa.owner.get("services").status_code == 401
    assert said(spa.customer.post("customer/auth/logout"))[0] == 200
    assert spa.customer.get("customer/auth/me").status_code == 401


def test_a_token_opens_only_its_own_doors(spa: Spa) -> None:
    no = (403, {"detail": "Not enough permissions"})
    assert said(spa.customer.get("services")) == no
    assert said(spa.customer.get("customers")) == no
    assert said(spa.owner.get("customer/services")) == no
    for token in ("", "nonsense", tokens.issue(spa.admin, now=NOW)):
        stranger = Caller(spa.public.client, token)
        assert said(stranger.get("services")) == (401, {"detail": "Not authenticated"})
    elsewhere = spa.public.client.get(
        "/v1/developer/me", headers={"Authorization": f"Bearer {spa.customer.token}"}
    )
    assert elsewhere.status_code == 401


def test_roles_say_who_may_change_what(spa: Spa) -> None:
    staff, manager = (
        spa.caller("s@bliss.example", "staff"),
        spa.caller("m@bliss.example", "manager"),
    )
    new = {"name": "Facial", "duration_minutes": 60}
    assert staff.get("services").status_code == 200
    assert said(staff.post("services", new)) == (403, {"detail": "Not enough permissions"})
    assert manager.post("services", new).status_code == 201
    assert manager.post("outlets", {"name": "Uptown"}).status_code == 403
    assert spa.owner.post("outlets", {"name": "Uptown"}).status_code == 201


def test_a_customer_registers_and_logs_in_by_phone_or_e_mail(spa: Spa) -> None:
    who = {
        "phone": "+62 812 000 9999", "email": "budi@example.id", "password": "jalan-sudirman-7",
        "first_name": "Budi", "tenant_slug": spa.business.slug, "marketing_consent": True,
    }  # fmt: skip
    status, told = said(spa.public.post("customer/auth/register", who))
    assert (status, told["token_type_identifier"], told["expires_in"]) == (201, "customer", 1800)
    customer = told["customer"]
    assert customer.pop("id") == customer.pop("_id")
    assert customer == {
        "tenant_id": TENANT, "email": "budi@example.id", "first_name": "Budi", "last_name": "",
        "phone": "+62 812 000 9999", "gender": None, "notes": "", "email_verified": False,
        "is_active": True, "loyalty_points": 0,
        "preferences": {"marketing_consent": True, "preferred_outlet_id": None},
        "total_appointments": 0, "created_at": "2025-10-13T01:00:00Z",
    }  # fmt: skip
    assert said(spa.public.post("customer/auth/register", who)) == (
        409,
        {"detail": "Email already registered"},
    )
    phone = {"phone": "+628120009999", "password": "jalan-sudirman-7"}
    assert spa.public.post("customer/auth/login", phone).status_code == 200
    mail = {"email": "Budi@Example.id", "password": "jalan-sudirman-7"}
    token = spa.public.post("customer/auth/login", mail).json()["access_token"]
    me = Caller(spa.public.client, token).get("customer/auth/me").json()
    assert me["customer"]["first_name"] == "Budi"


def test_nobody_registers_with_what_is_somebodys(spa: Spa) -> None:
    """Staff know this phone already; typing it proves nothing."""
    spa.owner.post("customers", {"first_name": "Rina", "phone": "+62813777"})
    who = {"phone": "+62 813-777", "password": "jalan-sudirman-7", "first_name": "Eve"}
    asked = spa.public.post("customer/auth/register", who | {"tenant_slug": spa.business.slug})
    assert said(asked) == (409, {"detail": "Phone number already registered"})
    nothing = spa.public.post(
        "customer/auth/register",
        {"password": "x", "first_name": "Eve", "tenant_slug": spa.business.slug},
    )
    assert said(nothing) == (
        422,
        {
            "detail": [
                {
                    "loc": ["body"],
                    "msg": "Either email or phone is required",
                    "type": "value_error",
                }
            ]
        },
    )


def test_a_customer_who_was_switched_off_or_forgotten_is_out(spa: Spa) -> None:
    who = {"email": "siti@example.id", "password": "bunga-melati-9"}
    assert spa.public.post("customer/auth/login", who).status_code == 200
    spa.owner.put(f"customers/{CUSTOMER}", {"is_active": False})
    assert spa.public.post("customer/auth/login", who).status_code == 401
    spa.owner.delete(f"customers/{CUSTOMER}")
    assert spa.customer.get("customer/auth/me").status_code == 401


def test_a_new_tenant_registers_and_its_administrator_logs_in(client: Client, db: None) -> None:
    public = Caller(client)
    asked = {
        "business_name": "Kopi Spa", "email": "kopi@example.id", "password": "jalan-sudirman-7",
        "first_name": "Kopi",
    }  # fmt: skip
    status, told = said(public.post("public/register", asked))
    assert (status, told["tenant"]["slug"]) == (201, "kopi-spa")
    who = {"email": "kopi@example.id", "password": "jalan-sudirman-7"}
    session = public.post("auth/login", who).json()
    assert [each["id"] for each in session["outlets"]] == [told["outlet_id"]]
    assert public.post("public/register", asked).status_code == 409


def test_every_refusal_of_the_core_has_an_answer() -> None:
    def kinds(root: type[DomainError]) -> set[type[DomainError]]:
        return {root}.union(*(kinds(each) for each in root.__subclasses__()))

    for kind in kinds(DomainError):
        error = kind.__new__(kind)
        DomainError.__init__(error, "no")
        assert 400 <= refusal(error).status < 504
        assert refusal(error).body["detail"]
    assert DomainError in ANSWERS
