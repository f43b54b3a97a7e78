"""What staff see at the desk."""
