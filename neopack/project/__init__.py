"""What a project says of itself: its settings."""
