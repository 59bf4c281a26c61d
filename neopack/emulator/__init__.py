"""AWS on one loopback port, for tests, demos and pipelines; never called AWS.

moto serves S3, STS, IAM and CloudWatch logs. neopack's own SageMaker runs in front of it: its
compilation jobs take time, judge the archive, write an artifact, and fail for a reason.
"""

from neopack.emulator.process import Emulator
from neopack.emulator.script import EmulatorScript, Fault, JobScript, Span, Timeline

__all__ = ["Emulator", "EmulatorScript", "Fault", "JobScript", "Span", "Timeline"]
