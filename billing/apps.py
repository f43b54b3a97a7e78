from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.remembered import watch
        from billing import checks  # noqa: F401 - registers them
        from billing.models import Plan, Subscription

        watch(Plan, lambda plan: None)
        watch(Subscription, lambda subscription: None)
