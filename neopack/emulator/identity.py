"""The caller's identity: a role, as a notebook of SageMaker has it.

moto answers as a user, of whom the SageMaker SDK says that it is not a role.
"""

from __future__ import annotations

from neopack.emulator.address import KEY
from neopack.emulator.arns import ACCOUNT
from neopack.emulator.call import HttpCall
from neopack.emulator.replies import Reply

__all__ = ["identity"]

SESSION = "neopack"
FORM = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROAEMULATED:{session}</UserId>"
    "<Account>{account}</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>emulated</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)


def identity(call: HttpCall, role: str) -> Reply | None:
    """The answer to a call that asks who the emulator's own key belongs to, or None."""
    if call.service != "sts" or call.operation != "GetCallerIdentity":
        return None
    if call.access_key != KEY or not role:
        return None
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{SESSION}"
    body = FORM.format(arn=arn, session=SESSION, account=ACCOUNT).encode()
    return Reply(status=200, headers={"Content-Type": "text/xml"}, body=body)
