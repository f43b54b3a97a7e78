"""Settings: what a business promises, how it looks, and who may do what; one module a page."""
