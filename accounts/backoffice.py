"""What the admin of every app shares: who sees which rows, and what may be changed there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter

from accounts.models import Business, Membership, User

RANK = {"staff": 1, "manager": 2, "owner": 3}
EVERYWHERE = 9  # of those who run the server


class OfOneBusiness(forms.ModelForm):  # type: ignore[type-arg]
    """What is chosen together belongs to one business, and the user may change it there."""

    backoffice: ClassVar[TenantAdmin]
    request: ClassVar[HttpRequest]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        found = (
            set() if self.instance._state.adding else {self.backoffice.business_of(self.instance)}
        )
        for value in values.values():
            for each in value if isinstance(value, Iterable) else (value,):
                other = admin.site._registry.get(type(each))
                if isinstance(other, TenantAdmin) and not isinstance(other, Technical):
                    found.add(other.business_of(each))
        if len(found) > 1:
            raise forms.ValidationError("These belong to different businesses.")
        least = RANK[self.backoffice.changes]
        if any(self.backoffice.rank(self.request, each) < least for each in found):
            raise forms.ValidationError("You may not change this business.")
        return values


class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows of the businesses that the user belongs to; a superuser sees them all.

    `tenant` is the path from a row to its business. `sees` and `changes` are the least roles for
    looking and for changing, asked of the business that a row belongs to; `changes = ""` lets
    nobody change anything, not even a superuser.
    """

    tenant: ClassVar[str] = "business"
    sees: ClassVar[str] = "staff"
    changes: ClassVar[str] = "manager"

    form: type[forms.ModelForm[Any]] = OfOneBusiness
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    list_filter_submit = True
    has_more: ClassVar[bool] = True  # what no group of fields names is shown folded, below them

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        groups = super().get_fieldsets(request, obj)
        if not (self.fieldsets and self.has_more):
            return groups
        named = flatten_fieldsets(groups)
        rest = [name for name in self.get_fields(request, obj) if name not in named]
        more = ("More", {"fields": rest, "classes": ("collapse",)})
        return (*groups, more) if rest else groups

    def business_of(self, row: Any) -> uuid.UUID:
        """The key of the business that a row belongs to."""
        *path, last = self.tenant.split("__")
        for name in path:
            row = getattr(row, name)
        key: uuid.UUID = getattr(row, f"{last}_id") if last else row.pk
        return key

    def rank(self, request: HttpRequest, business_id: uuid.UUID | None = None) -> int:
        """The user's role as a number: in a business, or the best they have anywhere."""
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return 0
        if user.is_superuser:
            return EVERYWHERE
        mine = self._ranks(request)
        return mine.get(business_id, 0) if business_id else max(mine.values(), default=0)

    def _ranks(self, request: HttpRequest) -> dict[uuid.UUID, int]:
        """The user's roles by business; asked once a request."""
        known: dict[uuid.UUID, int] | None = getattr(request, "_openbook_ranks", None)
        if known is None:
            roles = Membership.objects.filter(user=request.user.pk).values_list("business", "role")
            known = {business: RANK[role] for business, role in roles}
            request._openbook_ranks = known  # type: ignore[attr-defined]
        return known

    def _may(self, request: HttpRequest, role: str, row: Any = None) -> bool:
        where = self.business_of(row) if isinstance(row, models.Model) else None
        return bool(role) and self.rank(request, where) >= RANK[role]

    def businesses(self, request: HttpRequest, role: str) -> models.QuerySet[Business]:
        """Where the user has at least this role."""
        if self.rank(request) == EVERYWHERE:
            return Business.objects.all()
        mine = self._ranks(request).items()
        return Business.objects.filter(pk__in=[pk for pk, rank in mine if rank >= RANK[role]])

    def only_mine(
        self, request: HttpRequest, rows: models.QuerySet[Any], role: str
    ) -> models.QuerySet[Any]:
        """Those of the rows in whose business the user has at least this role."""
        if self.rank(request) == EVERYWHERE:
            return rows
        mine = [pk for pk, rank in self._ranks(request).items() if rank >= RANK[role]]
        return rows.filter(**{f"{self.tenant or 'pk'}__in": mine})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.sees, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.changes, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.changes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.only_mine(request, super().get_queryset(request), self.sees)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"backoffice": self, "request": request})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only what the user may see can be chosen, and a business only where they may change."""
        if "queryset" not in kwargs:
            kwargs |= self._choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            kwargs |= self._choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices(self, db_field: Any, request: HttpRequest) -> dict[str, Any]:
        other = self.admin_site._registry.get(db_field.related_model)
        if db_field.related_model is Business and self.changes:
            return {"queryset": self.businesses(request, self.changes)}
        if isinstance(other, TenantAdmin):
            return {"queryset": other.get_queryset(request)}
        return {}


class SeenFilter(RelatedDropdownFilter):  # type: ignore[misc]
    """By a related row; only those that the user may see are named."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        other = admin.site._registry[field.related_model]
        seen = {"pk__in": other.get_queryset(request).values("pk")}
        choices: list[Any] = field.get_choices(include_blank=False, limit_choices_to=seen)
        return choices


class Part(TabularInline):  # type: ignore[misc]
    """Rows that are written on the page of what they are of, by whoever may change that."""

    extra = 0
    tab = True
    hide_title = True

    def _whole(self) -> Any:
        return self.admin_site._registry[self.parent_model]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = self._whole().has_view_permission(request, obj)
        return allowed

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = self._whole().has_change_permission(request, obj)
        return allowed

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


class ReadOnly(TenantAdmin):
    """Looked at, and changed by services alone."""

    changes = ""


class Technical(ReadOnly):
    """For those who run the server."""

    tenant = ""

    def rank(self, request: HttpRequest, business_id: uuid.UUID | None = None) -> int:
        runs_it = request.user.is_active and getattr(request.user, "is_superuser", False)
        return EVERYWHERE if runs_it else 0

    def only_mine(
        self, request: HttpRequest, rows: models.QuerySet[Any], role: str
    ) -> models.QuerySet[Any]:
        return rows if self.rank(request) else rows.none()
