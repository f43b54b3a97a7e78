"""A business as one readable file: written out, read back, refused whole when it is wrong."""

from bookings.files.reading import BadFile, Problem, parse, read
from bookings.files.writing import write

__all__ = ["BadFile", "Problem", "parse", "read", "write"]
