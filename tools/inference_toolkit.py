"""One script as SageMaker's public inference toolkit calls it, in a process of its own.

``tools/compare_toolkits.py`` runs this with the toolkits on PYTHONPATH. It reads the JSON of a
script and its requests, and writes the answers.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

OK = 200


def main() -> None:
    asked = json.load(sys.stdin)
    said, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as name:
        code = Path(name) / "code"
        code.mkdir()
        (code / "inference.py").write_text(asked["script"])
        sys.path.insert(0, str(code))
        answers = _answers(name, asked["requests"])
    json.dump(answers, said)


def _answers(model_dir: str, requests: list[dict[str, str]]) -> list[dict[str, Any]]:
    from mms.context import Context, RequestProcessor
    from sagemaker_inference.transformer import Transformer
    from sagemaker_pytorch_serving_container.default_pytorch_inference_handler import (
        DefaultPytorchInferenceHandler,
    )

    transformer = Transformer(default_inference_handler=DefaultPytorchInferenceHandler())
    context = Context("model", model_dir, {"model": {}}, 1, None, "1")
    answers = []
    for request in requests:
        headers = {"Content-Type": request["content_type"], "Accept": request["accept"]}
        processor = RequestProcessor({k: v for k, v in headers.items() if v})
        context.request_processor = [processor]
        data = [{"body": base64.b64decode(request["body"])}]
        body = transformer.transform(data, context)[0]
        told = dict(processor.get_response_headers())
        answers.append(
            {
                "status": processor.get_response_status_code(),
                "kind": told.pop("content-type", ""),
                "headers": told,
                "body": base64.b64encode(_told(_encoded(body), processor)).decode(),
            }
        )
    return answers


def _told(body: bytes, processor: Any) -> bytes:
    """Of an error the message alone: a traceback names files of this machine."""
    return body if processor.get_response_status_code() == OK else body.split(b"\n")[0]


def _encoded(body: Any) -> bytes:
    """As mms/protocol/otf_message_handler.py puts it into a message."""
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return (body if isinstance(body, str) else json.dumps(body, indent=2)).encode()


if __name__ == "__main__":
    main()
