"""What differs between two archives or two artifacts, from layout and weights to evidence."""
