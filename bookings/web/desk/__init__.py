"""The desk: what staff see of their business in the browser."""
