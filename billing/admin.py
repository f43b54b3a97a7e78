from django.contrib import admin

from accounts.backoffice import ReadOnly, Technical
from billing.models import (
    Account,
    Deposit,
    GatewayNotice,
    Payment,
    Plan,
    SandboxIntent,
    SandboxNotice,
    Subscription,
)


@admin.register(Plan)
class PlanAdmin(Technical):
    changes = "owner"
    list_display = ("name", "key", "price", "allows_dynamic", "max_bookings", "is_public")
    search_fields = ("name", "key")

    @admin.display(ordering="price_cents")
    def price(self, plan: Plan) -> str:
        return str(plan.price)


@admin.register(Subscription)
class SubscriptionAdmin(Technical):
    changes = "owner"
    list_display = ("__str__", "plan", "status", "trial_ends_at")
    list_select_related = ("user", "business", "plan")
    list_filter = ("status", "plan")
    search_fields = ("user__email", "business__name")
    autocomplete_fields = ("user", "business")


@admin.register(Account)
class AccountAdmin(ReadOnly):
    sees = "owner"
    list_display = ("business", "gateway", "reference", "details_submitted", "payouts_enabled")
    list_select_related = ("business",)
    search_fields = ("business__name", "reference")


@admin.register(Deposit)
class DepositAdmin(ReadOnly):
    sees = "manager"
    list_display = ("created_at", "business", "amount", "type", "status")
    list_select_related = ("business",)
    list_filter = ("status", "type")
    search_fields = ("payment_intent_id", "booking_id")

    @admin.display(ordering="amount_cents")
    def amount(self, deposit: Deposit) -> str:
        return str(deposit.amount)


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    tenant = "deposit__business"
    sees = "manager"
    list_display = ("at", "kind", "amount_cents", "reference")
    list_filter = ("kind",)
    search_fields = ("reference",)


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
