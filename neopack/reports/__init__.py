"""Results as text, JSON and other formats: strings only."""
