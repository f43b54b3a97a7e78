"""A task is one call of a service."""

from celery import shared_task

from billing import services
from billing.gateways import sandbox


@shared_task(name="billing.tasks.send_sandbox_notices")
def send_sandbox_notices() -> int:
    """Make the callbacks that the sandbox gateway owes; how many were taken."""
    return sandbox.send_notices()


@shared_task(name="billing.tasks.end_trials")
def end_trials() -> int:
    """Move trials that are over, and plans that were cancelled, to the free plan; how many."""
    return services.end_trials() + services.end_plans()
