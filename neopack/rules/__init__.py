"""The judge: the engine that runs rules, and the rules that belong to no one framework."""
