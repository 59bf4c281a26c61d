"""Serving a model as the containers of SageMaker do."""
