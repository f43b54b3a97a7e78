"""OctoTable: rooms, tables and services of a restaurant, and the reservations in them."""
