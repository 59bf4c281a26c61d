"""Pipelines of scikit-learn: the steps before the model become a script of NumPy alone."""
