"""What is read of Darknet networks is what OpenCV, whose reader is another, makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.errors import Malformed, NeopackError
from neopack.formats import darknet
from neopack.formats.files import FolderFiles
from neopack.formats.source import BytesSource
from neopack.frameworks.darknet.facts import DarknetFacts
from neopack.frameworks.darknet.network import Network, network_of
from neopack.frameworks.darknet.read import read, recognize
from neopack.values.model import facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "darknet"
NAMES = [path.stem for path in sorted(FIXTURES.glob("*.cfg"))]
NET = "[net]\nwidth=8\nheight=8\nchannels=3\n"


def network(text: str) -> Network:
    return network_of(darknet.sections(BytesSource("m.cfg", text.encode())), "m.cfg")


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_opencv(name: str) -> None:
    import cv2
    import numpy as np

    paths = [str(FIXTURES / f"{name}{suffix}") for suffix in (".cfg", ".weights")]
    theirs = cv2.dnn.readNetFromDarknet(*paths)
    ours = read(FolderFiles(FIXTURES), f"{name}.cfg")
    assert ours.signature is not None
    shape = [dim or 1 for dim in ours.signature.inputs[0].shape]
    theirs.setInput(np.zeros(shape, np.float32))
    text = (FIXTURES / f"{name}.cfg").read_text()
    for at, layer in enumerate(network(text).layers):
        names = [each for each in theirs.getLayerNames() if each.endswith(f"_{at}")]
        if layer.type == "CONVOLUTIONAL":
            given = theirs.forward(f"conv_{at}").shape
        elif layer.type in ("ROUTE", "MAXPOOL", "UPSAMPLE", "REORG"):
            given = theirs.forward(names[-1]).shape
        else:
            continue
        assert given == (1, *(layer.gives or ())), (at, layer)


@pytest.mark.parametrize("name", NAMES)
def test_all_numbers_have_a_layer(name: str) -> None:
    known = facts_of(read(FolderFiles(FIXTURES), f"{name}.cfg"), DarknetFacts)
    assert known.numbers == known.weights


def test_a_batch_of_training_is_not_that_of_the_input() -> None:
    info = read(FolderFiles(FIXTURES), "yolo.cfg")
    assert info.signature is not None
    assert info.signature.inputs[0].shape == (1, 3, 32, 32)
    assert [spec.name for spec in info.signature.outputs[:3]] == [
        "layer11",
        "layer11.mask",
        "layer11.anchors",
    ]


def test_numbers_are_read_as_c_reads_them() -> None:
    text = f"# a comment\r\n{NET} \n; another\n [conv] \nfilters = 4 # four\nsize=1.0\nfilters=9\n"
    (layer,) = network(text.replace("[conv]", "[convolutional]")).layers
    assert layer.gives == (4, 8, 8)
    assert layer.numbers == 4 + 4 * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not \\[net\\]"),
        ("[convolutional]\n", "not \\[net\\]"),
        ("width=8\n" + NET, "before the first section"),
        ("[net]\nnonsense\n", "line 2 is neither"),
        ("[net]\nwidth=8\nheight=8\n[softmax]\n", "channels is 0"),
        (NET, "without layers"),
        (f"{NET}[convolutional]\nfilters=x\n", "line 5: filters=x is not a number"),
        (f"{NET}[convolutional]\nsize=99\n", "which cannot be"),
        (f"{NET}[convolutional]\nfilters=99999999999999999999\n", "larger than can be"),
        (f"{NET}[convolutional]\nfilters=4\ngroups=2\n", "3 channels and 4 filters in 2"),
        (f"{NET}[maxpool]\nstride=0\n", "stride is 0"),
        (f"{NET}[route]\nlayers=-1\n", "no layer -1"),
        (f"{NET}[softmax]\n[route]\nlayers=1\n", "no layer 1"),
        (
            f"{NET}[maxpool]\nstride=2\n[softmax]\n[maxpool]\nstride=2\n[route]\nlayers=0,2\n",
            "joins",
        ),
        (f"{NET}[yolo]\nmask=0\nclasses=2\n", "need 7 channels, not 3"),
        (f"{NET}[yolo]\nmask=a\n", "not a list of numbers"),
    ],
)
def test_what_is_not_a_network_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        network(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0" * 11, "ends within the header"),
        (b"\0\0\0\0\2\0\0\0\5\0\0\0" + bytes(8 + 3), "ends within a number"),
        (b"\xff" * 32, "version of Darknet"),
    ],
)
def test_weights_that_are_cut_or_none_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        darknet.weights(BytesSource("m.weights", data))


def test_weights_before_0_2_count_what_was_seen_in_four_bytes() -> None:
    old = b"\0\0\0\0\1\0\0\0\0\0\0\0" + bytes(4 + 8)
    header = darknet.weights(BytesSource("m.weights", old))
    assert (header.version, header.numbers) == ("0.1.0", 2)


def test_what_only_forks_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.cfg").write_text(
        f"{NET}[convolutional]\nfilters=4\nactivation=mish\n[route]\nlayers=-1\ngroups=2\n"
        "[sam]\nfrom=-1\n[convolutional]\nfilters=2\n"
    )
    info = read(FolderFiles(tmp_path), "m.cfg")
    known = facts_of(info, DarknetFacts)
    assert known.options_of_forks == {"groups of [route]": "line 8"}
    assert "mish" in known.activations
    assert known.imported["SAM"] == "line 11"
    assert known.numbers is None
    assert known.weights is None
    assert info.signature is not None
    assert info.signature.outputs == ()


def test_another_ini_file_is_not_a_network() -> None:
    for text in ("[tool]\nname=1\n", "plain text", "[network-manager]\n"):
        assert recognize(BytesSource("m.cfg", text.encode())) is None
    with pytest.raises(NeopackError):
        network("[tool]\nname=1\n")
