"""What a rule is, and the rules that belong to no single framework."""
