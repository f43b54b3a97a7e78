from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "resources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.remembered import watch
        from resources.models import Category, Resource, Service

        for kind in (Resource, Service, Category):  # a service loses its category with the row
            watch(kind, lambda row: [row.business_id])
