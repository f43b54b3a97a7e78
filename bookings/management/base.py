"""What the operators' commands share: JSON when asked for, and exit codes that mean something.

0 it was done or all is well; 1 it was refused or something is not well; 2 the command was not
understood (argparse's own).
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from accounts.errors import DomainError
from accounts.models import Business


class Command(BaseCommand):
    """A command that answers with a fact, as text or as JSON."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer with JSON")
        self.arguments(parser)

    def arguments(self, parser: ArgumentParser) -> None:
        """The command's own arguments."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fact = self.run(**options)
        except DomainError as error:
            more = "".join(f"\n  {name}: {said}" for name, said in error.fields.items())
            raise CommandError(f"{error}{more}") from error
        if options["json"]:
            self.stdout.write(json.dumps(fact, indent=2, default=str))
        else:
            self.say(fact)

    def run(self, **options: Any) -> Any:
        """Do it; what is to be said. Raises DomainError or CommandError."""
        raise CommandError("This command does nothing.")

    def say(self, fact: Any) -> None:
        """For people."""
        for name, value in fact.items():
            self.stdout.write(f"{name}: {value}")


def business(slug: str) -> Business:
    """The business of this slug. Raises CommandError."""
    found = Business.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no business “{slug}”.")
    return found
