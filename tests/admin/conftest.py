"""What tests of the back office may ask for."""

import pytest
from django.db import transaction


@pytest.fixture
def committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left to the end of a transaction is done at once, as a test's own never ends."""
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
