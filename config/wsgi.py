"""Pages and APIs."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("OPENBOOK_SERVING", "1")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

from config.chunks import measured

application = measured(get_wsgi_application(), most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

if settings.IS_PRODUCTION:
    from billing.checks import no_default_plan
    from config import health

    try:
        is_guarded = health.guarded()
    except DatabaseError:
        is_guarded = True  # not there yet; /readyz will say when it is
    if not is_guarded:
        raise SystemExit("openbook: the constraint against double bookings is missing; migrate.")
    if wrong := no_default_plan():
        raise SystemExit(f"openbook: {wrong}")
