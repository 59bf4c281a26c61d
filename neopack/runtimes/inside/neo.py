"""Neo's own way into its compiler: the public loader reads the unpacked members of an archive."""

import glob
import importlib
import importlib.util
import os
import platform
import re
import sys

# what no message is longer than, once it is in one line
LONGEST = 1200
TRACEBACK = "Traceback (most recent call last)"
# an error of C++ ends with it, after lines of its own traceback
ERROR = re.compile(r"^\s*(?:[\w.]*(?:Error|Exception)): ?", re.MULTILINE)
BOILERPLATE = re.compile(
    r"-{10,}|An error occurred during the execution of TVM\.|"
    r"For more information, please see: \S+|"
    r"Note that you can use `from_pytorch\([^`]*`?|"
    r"one or more error diagnostics were emitted, please check diagnostic render for output\.?|"
    r"\[\d\d:\d\d:\d\d\] \S+:\d+: "
)
# as Python's side of TVM and of MXNet prints it
NO_MEMORY = re.compile(r"(?:: )?std: ?:bad_alloc")
# Treelite's own traceback
STACK = re.compile(r"^\s*(?:Stack trace:|\[bt\] .*)$", re.MULTILINE)


def load(data):
    """The loader, which has converted the model, or None, and why it refuses the model, else "".

    ``framework`` is its own name for it, ``folder`` holds the ``members`` in the archive's order,
    and ``config`` is the text of DataInputConfig. The loader is what AWS ships: it takes the
    framework from the environment, and leaves out hidden members itself only while it unpacks.
    """
    os.environ["FRAMEWORK"] = data["framework"]
    neo_loader = importlib.import_module("neo_loader")
    members = [name for name in data["members"] if not os.path.basename(name).startswith(".")]
    paths = [os.path.join(data["folder"], name) for name in members]
    try:
        # it imports the framework before TVM: MXNet fails where TVM comes first
        neo_loader.get_model_loader_for_framework(data["framework"])
        overhear()
        shapes = neo_loader.validate_input_shape(data["framework"], data["config"])
        return neo_loader.load_model(paths, shapes), ""
    except Exception as error:  # the loader raises whatever TVM and the framework do
        if NO_MEMORY.search(str(error)):  # that says nothing of the model
            raise MemoryError(words(error))
        return None, words(error)


def words(error):
    """What an error says, in one line: its own text without the lines of a traceback in it, and
    what TVM's diagnostics say of it."""
    text = str(error)
    before, traceback, after = text.partition(TRACEBACK)
    if traceback:
        *_, last = ERROR.split(after)
        text = before + last
    told = [STACK.sub("", text)] + diagnostics(error)
    line = " ".join(BOILERPLATE.sub(" ", " ".join(told)).split()) or type(error).__name__
    line = NO_MEMORY.sub("out of memory (std::bad_alloc)", line)
    return line if len(line) <= LONGEST else line[:LONGEST] + " ..."


def diagnostics(error):
    """What TVM rendered while this error was on its way; it is told once."""
    told = list(_rendered)
    del _rendered[:]
    return told


# those whose module has another version, or none, by the folder of their metadata
DISTRIBUTIONS = {
    "neocompilermodelloaders": "neo-loader",
    "hhb_tvm": "hhb-tvm",
    "mera_tvm_host_only": "mera-tvm-host-only",
}
_rendered = []


def overhear():
    """Have TVM's diagnostics, which it prints with the source of the program, kept as text."""
    import tvm

    def render(context):
        _rendered.extend(str(diagnostic.message) for diagnostic in context.diagnostics)

    tvm.ir.diagnostics.override_renderer(render)


def versions(modules):
    """The distributions of the loader and of TVM, and those of ``modules`` that are here."""
    found = dict(_distributions())
    for module in modules:
        if importlib.util.find_spec(module):
            version = importlib.import_module(module).__version__
            found[module] = version.split("+")[0]
    found["python"] = platform.python_version()
    return found


def _distributions():
    """Name and version, by the names of folders: Python 3.6 has no reader of metadata."""
    packages = os.path.dirname(os.path.dirname(importlib.util.find_spec("neo_loader").origin))
    places = [os.path.join(place, "*.dist-info") for place in (packages, os.path.join(sys.prefix, "apart"))]
    for folder in sorted(folder for place in places for folder in glob.glob(place)):
        name, _, version = os.path.basename(folder)[: -len(".dist-info")].partition("-")
        if name.lower() in DISTRIBUTIONS:
            yield DISTRIBUTIONS[name.lower()], version
