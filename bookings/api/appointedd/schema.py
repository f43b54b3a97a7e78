"""The protocol's OpenAPI document: one table of operations, shown by drf-spectacular."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """Shows the table above."""
