"""What the admin of every app shares: who sees which rows, and what may be changed there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.models import Business, Membership, User

RANK = {"staff": 1, "manager": 2, "owner": 3}


def businesses_of(user: Any, role: str) -> models.QuerySet[Business]:
    """Where a user has at least this role."""
    enough = [name for name, rank in RANK.items() if rank >= RANK[role]]
    mine = Membership.objects.filter(user=user, role__in=enough)
    return Business.objects.filter(pk__in=mine.values("business"))


class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows of the businesses that the user belongs to; a superuser sees them all.

    `tenant` is the path from a row to its business. `sees` and `changes` are the least roles for
    looking and for changing; `changes = ""` lets nobody change anything, not even a superuser.
    """

    tenant: ClassVar[str] = "business"
    sees: ClassVar[str] = "staff"
    changes: ClassVar[str] = "manager"

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    list_filter_submit = True

    def _rank(self, request: HttpRequest) -> int:
        """The best role the user has anywhere; asked once a request."""
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return 0
        if user.is_superuser:
            return 9
        known: int | None = getattr(request, "_openbook_rank", None)
        if known is None:
            roles = user.memberships.values_list("role", flat=True)
            known = max((RANK[role] for role in roles), default=0)
            request._openbook_rank = known  # type: ignore[attr-defined]
        return known

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._rank(request) >= RANK[self.sees]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._rank(request) >= RANK[self.sees]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.changes) and self._rank(request) >= RANK[self.changes]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows  # type: ignore[no-any-return]
        mine = businesses_of(request.user, self.sees)
        if not self.tenant:
            return rows.filter(pk__in=mine)  # type: ignore[no-any-return]
        return rows.filter(**{f"{self.tenant}__in": mine})  # type: ignore[no-any-return]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only what the user may see can be chosen."""
        other = self.admin_site._registry.get(db_field.related_model)
        if "queryset" not in kwargs and isinstance(other, TenantAdmin):
            kwargs["queryset"] = other.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        other = self.admin_site._registry.get(db_field.related_model)
        if "queryset" not in kwargs and isinstance(other, TenantAdmin):
            kwargs["queryset"] = other.get_queryset(request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ReadOnly(TenantAdmin):
    """Looked at, and changed by services alone."""

    changes = ""


class Technical(ReadOnly):
    """For those who run the server."""

    tenant = ""

    def _rank(self, request: HttpRequest) -> int:
        return 9 if request.user.is_active and getattr(request.user, "is_superuser", False) else 0
