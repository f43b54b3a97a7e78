"""The project's settings, with the floors beside its routes."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
DOORBELL = False  # there is no worker to ring for
