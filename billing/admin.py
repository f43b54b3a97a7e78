from zoneinfo import ZoneInfo

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.backoffice import Part, ReadOnly, Technical
from accounts.looks import linked_list, state_badge
from billing.models import (
    Account,
    Deposit,
    GatewayNotice,
    Payment,
    Plan,
    Receipt,
    SandboxIntent,
    SandboxNotice,
    Subscription,
)
from billing.money import Money
from resources.admin import ServiceAdmin
from resources.models import Service

admin.site.unregister(Service)


@admin.register(Service)
class ServiceWithPrice(ServiceAdmin):
    """With what it costs, in units of its currency."""

    list_display = (*ServiceAdmin.list_display[:2], "price", *ServiceAdmin.list_display[2:])

    @admin.display(description="price", ordering="price_cents")
    def price(self, service: Service) -> str:
        return str(Money(service.price_cents, service.business.currency))


@admin.register(Plan)
class PlanAdmin(Technical):
    changes = "owner"
    list_display = ("name", "key", "price", "allows_dynamic", "limits", "is_public")
    search_fields = ("name", "key")
    fieldsets = (
        (None, {"fields": (("name", "key"), ("price_cents", "currency"))}),
        (
            "What it allows",
            {
                "fields": (
                    ("allows_dynamic", "allows_calendar"),
                    ("max_businesses", "max_bookings"),
                )
            },
        ),
        ("Offer", {"fields": (("is_public", "display_order"), "stripe_price")}),
    )

    @admin.display(description="a month", ordering="price_cents")
    def price(self, plan: Plan) -> str:
        return str(plan.price)

    @admin.display(description="bookings a month", ordering="max_bookings")
    def limits(self, plan: Plan) -> str:
        return "any" if plan.max_bookings is None else f"{plan.max_bookings:,}"


@admin.register(Subscription)
class SubscriptionAdmin(Technical):
    changes = "owner"
    list_display = ("whose", "plan", "status_label", "trial_ends_at", "ends_at")
    list_select_related = ("user", "business", "plan")
    list_filter = ("status", "plan")
    search_fields = ("user__email", "business__name")
    autocomplete_fields = ("user", "business")

    @admin.display(description="of", ordering="business__name")
    def whose(self, subscription: Subscription) -> str:
        return str(subscription.business or subscription.user)

    @admin.display(description="status", ordering="status")
    def status_label(self, subscription: Subscription) -> SafeString:
        colours = {"trial": "info", "active": "success", "past_due": "danger"}
        return state_badge(subscription, colours, "status")


@admin.register(Account)
class AccountAdmin(ReadOnly):
    sees = "owner"
    list_display = ("business", "gateway", "reference", "details_submitted", "payouts_enabled")
    list_select_related = ("business",)
    search_fields = ("business__name", "reference")


class Payments(Part):
    """Movements of the deposit's money: only ever added to, by the gateway's word."""

    model = Payment
    fields = ("at", "kind", "amount_cents", "reference")
    readonly_fields = fields
    can_delete = False


@admin.register(Deposit)
class DepositAdmin(ReadOnly):
    sees = "manager"
    list_display = ("made", "business", "amount", "type", "status_label", "booking")
    list_select_related = ("business",)
    list_filter = (("status", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    search_fields = ("payment_intent_id", "booking_id", "business__name")
    search_help_text = "A payment intent, a booking's id or a business"
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": (("business", "booking"), ("amount", "status_label"), "type")}),
        ("At the gateway", {"fields": (("gateway", "payment_intent_id"), ("made", "updated_at"))}),
    )
    readonly_fields = ("booking", "amount", "status_label", "made")
    has_more = False  # the client's secret is the client's
    inlines = (Payments,)

    @admin.display(description="made", ordering="created_at")
    def made(self, deposit: Deposit) -> str:
        zone = deposit.business.timezone
        return f"{deposit.created_at.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M}"

    @admin.display(description="amount", ordering="amount_cents")
    def amount(self, deposit: Deposit) -> str:
        return str(deposit.amount)

    @admin.display(description="status", ordering="status")
    def status_label(self, deposit: Deposit) -> SafeString:
        colours = {"pending": "warning", "held": "info", "captured": "success", "failed": "danger"}
        return state_badge(deposit, colours, "status")

    @admin.display(description="for")
    def booking(self, deposit: Deposit) -> SafeString:
        url = reverse("admin:bookings_booking_change", args=[deposit.booking_id])
        return linked_list([(url, "The booking")])


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly):
    list_display = ("at", "business", "amount_cents", "currency", "method", "number", "actor")
    list_select_related = ("business",)
    list_filter = ("method",)
    search_fields = ("number",)


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    tenant = "deposit__business"
    sees = "manager"
    list_display = ("at", "kind", "amount", "business", "reference")
    list_select_related = ("deposit__business",)
    list_filter = (("kind", ChoicesDropdownFilter), ("at", RangeDateFilter))
    search_fields = ("reference", "deposit__payment_intent_id", "deposit__business__name")
    search_help_text = "A reference, a payment intent or a business"
    date_hierarchy = "at"

    @admin.display(description="amount", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        return str(Money(payment.amount_cents, payment.deposit.currency))

    @admin.display(description="business", ordering="deposit__business__name")
    def business(self, payment: Payment) -> str:
        return payment.deposit.business.name


@admin.register(GatewayNotice)
class GatewayNoticeAdmin(Technical):
    list_display = ("id", "received_at")
    search_fields = ("id",)


@admin.register(SandboxIntent)
class SandboxIntentAdmin(Technical):
    list_display = ("id", "amount", "holds", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("id",)

    @admin.display(ordering="amount_cents")
    def amount(self, intent: SandboxIntent) -> str:
        return str(intent.amount)


@admin.register(SandboxNotice)
class SandboxNoticeAdmin(Technical):
    list_display = ("id", "created_at", "sent_at")
    search_fields = ("id",)
