"""Neo itself, reached through SageMaker: compilation jobs and endpoints.

boto3 is imported inside functions here and nowhere else; what needs no network needs no boto3.
"""
