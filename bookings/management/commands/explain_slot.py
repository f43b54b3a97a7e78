import datetime as dt
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import CommandError

from accounts.models import Business
from availability import calendar
from bookings import explain
from bookings.management.base import Command as Base
from bookings.management.base import business


def moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - on the wall
    except ValueError:
        raise ArgumentTypeError("A time is YYYY-MM-DDTHH:MM, on the business's wall.") from None


class Command(Base):
    help = "Say why a time is or isn't free, resource by resource; exits with 1 when it isn't."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the business")
        parser.add_argument("start", type=moment, help="YYYY-MM-DDTHH:MM on the business's wall")
        parser.add_argument("--minutes", type=int, help="how long; the service's, or an hour")
        parser.add_argument("--party", type=int, default=1)
        parser.add_argument("--service", help="by name")
        parser.add_argument("--resource", type=uuid.UUID, help="that one only")
        parser.add_argument("--hours", action="store_true", help="hold it to the opening hours")

    def run(self, **options: Any) -> Any:
        of: Business = business(options["slug"])
        service = None
        if options["service"]:
            service = of.services.filter(name__iexact=options["service"]).first()
            if service is None:
                raise CommandError(f"There is no service “{options['service']}”.")
        length = dt.timedelta(minutes=options["minutes"] or of.default_duration_minutes)
        if service and not options["minutes"]:
            length = service.duration
        start = options["start"]
        self.found = explain.explain(
            of,
            calendar.resolve(start.date(), start.time(), ZoneInfo(of.timezone)),
            length,
            options["party"],
            service=service,
            resource_id=options["resource"],
            keeps_hours=options["hours"],
        )
        return explain.as_json(self.found)

    def say(self, fact: Any) -> None:
        if fact["available"]:
            self.stdout.write(self.style.SUCCESS(f"Free: {', '.join(fact['would_get'])}"))
        else:
            self.stdout.write(self.style.ERROR(f"Not free. {fact['refusal']}".strip()))
        for each in fact["reasons"] + fact["combinations"]:
            self.stdout.write(f"  {each['name']:<24} {each['why']:<20} {each['words']}")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not self.found.is_available:
            raise SystemExit(1)
