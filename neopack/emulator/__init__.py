"""AWS on one loopback port, for tests, demos and pipelines; never called AWS.

S3, STS, IAM and CloudWatch logs are moto's server; in front of them stands a SageMaker of our
own whose compilation jobs take time, judge the archive, write an artifact, and fail for cause.
"""

from neopack.emulator.process import Emulator
from neopack.emulator.script import Fault, JobScript, Script, Span, Timeline

__all__ = ["Emulator", "Fault", "JobScript", "Script", "Span", "Timeline"]
