"""Money: what a business pays for (plans) and what its guests put down (deposits).

Knows references, not bookings: a deposit names the booking it is for by id, and the top of the core
decides what happens to it.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import Business, User, validate_currency
from billing.money import Money


class Plan(models.Model):
    """What can be subscribed to, and what it allows. The rows are data, so a tier can be added."""

    key = models.SlugField(primary_key=True, max_length=30)
    name = models.CharField(max_length=60)
    price_cents = models.PositiveIntegerField(default=0, help_text="A month.")
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    allows_dynamic = models.BooleanField("dynamic booking", default=False)
    allows_calendar = models.BooleanField("calendar sync", default=False)
    max_businesses = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: any.")
    max_bookings = models.PositiveIntegerField(
        "bookings a month", null=True, blank=True, help_text="Empty: any."
    )
    max_locations = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: any.")
    max_staff = models.PositiveIntegerField(
        "staff a location", null=True, blank=True, help_text="Empty: any."
    )
    max_services = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: any.")
    family = models.SlugField(
        max_length=20, blank=True, help_text="The protocol that lists it; empty: AvailEngine."
    )
    description = models.CharField(max_length=300, blank=True)
    stripe_price = models.CharField(max_length=100, blank=True)
    is_public = models.BooleanField(default=True, help_text="Can be chosen at checkout.")
    display_order = models.IntegerField(default=0)

    class Meta:
        ordering = ("display_order", "price_cents", "key")

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        """A month of it."""
        return Money(self.price_cents, self.currency)


class Subscription(models.Model):
    """Which plan a developer (for all their businesses) or a single business is on."""

    class Status(models.TextChoices):
        TRIAL = "trial", "Trial"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Past due"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, models.CASCADE, null=True, blank=True, related_name="subscription"
    )
    business = models.OneToOneField(
        Business, models.CASCADE, null=True, blank=True, related_name="subscription"
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    renews_from = models.DateField(
        null=True,
        blank=True,
        help_text="Its months begin on this day of the month; empty: on the first.",
    )
    is_ending = models.BooleanField(
        default=False, help_text="Cancelled: goes on on the free plan when its month is over."
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    has_payment_method = models.BooleanField(default=False)
    customer_reference = models.CharField(max_length=100, blank=True)
    subscription_reference = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(business__isnull=True),
                name="subscription_has_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.business}: {self.plan_id} ({self.status})"


class Account(models.Model):
    """Where a business's deposits go: its account at the payment gateway."""

    business = models.OneToOneField(
        Business, models.CASCADE, primary_key=True, related_name="payment_account"
    )
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=100, unique=True)
    details_submitted = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = "payment account"

    def __str__(self) -> str:
        return self.reference


class Deposit(models.Model):
    """What a guest puts down so that a booking is kept.

    pending -> held (authorised) -> captured or released; a charge goes pending -> captured, and
    released when refunded. `failed` when the guest never paid.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        HELD = "held", "Held"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        FAILED = "failed", "Never paid"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="deposits")
    booking_id = models.UUIDField(unique=True)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, validators=[validate_currency])
    type = models.CharField(max_length=20, choices=Business.DepositType)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    gateway = models.CharField(max_length=20)
    payment_intent_id = models.CharField(max_length=100, unique=True)
    client_secret = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="deposit_is_something"),
        ]
        indexes = [models.Index(fields=["business", "-created_at"], name="deposit_recent")]

    def __str__(self) -> str:
        return f"{self.amount} ({self.status})"

    @property
    def amount(self) -> Money:
        return Money(self.amount_cents, self.currency)


class Payment(models.Model):
    """A movement of a deposit's money. Only ever added to."""

    class Kind(models.TextChoices):
        AUTHORISED = "authorised", "Authorised"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        REFUNDED = "refunded", "Refunded"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=12, choices=Kind)
    amount_cents = models.PositiveIntegerField()
    reference = models.CharField(
        max_length=120,
        unique=True,
        help_text="The gateway's event or call; makes a repeat visible.",
    )
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents}"


class Receipt(models.Model):
    """Money taken for a booking at the counter: cash, a card terminal, a transfer.

    Only ever added to.
    """

    class Method(models.TextChoices):
        CASH = "cash", "Cash"
        POS_TERMINAL = "pos_terminal", "Card terminal"
        BANK_TRANSFER = "bank_transfer", "Bank transfer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="receipts")
    booking_id = models.UUIDField(db_index=True)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, validators=[validate_currency])
    method = models.CharField(max_length=20, choices=Method)
    number = models.CharField("receipt number", max_length=100, blank=True)
    notes = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=60, help_text="Who took it.")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="receipt_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_cents} {self.currency} ({self.method})"


class GatewayNotice(models.Model):
    """A callback of a gateway that was acted on, so that its repeat isn't."""

    id = models.CharField(primary_key=True, max_length=150, help_text="gateway:id")
    received_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return self.id


class SandboxIntent(models.Model):
    """A payment at the built-in sandbox gateway."""

    class State(models.TextChoices):
        UNPAID = "unpaid", "Unpaid"
        AUTHORISED = "authorised", "Authorised"
        CHARGED = "charged", "Charged"
        REFUNDED = "refunded", "Refunded"
        CANCELLED = "cancelled", "Cancelled"

    id = models.CharField(primary_key=True, max_length=60)
    client_secret = models.CharField(max_length=120)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    holds = models.BooleanField()
    account = models.CharField(max_length=100)
    key = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.UNPAID)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"

    @property
    def amount(self) -> Money:
        return Money(self.amount_cents, self.currency)


class SandboxNotice(models.Model):
    """A callback that the sandbox gateway owes us."""

    id = models.CharField(primary_key=True, max_length=60)
    body = models.TextField()
    created_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.id
