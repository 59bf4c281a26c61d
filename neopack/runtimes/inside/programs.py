"""Programs of TVM: built, saved in the files that DLR loads, opened again, computed with."""

import os
import shutil

LIBRARY, GRAPH, PARAMETERS = "compiled.so", "compiled_model.json", "compiled.params"
# of the virtual machine, in place of graph and parameters
BYTECODE = "compiled.ro"
OBJECT = "object-%d.o"


def built(module, code, parameters):
    """The program of a module of Relay for ``code``, a target of TVM's."""
    import tvm

    kind = Virtual if is_dynamic(module) else Graph
    with tvm.transform.PassContext(opt_level=3):
        return kind.built(module, code, parameters)


def opened(folder, threads):
    """The program in the files of ``folder``."""
    import tvm

    if threads:
        # 0: without a preference for big or little cores
        tvm.get_global_func("runtime.config_threadpool")(0, threads)
    library = tvm.runtime.load_module(os.path.join(folder, LIBRARY))
    kind = Virtual if os.path.exists(os.path.join(folder, BYTECODE)) else Graph
    return kind.opened(folder, library)


class Graph:
    """A program of static shapes: what Neo runs with TVM's graph executor."""

    def __init__(self, executor):
        self.executor = executor

    @classmethod
    def built(cls, module, code, parameters):
        import tvm

        program = cls(None)
        program.factory = tvm.relay.build(module, target=code, params=parameters)
        return program

    @classmethod
    def opened(cls, folder, library):
        import tvm
        from tvm.contrib import graph_executor

        with open(os.path.join(folder, GRAPH)) as stream:
            executor = graph_executor.create(stream.read(), library, tvm.cpu())
        with open(os.path.join(folder, PARAMETERS), "rb") as stream:
            executor.load_params(bytearray(stream.read()))
        return cls(executor)

    def save(self, folder):
        """Write the program, and its code as objects, which are to be linked."""
        import tvm

        with open(os.path.join(folder, GRAPH), "w") as stream:
            stream.write(self.factory.get_graph_json())
        with open(os.path.join(folder, PARAMETERS), "wb") as stream:
            stream.write(tvm.runtime.save_param_dict(self.factory.get_params()))
        save_objects(self.factory.get_lib(), folder)

    def start(self):
        import tvm
        from tvm.contrib import graph_executor

        self.executor = graph_executor.GraphModule(self.factory["default"](tvm.cpu()))

    def predict(self, inputs):
        for name, array in inputs.items():
            # what the outputs do not need is gone
            if self.executor.get_input_index(name) >= 0:
                self.executor.set_input(name, array)
        self.executor.run()
        count = self.executor.get_num_outputs()
        return [self.executor.get_output(place).asnumpy() for place in range(count)]


class Virtual:
    """A program with control flow, or of shapes that follow from data: for TVM's virtual machine."""

    def __init__(self, executable):
        self.executable = executable

    @classmethod
    def built(cls, module, code, parameters):
        from tvm.relay import vm

        return cls(vm.compile(module, target=code, params=parameters))

    @classmethod
    def opened(cls, folder, library):
        from tvm.runtime.vm import Executable

        with open(os.path.join(folder, BYTECODE), "rb") as stream:
            program = cls(Executable.load_exec(bytearray(stream.read()), library))
        program.start()
        return program

    def save(self, folder):
        bytecode, library = self.executable.save()
        with open(os.path.join(folder, BYTECODE), "wb") as stream:
            stream.write(bytecode)
        save_objects(library, folder)

    def start(self):
        import tvm
        from tvm.runtime.vm import VirtualMachine

        self.machine = VirtualMachine(self.executable, tvm.cpu())

    def predict(self, inputs):
        import tvm

        takes = self.executable.get_function_params("main")
        taken = {name: tvm.nd.array(inputs[name]) for name in takes if name in inputs}
        return list(_flat(self.machine.invoke("main", **taken)))


def save_objects(library, folder):
    """Write the code of a library of TVM's as objects, without linking them."""

    def keep(_, objects, **options):
        for place, path in enumerate(objects):
            shutil.copyfile(path, os.path.join(folder, OBJECT % place))

    library.export_library(LIBRARY, fcompile=keep)


def _flat(value):
    if hasattr(value, "asnumpy"):
        yield value.asnumpy()
        return
    for item in value:
        yield from _flat(item)


def is_dynamic(module):
    """Whether it has control flow or a shape that is not known: only a virtual machine runs it."""
    from tvm import relay

    flows = (relay.If, relay.Match, relay.RefCreate, relay.GlobalVar)
    seen = []

    def visit(node):
        kind = getattr(node, "_checked_type_", None)
        seen.append(isinstance(node, flows) or (kind is not None and _has_any(kind)))

    relay.analysis.post_order_visit(module["main"], visit)
    return any(seen)


def _has_any(kind):
    from tvm import relay

    if isinstance(kind, relay.TensorType):
        return relay.ty.is_dynamic(kind)
    if isinstance(kind, relay.TupleType):
        return any(_has_any(field) for field in kind.fields)
    return False
