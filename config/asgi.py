"""The live streams, and nothing else: pages and APIs are seven times as quick by `config.wsgi`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("OPENBOOK_SERVING", "1")

import django

from bookings.web import stream

django.setup()
application = stream.Application()
