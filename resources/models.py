"""What can be booked: places, the things in them, and the services that need those things."""

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from accounts.models import Business, validate_zone


class Location(models.Model):
    """A place of a business, with its own clock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="locations")
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=300, blank=True)
    timezone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text="IANA name; empty means the business's.",
    )
    is_active = models.BooleanField(default=True)
    display_order = models.IntegerField(default=0)
    pacing_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(5)],
        help_text="The stretch that pacing counts in.",
    )
    pacing_covers = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most guests who may start in one such stretch."
    )
    pacing_parties = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most parties that may start in one such stretch."
    )
    details = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )

    class Meta:
        ordering = ("display_order", "name", "id")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="location_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> str:
        """The IANA name of the clock on this location's wall."""
        return self.timezone or self.business.timezone


class Section(models.Model):
    """A room or area of a location."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, models.CASCADE, related_name="sections")
    name = models.CharField(max_length=100)
    display_order = models.IntegerField(default=0)
    is_online = models.BooleanField(
        default=True, help_text="Guests may book what is in it themselves; staff always may."
    )

    class Meta:
        ordering = ("display_order", "name", "id")
        constraints = [
            models.UniqueConstraint(fields=["location", "name"], name="section_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """Something that can be taken: a table, a spot, a member of staff, a room, a court.

    `units` is how many can be taken separately; each seats up to `covers_max`. A table is one unit
    for 1-4; twelve bikes are twelve units for one each. `kind` changes words and icons, and only
    for "staff" the order in which equals are offered.
    """

    SUGGESTED_KINDS = (
        "table", "staff", "room", "spot", "court", "equipment", "treadmill", "desk",
    )  # fmt: skip

    class Shape(models.TextChoices):
        SQUARE = "square", "Square"
        ROUND = "round", "Round"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="resources")
    location = models.ForeignKey(Location, models.CASCADE, related_name="resources")
    section = models.ForeignKey(
        Section, models.SET_NULL, null=True, blank=True, related_name="resources"
    )
    kind = models.CharField(max_length=50, default="table")
    name = models.CharField(max_length=100)
    units = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    covers_min = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    covers_max = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    display_order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)
    is_rostered = models.BooleanField(
        default=False,
        help_text="Works only when its own hours or roster say so; else with its location.",
    )
    is_online = models.BooleanField(
        default=True, help_text="Guests may book it themselves; staff always may."
    )
    details = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    user = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="resources",
        help_text="The login of this member of staff.",
    )
    shape = models.CharField(max_length=10, choices=Shape, default=Shape.SQUARE)
    plan_x = models.FloatField("x on the floor plan", null=True, blank=True)
    plan_y = models.FloatField("y on the floor plan", null=True, blank=True)
    plan_width = models.FloatField("width on the floor plan", null=True, blank=True)
    plan_height = models.FloatField("height on the floor plan", null=True, blank=True)
    plan_rotation = models.SmallIntegerField("rotation in degrees", default=0)

    class Meta:
        ordering = ("display_order", "name", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gte=1) & Q(covers_min__gte=1), name="resource_takes_someone"
            ),
            models.CheckConstraint(
                condition=Q(covers_min__lte=F("covers_max") * F("units")),
                name="resource_covers_in_order",
            ),
            models.UniqueConstraint(
                fields=["location", "section", "name"],
                condition=Q(deleted_at=None),
                nulls_distinct=False,
                name="resource_name_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business"],
                condition=Q(is_active=True, deleted_at=None),
                name="resource_on_offer",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Combination(models.Model):
    """A named set of tables that is taken together; a taken member takes it, and the reverse."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, models.CASCADE, related_name="combinations")
    name = models.CharField(max_length=100)
    members = models.ManyToManyField(Resource, related_name="combinations")
    covers_min = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    covers_max = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    display_order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("display_order", "name", "id")
        constraints = [
            models.UniqueConstraint(fields=["location", "name"], name="combination_name_once"),
            models.CheckConstraint(
                condition=Q(covers_min__gte=1) & Q(covers_min__lte=F("covers_max")),
                name="combination_covers_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A heading that services stand under."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="categories")
    name = models.CharField(max_length=100)
    display_order = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ("display_order", "name", "id")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="category_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """What a guest books: how long it takes, what it needs and what it costs.

    The time taken is buffer before, duration, preparation and cleanup, buffer after; only the
    duration is shown. All but the buffers lies within opening hours. Preparation is taken after the
    start that the guest is told, as the protocol that has it wants (MyReserva, 4.1). `capacity` is
    how many places one run (Session) of a class has; empty for what isn't a class.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="services")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    duration = models.DurationField(default=timedelta(minutes=60))
    buffer_before = models.DurationField(default=timedelta)
    buffer_after = models.DurationField(default=timedelta)
    preparation = models.DurationField(default=timedelta)
    cleanup = models.DurationField(default=timedelta)
    slot_interval = models.DurationField(
        null=True, blank=True, help_text="From one start to the next; empty means the business's."
    )
    min_notice = models.DurationField(
        null=True, blank=True, help_text="Empty means the business's."
    )
    max_advance = models.DurationField(
        null=True, blank=True, help_text="Empty means the business's."
    )
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="services"
    )
    allows_groups = models.BooleanField(
        default=False, help_text="Guests who don't know each other may share one run."
    )
    only_groups = models.BooleanField(
        default=False, help_text="Bookable only on runs that are scheduled already."
    )
    details = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a protocol says of it and no rule reads, by protocol.",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    price_cents = models.PositiveIntegerField(default=0)
    deposit_amount_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty means the business's."
    )
    capacity = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    display_order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("display_order", "name", "id")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="service_name_once"),
            models.CheckConstraint(
                condition=Q(duration__gt=timedelta())
                & Q(buffer_before__gte=timedelta())
                & Q(buffer_after__gte=timedelta()),
                name="service_takes_time",
            ),
            models.CheckConstraint(
                condition=Q(preparation__gte=timedelta()) & Q(cleanup__gte=timedelta()),
                name="service_prepares_forward",
            ),
            models.CheckConstraint(
                condition=Q(slot_interval__isnull=True)
                | Q(slot_interval__gte=timedelta(minutes=1)),
                name="service_interval_moves_on",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TurnTime(models.Model):
    """How long a party up to a size keeps its table at a location; larger ones the longest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, models.CASCADE, related_name="turn_times")
    covers_max = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    duration = models.DurationField()

    class Meta:
        ordering = ("covers_max",)
        constraints = [
            models.UniqueConstraint(
                fields=["location", "covers_max"], name="turn_time_once_per_size"
            ),
            models.CheckConstraint(condition=Q(duration__gt=timedelta()), name="turn_takes_time"),
        ]

    def __str__(self) -> str:
        return f"up to {self.covers_max}: {self.duration}"


class Requirement(models.Model):
    """One kind of resource that a service needs some of: one of these staff, one of these rooms."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, models.CASCADE, related_name="requirements")
    kind = models.CharField(max_length=50)
    count = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="How many at the same time."
    )
    resources = models.ManyToManyField(
        Resource,
        related_name="requirements",
        blank=True,
        help_text="Who or what qualifies; none named means all of the kind.",
    )
    only_named = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Never all of the kind: while none is named, nobody can be booked for it.",
    )

    class Meta:
        ordering = ("service", "kind")
        constraints = [
            models.UniqueConstraint(fields=["service", "kind"], name="requirement_kind_once"),
        ]

    def __str__(self) -> str:
        return f"{self.service} needs {self.kind}"

    @property
    def is_anybody(self) -> bool:
        """Whether all of the kind qualify. No query where `resources` has been prefetched."""
        return not self.only_named and not self.resources.all()

    def admits(self, resource_id: uuid.UUID) -> bool:
        """Whether one of the kind qualifies. No query where `resources` has been prefetched."""
        return self.is_anybody or any(each.pk == resource_id for each in self.resources.all())
