"""Where botocore's exceptions become ours: one line, with what to do.

``ServiceError.code`` is AWS's code; for what never reached AWS it is one of ``CREDENTIALS``,
``NETWORK`` and ``CONFIGURATION``. Which codes mean what: AWS general reference, "Common errors",
S3 API reference, "Error responses" (2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neopack.errors import ServiceError, first_line

__all__ = [
    "CREDENTIALS",
    "DENIED",
    "MISSING",
    "NETWORK",
    "THROTTLED",
    "is_missing",
    "is_passing",
    "status_of",
    "translated",
]

CREDENTIALS, NETWORK, CONFIGURATION = "Credentials", "Network", "Configuration"

EXPIRED = frozenset({
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
    "InvalidToken", "AuthFailure", "MissingAuthenticationToken",
    # S3 answers HEAD without a body, so botocore has the status alone: of an expired token, 400
    "400",
})  # fmt: skip
SKEWED = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"})
DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "403",
    "Forbidden",
})  # fmt: skip
THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
    "TooManyRequestsException", "SlowDown", "RequestThrottled", "RequestThrottledException",
    "BandwidthLimitExceeded", "PriorRequestNotComplete", "EC2ThrottledException",
})  # fmt: skip
MISSING = frozenset({
    "ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "404",
    "NotFound", "NoSuchEntity", "NoSuchUpload",
})  # fmt: skip
FAULTS = frozenset({
    "InternalFailure", "InternalServerError", "InternalError", "ServiceUnavailable",
    "ServiceUnavailableException", "InternalServerException", "500", "502", "503", "504",
})  # fmt: skip

_RENEW = "sign in again (aws sso login), or renew AWS_SESSION_TOKEN and its keys"
# botocore's exceptions that never reached AWS, by class name; the first that fits counts
_UNREACHED = (
    ("NoCredentialsError", CREDENTIALS, "no AWS credentials", "aws configure, AWS_PROFILE"),
    ("PartialCredentialsError", CREDENTIALS, "", "give both the key id and the secret key"),
    ("CredentialRetrievalError", CREDENTIALS, "", _RENEW),
    ("SSOError", CREDENTIALS, "", _RENEW),
    ("TokenRetrievalError", CREDENTIALS, "", _RENEW),
    ("LoginError", CREDENTIALS, "", _RENEW),
    ("MetadataRetrievalError", CREDENTIALS, "", _RENEW),
    ("ProfileNotFound", CONFIGURATION, "", "aws configure list-profiles names those there are"),
    ("NoRegionError", CONFIGURATION, "no region is known", "--region, or AWS_DEFAULT_REGION"),
    ("InvalidRegionError", CONFIGURATION, "", "such as us-east-1"),
    ("ParamValidationError", CONFIGURATION, "", "neopack has a bug, or boto3 is too old for it"),
    ("HTTPClientError", NETWORK, "", "is the network there? the same command goes on"),
    ("ConnectionError", NETWORK, "", "is the network there? the same command goes on"),
    ("IncompleteReadError", NETWORK, "", "the same command goes on where it was cut"),
)  # fmt: skip


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """What botocore raises inside becomes a ``ServiceError`` that says what was being done."""
    try:
        yield
    except Exception as error:
        ours = _ours(error, doing)
        if ours is None:
            raise
        raise ours from error


def _ours(error: Exception, doing: str) -> ServiceError | None:
    response = getattr(error, "response", None)
    if isinstance(response, Mapping) and "Error" in response:
        return _answered(response, doing)
    names = [kind.__name__ for kind in type(error).__mro__]
    # urllib3 and sockets raise theirs while a body is read
    known = any(
        k.__module__.startswith(("botocore", "boto3", "urllib3")) for k in type(error).__mro__
    )
    for name, code, said, hint in _UNREACHED:
        if name in names and (known or isinstance(error, OSError)):
            return ServiceError(f"{doing}: {said or first_line(error)}", code=code, hint=hint)
    if known:
        code = NETWORK if _is_of_urllib3(error) else CONFIGURATION
        return ServiceError(f"{doing}: {first_line(error)}", code=code)
    return None


def _is_of_urllib3(error: Exception) -> bool:
    return any(kind.__module__.startswith("urllib3") for kind in type(error).__mro__)


def _answered(response: Mapping[str, Any], doing: str) -> ServiceError:
    """AWS answered, with an error."""
    said = response["Error"]
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).strip()
    text = f"{doing}: {message or code}" if code in message else f"{doing}: {code}: {message}"
    return ServiceError(" ".join(text.rstrip(": ").split()), code=code, hint=_hint(code, message))


def _hint(code: str, message: str) -> str:
    if code == "400":
        return f"S3 gives no reason here; most likely the token has expired: {_RENEW}"
    if code in EXPIRED:
        return _RENEW
    if code in SKEWED:
        return "set this machine's clock, and check the secret key"
    if "PassRole" in message:
        return "the caller needs iam:PassRole on the role; neopack init aws writes the policy"
    if code == "403":
        return (
            "S3 gives no reason here: the caller lacks s3:GetObject, or s3:ListBucket where the "
            "object does not exist (neopack init aws writes the policy), or the keys are not valid"
        )
    if code in DENIED:
        return "the caller lacks a permission; neopack init aws writes the policies"
    if code in THROTTLED or code in FAULTS:
        return "AWS is busy; the same command goes on later"
    return ""


def status_of(error: ServiceError) -> str:
    """``credentials``, ``denied``, ``throttled``, ``missing``, ``fault``, ``network`` or empty."""
    kinds = (
        ("credentials", EXPIRED | {CREDENTIALS}),
        ("denied", DENIED),
        ("throttled", THROTTLED),
        ("missing", MISSING),
        ("fault", FAULTS),
        ("network", frozenset({NETWORK})),
    )
    return next((kind for kind, codes in kinds if error.code in codes), "")


def is_missing(error: ServiceError) -> bool:
    """Whether AWS said that there is no such thing; SageMaker says it as a validation error."""
    absent = error.code == "ValidationException" and (
        any(words in error.message for words in ("Could not find", "does not exist", "not found"))
    )
    return error.code in MISSING or absent


def is_passing(error: ServiceError) -> bool:
    """Whether the same call may well succeed in a while."""
    return status_of(error) in {"throttled", "fault", "network"}
