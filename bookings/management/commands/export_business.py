import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml

from bookings import files
from bookings.management.base import Command as Base
from bookings.management.base import business


class Command(Base):
    help = "Write a business as one readable file (YAML, or JSON with --json). No secret is in it."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--output", type=Path, help="a file; else it is printed")

    def run(self, **options: Any) -> Any:
        self.output = options["output"]
        found = files.write(business(options["slug"]))
        if self.output:
            text = json.dumps(found, indent=2) if options["json"] else as_yaml(found)
            self.output.write_text(text)
            return {"written": str(self.output)}
        return found

    def say(self, fact: Any) -> None:
        self.stdout.write(f"Written to {self.output}." if self.output else as_yaml(fact))


def as_yaml(found: Any) -> str:
    text: str = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=100)
    return text
