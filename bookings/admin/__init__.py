"""The book in the back office: looked at here, changed by the services alone."""

from bookings.admin import blocks, book, classes, people, technical

__all__ = ["blocks", "book", "classes", "people", "technical"]
