from argparse import ArgumentParser
from typing import Any

from accounts import services
from accounts.models import Channel
from bookings.management.base import Command as Base
from bookings.management.base import business


class Command(Base):
    help = "Make an API key for a business; it is shown only now."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the business")
        parser.add_argument("--name", default="Made by an operator")
        parser.add_argument(
            "--scopes", nargs="+", choices=Channel.Scope.values, default=["read", "write"]
        )
        parser.add_argument(
            "--protocol",
            choices=Channel.Protocol.values,
            default=Channel.Protocol.AVAILENGINE.value,
            help="that the key is for, and whose form it has",
        )
        parser.add_argument(
            "--rotate",
            action="store_true",
            help="of the keys of this protocol, leave only the newest good beside the new one",
        )
        parser.add_argument("--rpm", type=int, default=60, help="requests a minute")

    def run(self, **options: Any) -> Any:
        make = services.rotate_key if options["rotate"] else services.issue_key
        channel, key = make(
            business(options["slug"]),
            name=options["name"],
            scopes=options["scopes"],
            rate_limit_rpm=options["rpm"],
            protocol=options["protocol"],
        )
        return {"id": str(channel.pk), "name": channel.name, "api_key": key}
