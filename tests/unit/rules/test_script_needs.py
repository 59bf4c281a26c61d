"""What a script needs, in real archives and in scripts that are as deep as Python parses."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from contexts import context, entries

import neopack
from neopack.rules import script_needs

FIXTURES = Path(__file__).parents[3] / "fixtures"
DEEP = {
    "sum": "    open(d" + ' + "/a"' * 3000 + ")",
    "parents": "    open(Path(__file__)" + ".parent" * 2500 + ")",
    "attributes": "    x" + ".a" * 2500 + "()\n    y.cuda()",
    "methods": "    open(d)" + ".x()" * 1500,
}
SERVING = """
import os, json, torch, transformers
from net import Net
def model_fn(model_dir):
    with open(os.path.join(model_dir, "code", "labels.json")) as f: labels = json.load(f)
    with open(os.path.join(model_dir, "code", "vocab.txt")) as f: vocab = f.read()
    net = Net()
    net.load_state_dict(torch.load(os.path.join(model_dir, "model.pth")))
    return net.cuda()
def input_fn(body, kind): return torch.tensor(json.loads(body))
def predict_fn(data, model): return model(data)
def output_fn(result, kind): return json.dumps(result.tolist())
"""


@pytest.mark.parametrize("body", DEEP.values(), ids=list(DEEP))
def test_a_deep_script_is_judged(body: str) -> None:
    code = {"code/inference.py": f"def model_fn(d):\n{body}\n"}
    judged = context(code=code, entries=entries("model.pth", *code))
    for rule in script_needs.RULES:
        list(rule.test(judged))


def test_an_archive_whose_script_needs_more(tmp_path: Path) -> None:
    files = {"code/inference.py": SERVING, "code/net.py": "class Net: ...", "code/labels.json": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as archive:
        archive.add(FIXTURES / "pytorch/cnn-traced.pt", "./model.pth")
        for name in files:
            archive.add(tmp_path / name, f"./{name}")
    report = neopack.check(tmp_path / "m.tar.gz", target="ml_c5")
    found = {finding.id: finding.message for finding in report.findings}
    assert "'transformers', which" in found["NEO-HD-014"]
    assert "'code/vocab.txt', which" in found["NEO-HD-015"]
    assert "torch.load reads 'model.pth'" in found["NEO-HD-017"]
    assert "net.cuda() needs a GPU" in found["NEO-HD-018"]
    assert "NEO-HD-016" not in found
