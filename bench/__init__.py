"""Figures, each against a floor measured in the same run on the same server: `make bench`."""
