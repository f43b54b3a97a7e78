"""Faces that are pages."""
