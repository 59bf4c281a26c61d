"""What a role may do: everything, because policies are not emulated. moto has no simulator.

Version 3 of the SageMaker SDK asks before it creates a model.
"""

from __future__ import annotations

from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from neopack.emulator.call import HttpCall
from neopack.emulator.replies import Reply

__all__ = ["permissions"]

FORM = (
    '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
    "<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
    "<EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>"
    "<ResponseMetadata><RequestId>emulated</RequestId></ResponseMetadata>"
    "</SimulatePrincipalPolicyResponse>"
)
RESULT = (
    "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
    "<EvalDecision>allowed</EvalDecision></member>"
)


def permissions(call: HttpCall) -> Reply | None:
    """The answer to a call that simulates policies, or None."""
    if call.service != "iam" or call.operation != "SimulatePrincipalPolicy":
        return None
    form = parse_qsl(call.body().decode("utf-8", "replace"))
    actions = [value for name, value in form if name.startswith("ActionNames.member.")]
    results = "".join(RESULT.format(action=escape(action)) for action in actions)
    body = FORM.format(results=results).encode()
    return Reply(status=200, headers={"Content-Type": "text/xml"}, body=body)
