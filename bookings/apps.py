from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import pre_delete

        from bookings.models import WaitlistEntry
        from resources.models import Service

        def wait_no_more(instance: Service, **_: object) -> None:
            """Else whoever waited for a service that is deleted would wait for anything at all."""
            waits = WaitlistEntry.objects.filter(service=instance, state="waiting", session=None)
            waits.update(state="removed")

        pre_delete.connect(
            wait_no_more, sender=Service, weak=False, dispatch_uid="nobody waits for a service"
        )
