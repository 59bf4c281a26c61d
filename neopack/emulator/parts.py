"""Parts of an upload that is over: S3 says that there is no such upload, moto fails."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from neopack.emulator.call import HttpCall
from neopack.emulator.replies import AwsError, Reply, refusal

if TYPE_CHECKING:
    from neopack.emulator.app import Wsgi

__all__ = ["too_late"]

MESSAGE = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
    "been aborted or completed."
)


def too_late(call: HttpCall, moto: Wsgi) -> Reply | None:
    """Return 404 NoSuchUpload for a part of an upload that moto does not know, or None."""
    if call.service != "s3" or call.operation != "UploadPart":
        return None
    statuses: list[str] = []
    environ = {
        **call.environ,
        "REQUEST_METHOD": "GET",
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "0",
        # of the query, without the number of a part: ListParts
        "QUERY_STRING": _without_number(call.environ.get("QUERY_STRING", "")),
    }
    environ.pop("wsgi.input_terminated", None)
    for _ in moto(environ, lambda status, *_: statuses.append(status)):
        pass
    if not statuses[0].startswith("404"):
        return None
    call.body()  # a client that is still sending does not read the answer
    return refusal("s3", AwsError("NoSuchUpload", MESSAGE, 404))


def _without_number(query: str) -> str:
    return "&".join(word for word in query.split("&") if not word.startswith("partNumber="))
