"""HDF5 read here and by its own library: the same tree, whatever form the library writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neopack.errors import LimitExceeded, Malformed, NeopackError
from neopack.formats.guard import Limits
from neopack.formats.hdf5 import Hdf5Tree, read_tree
from neopack.formats.source import BytesSource, FileSource

FORMS = ["earliest", "v108", "latest"]
DTYPES = ["float16", "float32", "float64", "int8", "uint8", "int32", "int64", "uint16"]


def tree(path: Path, **limits: Any) -> Hdf5Tree:
    with FileSource(path) as source:
        return read_tree(source, Limits(**limits))


def plain(value: Any) -> Any:
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def agree(path: Path) -> Hdf5Tree:
    """Every object, shape, dtype and attribute is what h5py says."""
    ours = tree(path)
    with h5py.File(path) as file:
        objects: dict[str, Any] = {"": file}
        file.visititems(lambda name, one: objects.setdefault(name, one) and None)
        assert set(ours.nodes) == set(objects)
        for name, theirs in objects.items():
            node = ours.nodes[name]
            assert node.attributes == {key: plain(v) for key, v in theirs.attrs.items()}
            if isinstance(theirs, h5py.Dataset):
                assert (node.shape, node.dtype) == (theirs.shape, str(theirs.dtype))
                assert node.bytes == theirs.nbytes
            else:
                assert node.shape is None
    return ours


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layers", [1, 7, 9, 40, 900])
def test_groups_of_any_size(tmp_path: Path, form: str, layers: int) -> None:
    with h5py.File(tmp_path / "f.h5", "w", libver=form) as file:
        for place in range(layers):
            group = file.create_group(f"weights/layer_{place}")
            group.attrs["weight_names"] = np.array([b"kernel:0", b"b"])
            group["kernel:0"] = np.zeros((3, place % 5), "float32")
    ours = agree(tmp_path / "f.h5")
    assert len(ours.children("weights")) == layers


@pytest.mark.parametrize("form", FORMS)
def test_attributes_of_every_kind(tmp_path: Path, form: str) -> None:
    with h5py.File(tmp_path / "f.h5", "w", libver=form) as file:
        file.attrs["bytes"] = b"2.2.4"
        file.attrs["text"] = "h\N{LATIN SMALL LETTER E WITH ACUTE}"
        file.attrs["large"] = b"x" * 300_000
        file.attrs["texts"] = ["a", "", "long" * 50]
        file.attrs["fixed"] = np.array([b"ab", b"abcd"])
        file.attrs["none"] = np.zeros(0, "float64")
        for dtype in DTYPES:
            file.attrs[dtype] = np.arange(3).astype(dtype)
            file.attrs[f"one {dtype}"] = np.dtype(dtype).type(3)
    agree(tmp_path / "f.h5")


@pytest.mark.parametrize("form", FORMS)
def test_datasets_of_every_layout(tmp_path: Path, form: str) -> None:
    with h5py.File(tmp_path / "f.h5", "w", libver=form) as file:
        for dtype in DTYPES:
            file[dtype] = np.zeros((2, 3), dtype)
        file["number"] = 5.0
        file["truth"] = np.array([True, False])
        file["no rows"] = np.zeros((0, 4))
        file.create_dataset("packed", data=np.zeros((99, 9)), chunks=(9, 9), compression="gzip")
        file.create_dataset("growing", (1, 2), maxshape=(None, 2))
        file.create_dataset("nothing written", (1000, 1000))
    agree(tmp_path / "f.h5")


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["there"] = np.zeros(3)
        file["soft"] = h5py.SoftLink("/there")
        file["circle"] = h5py.SoftLink("/")
        file["outside"] = h5py.ExternalLink("/etc/hostname", "/x")
        file["again"] = file["/"]
    ours = tree(tmp_path / "f.h5")
    assert set(ours.nodes) == {"", "there"}
    assert set(ours.nodes[""].links) == {
        ("soft", "soft"), ("circle", "soft"), ("outside", "external"),
    }  # fmt: skip


def test_data_in_other_files_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file.create_dataset("x", (4,), "float32", external=[(b"/etc/hostname", 0, 16)])
    with pytest.raises(Malformed, match="another file"):
        tree(tmp_path / "f.h5")


def test_the_end_is_missed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["x"] = np.zeros(1000, "float32")
    data = (tmp_path / "f.h5").read_bytes()
    with pytest.raises(Malformed, match="are left") as caught:
        read_tree(BytesSource("cut", data[:-1]))
    assert caught.value.offset == len(data) - 1


@pytest.mark.parametrize("form", FORMS)
def test_every_cut_and_every_flipped_byte(tmp_path: Path, form: str) -> None:
    with h5py.File(tmp_path / "f.h5", "w", libver=form) as file:
        file.attrs["model_config"] = b"{}" * 200
        for place in range(12):
            file.create_group(f"g{place}").attrs["names"] = ["a", "b"]
        file["x"] = np.zeros(4, "float32")
    data = (tmp_path / "f.h5").read_bytes()
    for at in range(0, len(data), 3):
        for broken in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            try:
                read_tree(BytesSource("broken", broken))
            except NeopackError:
                continue


def test_counts_are_bounded(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        for place in range(50):
            file.create_group(f"g{place}")
    with pytest.raises(LimitExceeded, match="records"):
        tree(tmp_path / "f.h5", records=20)
    with pytest.raises(LimitExceeded, match="operations"):
        tree(tmp_path / "f.h5", operations=20)


def test_depth_is_bounded(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file.create_group("/".join("abcdefghij"))
    assert len(tree(tmp_path / "f.h5").nodes) == 11
    with pytest.raises(LimitExceeded, match="depth"):
        tree(tmp_path / "f.h5", depth=5)


def test_a_text_that_all_point_at_is_no_bomb(tmp_path: Path) -> None:
    """A thousand attributes that point at one text of a megabyte would fill a gigabyte."""
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file.attrs["large"] = b"x" * (1 << 20)
        file.attrs["many"] = ["y"] * 1000
    data = bytearray((tmp_path / "f.h5").read_bytes())
    with h5py.File(tmp_path / "f.h5") as file:
        assert len(file.attrs["many"]) == 1000
    heaps = [at for at in range(0, len(data), 8) if data[at : at + 4] == b"GCOL"]
    large = next(at for at in heaps if int.from_bytes(data[at + 8 : at + 16], "little") > 1 << 20)
    one = (1).to_bytes(4, "little")
    at = 0
    while (at := data.find(one, at)) >= 0:  # each (1, heap, number) becomes the large one
        if int.from_bytes(data[at + 4 : at + 12], "little") in heaps:
            data[at : at + 16] = (
                (1 << 20).to_bytes(4, "little") + large.to_bytes(8, "little") + one
            )
        at += 1
    with pytest.raises(Malformed, match="repeat"):
        read_tree(BytesSource("bomb", bytes(data)))


def test_reading_goes_upwards_in_few_passes(tmp_path: Path) -> None:
    """Inside an archive, going back costs a pass over it."""
    with h5py.File(tmp_path / "f.h5", "w") as file:
        for place in range(300):
            file[f"weights/layer_{place}/layer_{place}/kernel:0"] = np.zeros((64, 64), "float32")
            file[f"weights/layer_{place}"].attrs["names"] = ["kernel:0"]

    class Counting(BytesSource):
        position = passes = 0

        def read(self, offset: int, length: int) -> bytes:
            self.passes += offset < self.position
            self.position = offset + length
            return super().read(offset, length)

    source = Counting("f.h5", (tmp_path / "f.h5").read_bytes())
    assert len(read_tree(source).nodes) == 902
    assert source.passes < 15
