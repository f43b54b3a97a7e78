from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "resources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.remembered import watch
        from resources.models import Resource

        watch(Resource, lambda resource: [resource.business_id])
