"""The cast: what every test may ask for."""
