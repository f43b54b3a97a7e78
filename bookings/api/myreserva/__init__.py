"""MyReserva: a public grid of free times, appointments, and what they rest on."""
