"""Whatever an archive's members are called, what they are packed as is safe, and packs the same
the second time."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from neopack import facts
from neopack.checks.repacking import plan
from neopack.formats.tar import TarEntry
from neopack.frameworks import registry

PARTS = st.sampled_from(
    ["net.pth", "net.PT", "a", "..", ".", "", ".hidden", "__MACOSX", "C:", "\\", "saved_model.pb",
     "variables", "net-symbol.json", "x.json", "n.params", "net.h5", "checkpoint", "\x00", "ü"]
)  # fmt: skip
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
KINDS = st.sampled_from(["file", "file", "file", "directory", "symlink", "device"])
ENTRIES = st.lists(
    st.builds(TarEntry, name=NAMES, kind=KINDS, size=st.just(1), offset=st.just(0)), max_size=8
)
TARGET = facts.target("ml_c5")


@given(ENTRIES, st.sampled_from(registry.names()), st.data())
def test_what_is_packed_is_safe(
    entries: list[TarEntry], framework: str, data: st.DataObject
) -> None:
    files = [entry.name for entry in entries if entry.kind == "file"]
    model = data.draw(st.sampled_from(["", *files]))
    of = registry.get(framework)
    made = plan(entries, of, TARGET, model)
    for name, entry in made.placed.items():
        assert entry in entries
        assert entry.kind == "file"
        assert name == posixpath.normpath(name)
        assert not name.startswith("/")
        assert not posixpath.basename(name).startswith(".")
        assert not {"..", "__MACOSX"} & set(name.split("/"))
        assert "\\" not in name
        assert name.isprintable()
    assert not set(made.placed) & set(made.directories)
    main = next((name for name, entry in made.placed.items() if entry.name == model), "")
    again = [
        TarEntry(name=name, kind="file", size=1, offset=at) for at, name in enumerate(made.placed)
    ] + [TarEntry(name=name, kind="directory", size=0, offset=0) for name in made.directories]
    twice = plan(again, of, TARGET, main)
    assert set(twice.placed) == set(made.placed)
    assert twice.changes == ()
