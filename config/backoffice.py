"""How the admin looks and where its pages are found."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import lazy


def page(title: str, icon: str, model: str) -> dict[str, Any]:
    """A list of rows, for those who may see any."""

    def seen(request: HttpRequest) -> bool:
        app, _, name = model.partition("_")
        return admin.site._registry[apps.get_model(app, name)].has_view_permission(request)

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": seen,
    }


def _dated(of: str, value: str) -> str:
    return f"{reverse(f'admin:{of}_changelist')}?when={value}"


def part(title: str, of: str, value: str) -> dict[str, Any]:
    """A part of time of a list; what is to come is shown when nothing is asked for."""

    def shown(request: HttpRequest) -> bool:
        from bookings.admin.book import when

        return when(request) == value

    return {"title": title, "link": lazy(_dated, str)(of, value), "active": shown}


def parts(model: str) -> dict[str, Any]:
    """The parts of time of a list, above it."""
    named = (("Today", "today"), ("From today on", "upcoming"), ("Before", "past"), ("All", ""))
    return {
        "models": [model],
        "items": [part(title, model.replace(".", "_"), value) for title, value in named],
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Openbook",
    "SITE_HEADER": "Openbook",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "menu_book",
    "SHOW_HISTORY": False,
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda request: static("admin/openbook.css")],
    "DASHBOARD_CALLBACK": "bookings.admin.dashboard.show",
    "TABS": [parts("bookings.booking"), parts("bookings.session")],
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "Bookings",
                "items": [
                    page("Bookings", "event", "bookings_booking"),
                    page("Classes", "groups", "bookings_session"),
                    page("Recurring classes", "event_repeat", "bookings_schedule"),
                    page("Waitlist", "hourglass_empty", "bookings_waitlistentry"),
                    page("Guests", "person", "bookings_guest"),
                ],
            },
            {
                "title": "Floor",
                "collapsible": True,
                "items": [
                    page("Locations", "storefront", "resources_location"),
                    page("Sections", "grid_view", "resources_section"),
                    page("Resources", "table_restaurant", "resources_resource"),
                    page("Combinations", "join_full", "resources_combination"),
                    page("Services", "spa", "resources_service"),
                    page("Categories", "category", "resources_category"),
                    page("Requirements", "rule", "resources_requirement"),
                    page("Turn times", "timer", "resources_turntime"),
                    page("Blocks", "block", "bookings_block"),
                ],
            },
            {
                "title": "Hours",
                "collapsible": True,
                "items": [
                    page("Opening hours", "schedule", "availability_openinghours"),
                    page("Breaks", "coffee", "availability_break"),
                    page("Closures", "event_busy", "availability_closure"),
                    page("Special days", "celebration", "availability_specialday"),
                    page("Rosters", "calendar_month", "availability_rosterentry"),
                    page("Service hours", "av_timer", "availability_servicehours"),
                ],
            },
            {
                "title": "Money",
                "collapsible": True,
                "items": [
                    page("Deposits", "savings", "billing_deposit"),
                    page("Payments", "payments", "billing_payment"),
                    page("Payment accounts", "account_balance", "billing_account"),
                    page("Subscriptions", "card_membership", "billing_subscription"),
                    page("Plans", "sell", "billing_plan"),
                ],
            },
            {
                "title": "People",
                "collapsible": True,
                "items": [
                    page("Businesses", "business", "accounts_business"),
                    page("Users", "manage_accounts", "accounts_user"),
                    page("Memberships", "badge", "accounts_membership"),
                    page("API keys", "key", "accounts_channel"),
                ],
            },
            {
                "title": "Technical",
                "collapsible": True,
                "items": [
                    page("Events", "history", "bookings_event"),
                    page("Days left out", "event_busy", "bookings_omission"),
                    page("Allocations", "view_timeline", "bookings_allocation"),
                    page("Outbox", "outbox", "bookings_outbox"),
                    page("Webhooks", "webhook", "bookings_webhookendpoint"),
                    page("Deliveries", "send", "bookings_webhookdelivery"),
                    page("Mails", "mail", "bookings_mail"),
                    page("Idempotent answers", "repeat", "accounts_idempotency"),
                    page("Gateway notices", "notifications", "billing_gatewaynotice"),
                    page("Sandbox payments", "science", "billing_sandboxintent"),
                    page("Sandbox callbacks", "science", "billing_sandboxnotice"),
                ],
            },
        ],
    },
}
