"""What could be booked when: the slots of many days."""
