"""AWS on one loopback port, for tests, demos and pipelines; never called AWS.

S3, STS, IAM and CloudWatch logs are moto's server; in front of them stands a SageMaker of our
own whose compilation jobs take time, judge the archive, write an artifact, and fail for cause.
"""

from neopack.emulator.process import Emulator
from neopack.emulator.script import EmulatorScript, Fault, JobScript, Span, Timeline

__all__ = ["Emulator", "EmulatorScript", "Fault", "JobScript", "Span", "Timeline"]
