"""The examples of the protocol's page, run in its order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.test import Client

from tests.api.myreserva.test_documents import BLOCK, compare
from tests.api.octotable.conftest import Caller

PAGE = Path(__file__).resolve().parents[3] / "docs" / "protocols" / "octotable.md"


def test_every_example_is_true(client: Client, db: None) -> None:
    known: dict[str, Any] = {}
    examples = list(BLOCK.finditer(PAGE.read_text()))
    assert len(examples) == PAGE.read_text().count("```http")
    for each in examples:
        path, sent = each["path"], each["body"].strip()
        for name, value in known.items():
            path = path.replace(name, str(value))
            sent = sent.replace(name, str(value))
        api = Caller(client, known.get("<token>", ""), known.get("<property>", ""))
        body = json.loads(sent) if sent else None
        answer = api.send(each["method"], path.lstrip("/"), body, prefix="")
        where = f"{each['method']} {path}: {answer.content.decode()}"
        assert answer.status_code == int(each["status"]), where
        compare(json.loads(each["answer"]), answer.json(), known, path)
    assert re.fullmatch("[0-9]+", str(known["<reservation>"]))
