"""The book in the back office: looked at here, changed by the services alone."""

from bookings.admin import blocks, book, classes, people, stranding, technical

__all__ = ["blocks", "book", "classes", "people", "stranding", "technical"]
