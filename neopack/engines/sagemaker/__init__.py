"""Neo's own compilers, reached through SageMaker: request, upload, job, result, endpoint.

boto3 is imported inside functions here and nowhere else; what needs no network needs no boto3.
"""
