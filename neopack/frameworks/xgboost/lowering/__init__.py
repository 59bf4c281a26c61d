"""Writing a model of any XGBoost as XGBoost 1.3.3 has it, and reading it back."""
