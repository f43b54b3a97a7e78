from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "resources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.remembered import watch
        from resources.models import Category, Location, Resource, Section, Service

        # What is at a place that is given up isn't to be had; a service loses its category with
        # the row, and a resource its section.
        for kind in (Location, Resource, Service, Category):
            watch(kind, lambda row: [row.business_id])
        places = Location.objects.values_list("business_id", flat=True)
        watch(Section, lambda row: places.filter(pk=row.location_id))
