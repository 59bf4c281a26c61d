"""Results to text and JSON: strings only, no input or output."""
