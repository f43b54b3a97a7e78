from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.models import Business, Channel
        from accounts.remembered import watch

        watch(Business, lambda business: [business.pk])
        watch(Channel, lambda channel: [channel.business_id])
