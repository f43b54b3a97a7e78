"""What every test may count on."""

import pytest

from accounts.limits import limiter


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> None:
    """Rate limits begin anew with every test."""
    limiter().forget()
