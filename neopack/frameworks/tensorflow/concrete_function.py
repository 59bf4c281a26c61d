"""A live model traced: a concrete function of tensors by name, that gives tensors by name."""

from __future__ import annotations

from typing import Any

from neopack.errors import ExportFailed, NeopackError, first_line
from neopack.frameworks.tensorflow.live_model import LiveModel
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow

__all__ = ["concrete", "written_variables"]


def concrete(model: LiveModel, where: str) -> Any:
    """Raises ``ExportFailed`` with what the model raised while it was traced."""
    tf = tensorflow()

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(**tensors: Any) -> dict[str, Any]:
        return model.outputs(tensors)

    arguments = {
        name: tf.TensorSpec(request.shape, request.dtype or "float32", name=name)
        for name, request in zip(model.names, model.requests, strict=True)
    }
    try:
        return serve.get_concrete_function(**arguments)
    except NeopackError:
        raise
    except Exception as error:
        # the user's own code ran
        raise ExportFailed(
            f"tracing raised {type(error).__name__}: {first_line(error)}",
            where=where,
            hint=f"it was called with {model.arguments}",
        ) from error


def written_variables(function: Any) -> list[Any]:
    """The variables of a concrete function that writes to some; none for one that only reads."""
    definition = function.graph.as_graph_def()
    inner = [node.op for each in definition.library.function for node in each.node_def]
    operators = {*(node.op for node in definition.node), *inner}
    writes = any(op.startswith(("Assign", "ResourceScatter")) for op in operators)
    return list(function.variables) if writes else []
