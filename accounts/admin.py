from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import services
from accounts.backoffice import EVERYWHERE, Technical, TenantAdmin
from accounts.models import Business, Channel, Idempotency, Membership, User

admin.site.unregister(Group)  # what people may do is said by their memberships


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Technical):  # type: ignore[type-arg, misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    changes = "owner"
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_developer", "is_staff", "is_active")
    list_filter = ("is_developer", "is_staff", "is_active")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Who", {"fields": ("first_name", "last_name")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "is_developer")}),
        ("When", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets: Any = ((None, {"fields": ("email", "password1", "password2")}),)


@admin.register(Business)
class BusinessAdmin(TenantAdmin):
    tenant = ""
    changes = "owner"
    list_display = ("name", "slug", "business_type", "booking_mode", "timezone", "is_active")
    list_filter = ("booking_mode", "is_active", "is_dev")
    search_fields = ("name", "slug")
    autocomplete_fields = ("owner",)
    readonly_fields = ("created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.rank(request) == EVERYWHERE

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it has a history; make it inactive


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    sees = changes = "owner"
    list_display = ("user", "business", "role")
    list_filter = ("role",)
    list_select_related = ("user", "business")
    search_fields = ("user__email", "business__name")
    autocomplete_fields = ("user",)


@admin.register(Channel)
class ChannelAdmin(TenantAdmin):
    """The key is shown once, in the message after it was made."""

    sees = changes = "owner"
    list_display = (
        "name",
        "business",
        "protocol",
        "prefix",
        "scopes",
        "rate_limit_rpm",
        "is_active",
        "last_used_at",
    )
    list_filter = ("is_active", "protocol")
    list_select_related = ("business",)
    search_fields = ("name", "prefix", "business__name")
    readonly_fields = ("prefix", "created_at", "last_used_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # A key is made in its protocol's form, and is of no use with another.
        return (*super().get_readonly_fields(request, obj), *(("protocol",) if obj else ()))

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made, key = services.issue_key(
            obj.business,
            name=obj.name,
            scopes=obj.scopes,
            rate_limit_rpm=obj.rate_limit_rpm,
            protocol=obj.protocol,
        )
        obj.pk, obj.prefix, obj.key_hash = made.pk, made.prefix, made.key_hash
        obj._state.adding = False
        messages.warning(request, f"This is the key; it is not shown again: {key}")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # bookings remember it; make it inactive


@admin.register(Idempotency)
class IdempotencyAdmin(Technical):
    list_display = ("scope", "key", "status", "created_at")
    search_fields = ("key", "scope")
