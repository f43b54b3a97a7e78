"""When: the promises a location or a resource makes by the clock on its wall."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from resources.models import Location, Resource, Service


class Owned(models.Model):
    """Belongs to a location, or to one resource of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(
        Location, models.CASCADE, null=True, blank=True, related_name="%(class)s_set"
    )
    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="%(class)s_set"
    )

    class Meta:
        abstract = True


def one_owner(name: str) -> models.CheckConstraint:
    """Of a location or of a resource, never of both or neither."""
    return models.CheckConstraint(
        condition=Q(location__isnull=True) ^ Q(resource__isnull=True), name=name
    )


class OpeningHours(Owned):
    """One period of a weekly promise; a day may have several.

    `weekday` is ISO: 1 is Monday, 7 is Sunday. Wall-clock times; `closes` at or before `opens`
    means on the next day, so 00:00-00:00 is a whole day.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 1
        TUESDAY = 2
        WEDNESDAY = 3
        THURSDAY = 4
        FRIDAY = 5
        SATURDAY = 6
        SUNDAY = 7

    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()
    last_start = models.TimeField(
        "last seating",
        null=True,
        blank=True,
        help_text="Starts until then, and may outlast closing; empty: must be over by closing.",
    )

    class Meta:
        verbose_name_plural = "opening hours"
        ordering = ("weekday", "opens")
        constraints = [
            one_owner("hours_have_one_owner"),
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="hours_on_a_weekday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class Break(Owned):
    """A weekly stretch inside opening hours when nothing is offered. Times as in OpeningHours."""

    weekday = models.PositiveSmallIntegerField(choices=OpeningHours.Weekday)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ("weekday", "starts")
        constraints = [
            one_owner("breaks_have_one_owner"),
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="breaks_on_a_weekday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class Closure(Owned):
    """A stretch when the weekly promise doesn't hold: a blackout, a holiday, time off.

    Whole days, both included, in the location's zone; with both times set, that part of each day.
    """

    first_day = models.DateField()
    last_day = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Guests may see it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("first_day", "id")
        constraints = [
            one_owner("closures_have_one_owner"),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="closure_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False),
                name="closure_times_both_or_neither",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day} {self.reason}".strip()


class SpecialDay(Owned):
    """One period of a date that has hours of its own, in place of the weekly ones."""

    day = models.DateField()
    opens = models.TimeField()
    closes = models.TimeField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("day", "opens")
        constraints = [one_owner("special_days_have_one_owner")]

    def __str__(self) -> str:
        return f"{self.day} {self.opens:%H:%M}-{self.closes:%H:%M}"


class RosterEntry(models.Model):
    """One dated row of a schedule: when somebody works that day, or doesn't.

    Wall-clock times of the location. A date with working hours has those in place of the weekly
    ones; the other kinds are taken out of them. With `services` the hours are for these alone.
    `series` ties together the rows that were made by one recurrence.
    """

    class Kind(models.TextChoices):
        WORKING_HOURS = "working_hours", "Working hours"
        BREAK = "break", "Break"
        BLOCKED = "blocked", "Blocked"
        VACATION = "vacation", "Vacation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="roster")
    kind = models.CharField(max_length=13, choices=Kind)
    day = models.DateField()
    starts = models.TimeField()
    ends = models.TimeField()
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    notes = models.CharField(max_length=500, blank=True)
    series = models.UUIDField(null=True, blank=True, editable=False)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "roster entries"
        ordering = ("day", "starts", "id")
        indexes = [models.Index(fields=["resource", "day"], name="roster_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.starts:%H:%M}-{self.ends:%H:%M} {self.kind}"


class ServiceHours(models.Model):
    """When on a weekday a service may start, where that isn't all the time its location is open.

    Wall-clock times of each location: from `opens` up to and without `closes` by the interval, or
    at these `starts` alone. A service with any such row isn't to be had on a day without one. What
    started in time may last past `closes`, as long as the location is open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=OpeningHours.Weekday)
    opens = models.TimeField("from")
    closes = models.TimeField("until")
    starts = ArrayField(
        models.TimeField(),
        default=list,
        blank=True,
        verbose_name="only at",
        help_text="Times with commas between them; empty: by the interval.",
    )

    class Meta:
        verbose_name_plural = "service hours"
        ordering = ("weekday", "opens")
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="service_hours_on_a_weekday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"
