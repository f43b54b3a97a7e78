from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from accounts.models import Business, User
from billing.models import Plan, Subscription
from bookings.management.base import Command as Base
from resources.services import open_business


class Command(Base):
    help = "Add a business with a location and a first API key, which is shown only now."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--slug", help="made of the name unless said")
        parser.add_argument("--timezone", default="UTC", help="IANA name, such as Europe/London")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--mode", choices=Business.Mode.values, default="scheduled")
        parser.add_argument("--type", default="service", help="restaurant, gym, spa, ...")
        parser.add_argument("--owner", help="e-mail of a user who is to own it")
        parser.add_argument("--plan", help="a plan of its own, when no owner's covers it")

    def run(self, **options: Any) -> Any:
        owner = None
        if options["owner"]:
            owner = User.objects.filter(email=options["owner"].casefold()).first()
            if owner is None:
                raise CommandError(f"There is no user “{options['owner']}”.")
        plan = Plan.objects.filter(pk=options["plan"]).first() if options["plan"] else None
        if options["plan"] and plan is None:
            raise CommandError(f"There is no plan “{options['plan']}”.")
        more = {"slug": options["slug"]} if options["slug"] else {}
        made, key = open_business(
            name=options["name"],
            owner=owner,
            business_type=options["type"],
            timezone=options["timezone"],
            currency=options["currency"],
            booking_mode=options["mode"],
            **more,
        )
        if plan:
            Subscription.objects.create(business=made, plan=plan)
        return {"id": str(made.pk), "slug": made.slug, "api_key": key}
