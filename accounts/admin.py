from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminEmailInputWidget

from accounts import services
from accounts.backoffice import EVERYWHERE, OfOneBusiness, ReadOnly, Technical, TenantAdmin
from accounts.looks import badge
from accounts.models import Business, Channel, FailedLogin, Idempotency, Login, Membership, User

admin.site.unregister(Group)  # what people may do is said by their memberships


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Technical):  # type: ignore[type-arg, misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    changes = "owner"
    has_more = False
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
    list_display = ("name", "business_type", "booking_mode", "timezone", "currency", "is_active")
    list_filter = (("booking_mode", ChoicesDropdownFilter), "is_active", "is_dev")
    search_fields = ("name", "slug")
    search_help_text = "A name or a slug"
    autocomplete_fields = ("owner",)
    readonly_fields = ("created_at",)
    fieldsets = (
        (None, {"fields": (("name", "slug"), ("business_type", "booking_mode"))}),
        ("Clock and money", {"fields": (("timezone", "currency"),)}),
        (
            "What is offered",
            {
                "fields": (
                    ("default_duration_minutes", "slot_interval_minutes"),
                    ("buffer_minutes", "hold_minutes"),
                    ("min_notice_minutes", "max_advance_days"),
                    ("dynamic_respects_blackouts", "relax_minimum_covers"),
                )
            },
        ),
        (
            "Classes and waitlist",
            {"fields": ("schedule_weeks", ("waitlist_promotes", "waitlist_offer_minutes"))},
        ),
        (
            "Deposits and cancelling",
            {
                "fields": (
                    ("deposit_enabled", "deposit_type"),
                    ("deposit_amount_cents", "deposit_expiry_minutes"),
                    "cancellation_window_hours",
                )
            },
        ),
        ("Mail to guests", {"fields": (("sends_mail", "reminder_hours"),)}),
        ("Account", {"fields": (("owner", "created_at"), ("is_active", "is_dev"))}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who pays for it, and whether it is free, is not for its own people to say."""
        runs_it = self.rank(request) == EVERYWHERE
        return ("created_at",) if runs_it else ("created_at", "owner", "is_active", "is_dev")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.rank(request) == EVERYWHERE

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it has a history; make it inactive


class MembershipForm(OfOneBusiness):
    """Whoever logs in with this address gets the role."""

    email = forms.EmailField(label="E-mail", widget=UnfoldAdminEmailInputWidget())

    class Meta:
        model = Membership
        fields = ("business", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["email"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise forms.ValidationError("Nobody logs in with this address.")
        self.instance.user = user
        return email

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if "email" in values and self.instance._state.adding:
            same = Membership.objects.filter(
                user=self.instance.user, business=values.get("business")
            )
            if same.exists():
                self.add_error("email", "They have a role here; change that one.")
        return values


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    sees = changes = "owner"
    list_display = ("user", "name", "role_label", "business")
    list_filter = (("role", ChoicesDropdownFilter),)
    list_select_related = ("user", "business")
    search_fields = ("user__email", "user__first_name", "user__last_name", "business__name")
    search_help_text = "A person or a business"
    form = MembershipForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return ((None, {"fields": ("user" if obj else "email", "business", "role")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "business") if obj else ()

    @admin.display(description="name", ordering="user__last_name")
    def name(self, membership: Membership) -> str:
        return f"{membership.user.first_name} {membership.user.last_name}".strip() or "-"

    @admin.display(description="role", ordering="role")
    def role_label(self, membership: Membership) -> SafeString:
        role = membership.role
        return badge(role, {"owner": "primary", "manager": "info"}.get(role, ""))


class ChannelForm(OfOneBusiness):
    """What a key may do is ticked, not typed."""

    scopes = forms.MultipleChoiceField(
        choices=Channel.Scope.choices,
        initial=["read", "write"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )


@admin.register(Channel)
class ChannelAdmin(TenantAdmin):
    """The key is shown once, in the message after it was made."""

    sees = changes = "owner"
    list_display = (
        "name", "business", "protocol", "prefix", "may", "rate_limit_rpm", "is_active", "last_used",
    )  # fmt: skip
    list_filter = ("is_active", ("protocol", ChoicesDropdownFilter))
    list_select_related = ("business",)
    search_fields = ("name", "prefix", "business__name")
    search_help_text = "A name, the start of a key, or a business"
    form = ChannelForm
    fieldsets = (
        (None, {"fields": (("business", "name"), ("protocol", "rate_limit_rpm"))}),
        ("What it may do", {"fields": ("scopes", "is_active")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A key is made in its protocol's form, and is of no use with another."""
        made = ("business", "protocol") if obj else ()
        return (*made, "prefix", "created_at", "last_used_at")

    @admin.display(description="may")
    def may(self, channel: Channel) -> str:
        return ", ".join(channel.scopes)

    @admin.display(description="last used", ordering="last_used_at", empty_value="never")
    def last_used(self, channel: Channel) -> str | None:
        return f"{timesince(channel.last_used_at)} ago" if channel.last_used_at else None

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


@admin.register(Login)
class LoginAdmin(ReadOnly):
    sees = "owner"
    list_display = ("audience", "subject", "business", "created_at", "expires_at", "ended_at")
    list_select_related = ("business",)
    list_filter = ("audience",)
    exclude = ("secret_hash",)


@admin.register(FailedLogin)
class FailedLoginAdmin(Technical):
    list_display = ("name", "count", "last_at")
    search_fields = ("name",)
