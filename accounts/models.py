"""Who: tenants, the people who log in, and the programs that book for them."""

import uuid
import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.timezone import now

from accounts.widget import validate_origin, validate_widget


def validate_zone(name: str) -> None:
    """Refuse what the IANA database doesn't know."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(
            "“%(zone)s” is not an IANA time zone.", params={"zone": name}
        ) from error


validate_currency = RegexValidator(
    r"^[A-Z]{3}\Z", "A currency is three capital letters (ISO 4217)."
)


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail, whatever its case."""

    use_in_migrations = True

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).casefold(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Who logs in. What they may do where is said by their memberships."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, error_messages={"unique": "This e-mail is taken."})
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    is_developer = models.BooleanField(
        default=False, help_text="Registered in the developer portal; may own several businesses."
    )
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        ordering = ("email",)

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Business(models.Model):
    """A tenant. Every other row belongs to one, and every look-up starts from one."""

    class Mode(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled: from a timetable"
        DYNAMIC = "dynamic", "Dynamic: any time, on the spot"

    class DepositType(models.TextChoices):
        CHARGE = "charge", "Charge now, refund on cancellation"
        AUTHORIZATION_HOLD = "authorization_hold", "Hold on the card, capture later"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=120, unique=True)
    name = models.CharField(max_length=100)
    business_type = models.CharField(max_length=50, default="service")
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    owner = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_businesses",
        help_text="The developer whose subscription covers this business, if any.",
    )
    is_active = models.BooleanField(default=True)
    is_dev = models.BooleanField("sandbox", default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    booking_mode = models.CharField(max_length=16, choices=Mode, default=Mode.SCHEDULED)
    slot_interval_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(480)]
    )
    default_duration_minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    min_notice_minutes = models.PositiveIntegerField(default=0)
    max_advance_days = models.PositiveSmallIntegerField(default=365)
    hold_minutes = models.PositiveSmallIntegerField(
        default=20, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    cancellation_window_hours = models.PositiveSmallIntegerField(default=24)
    deposit_enabled = models.BooleanField(default=False)
    deposit_type = models.CharField(max_length=20, choices=DepositType, default=DepositType.CHARGE)
    deposit_amount_cents = models.PositiveIntegerField(default=0)
    deposit_expiry_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(10080)]
    )
    dynamic_respects_blackouts = models.BooleanField(default=False)
    relax_minimum_covers = models.BooleanField(
        default=False, help_text="Let a party take a resource whose minimum it doesn't reach."
    )
    schedule_weeks = models.PositiveSmallIntegerField(
        "weeks of classes ahead",
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(53)],
        help_text="How far ahead recurring classes are put in the book.",
    )
    waitlist_promotes = models.BooleanField(
        default=False, help_text="Offer what becomes free to those who wait, one after another."
    )
    waitlist_offer_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MaxValueValidator(1440)],
        help_text="How long such an offer is held for its guest; 0 offers nothing.",
    )
    sends_mail = models.BooleanField(
        default=True,
        help_text="Write to guests: confirmations, changes, cancellations, reminders.",
    )
    reminder_hours = models.PositiveSmallIntegerField(
        default=24,
        validators=[MaxValueValidator(720)],
        help_text="How long before the start guests are reminded; 0 for never.",
    )
    widget_origins = ArrayField(
        models.CharField(max_length=200, validators=[validate_origin]),
        default=list,
        db_default=[],
        blank=True,
        verbose_name="sites with the widget",
        help_text="Who may show the booking page in a frame: https://www.example.com",
    )
    widget = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        validators=[validate_widget],
        help_text="How the booking page looks and what it asks; see accounts.widget.",
    )
    details = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )

    class Meta:
        verbose_name_plural = "businesses"
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(is_dev=True),
                name="one_sandbox_per_developer",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a user may do in a business."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner: everything"
        MANAGER = "manager", "Manager: everything but billing and keys"
        STAFF = "staff", "Staff: bookings, check-in, waitlist"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    business = models.ForeignKey(Business, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.STAFF)

    class Meta:
        ordering = ("business", "user")
        constraints = [
            models.UniqueConstraint(fields=["user", "business"], name="one_role_per_business"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.business}"


class Channel(models.Model):
    """A program that books for a business: its key, its protocol and what it may do.

    The key itself is shown once and never stored; `key_hash` is its SHA-256 in hex.
    """

    class Protocol(models.TextChoices):
        AVAILENGINE = "availengine", "AvailEngine"
        APPOINTEDD = "appointedd", "Appointedd"
        GOOGLE = "google", "Google Actions Center"
        OCTOTABLE = "octotable", "OctoTable"

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Write"
        ADMIN = "admin", "Admin"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="channels")
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="channels",
        help_text="Who registered it for all businesses that they own.",
    )
    name = models.CharField(max_length=100)
    protocol = models.CharField(max_length=20, choices=Protocol, default=Protocol.AVAILENGINE)
    prefix = models.CharField(max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    rate_limit_rpm = models.PositiveIntegerField(
        "requests a minute", default=60, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Idempotency(models.Model):
    """An answer given to a keyed request, so that a retry hears it again.

    Stored in the transaction that had the effect: either both are there or neither.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=300, help_text="Who asked, the method and the path.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the canonical body.")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(
        help_text="JSON as it was sent, so that a replay is the same to the byte."
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = "idempotent answer"
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="one_answer_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class Login(models.Model):
    """Somebody logged in over an API, until they log out or stop coming back.

    `subject` is a user or a guest, by `audience`. The secret that renews it is known by its SHA-256
    and changes every time it is used: one that comes again was stolen, and ends the login.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    audience = models.CharField(max_length=40)
    subject = models.UUIDField()
    business = models.ForeignKey(Business, models.CASCADE, related_name="logins")
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "id")
        indexes = [
            models.Index(fields=["subject"], name="login_subject"),
            models.Index(fields=["expires_at"], name="login_age"),
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.subject}"


class FailedLogin(models.Model):
    """Wrong passwords in a row for one name; too many lock it for a while."""

    name = models.CharField(primary_key=True, max_length=64, help_text="Its SHA-256.")
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ("-last_at",)

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"
