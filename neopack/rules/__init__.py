"""What a rule is, and the rules that do not belong to a single framework."""
