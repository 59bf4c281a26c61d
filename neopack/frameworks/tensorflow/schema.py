"""The fields of TensorFlow's messages that are read here, by their names in text form.

From tensorflow/core/framework and tensorflow/core/protobuf at v2.21.0. Payloads of tensors are
not among them: their shapes say enough.
"""

from __future__ import annotations

from neopack.formats.prototext import Schema
from neopack.frameworks.tensorflow.dtypes import NAMES

__all__ = ["SCHEMA"]

SCHEMA: Schema = {
    "SavedModel": {"saved_model_schema_version": (1, "int"), "meta_graphs": (2, "MetaGraphDef")},
    "MetaGraphDef": {
        "meta_info_def": (1, "MetaInfoDef"),
        "graph_def": (2, "GraphDef"),
        "signature_def": (5, "SignatureEntry"),
        "asset_file_def": (6, "AssetFileDef"),
        "object_graph_def": (7, "SavedObjectGraph"),
    },
    "MetaInfoDef": {
        "tags": (4, "text"),
        "tensorflow_version": (5, "text"),
        "tensorflow_git_version": (6, "text"),
    },
    "SignatureEntry": {"key": (1, "text"), "value": (2, "SignatureDef")},
    "SignatureDef": {
        "inputs": (1, "TensorInfoEntry"),
        "outputs": (2, "TensorInfoEntry"),
        "method_name": (3, "text"),
    },
    "TensorInfoEntry": {"key": (1, "text"), "value": (2, "TensorInfo")},
    "TensorInfo": {
        "name": (1, "text"),
        "dtype": (2, NAMES),
        "tensor_shape": (3, "TensorShapeProto"),
    },
    "AssetFileDef": {"filename": (2, "text")},
    "SavedObjectGraph": {"nodes": (1, "SavedObject")},
    "SavedObject": {"user_object": (4, "SavedUserObject")},
    "SavedUserObject": {"identifier": (1, "text")},
    "GraphDef": {
        "node": (1, "NodeDef"),
        "library": (2, "FunctionDefLibrary"),
        "versions": (4, "VersionDef"),
    },
    "VersionDef": {"producer": (1, "int"), "min_consumer": (2, "int")},
    "FunctionDefLibrary": {"function": (1, "FunctionDef")},
    "FunctionDef": {"signature": (1, "OpDef"), "node_def": (3, "NodeDef")},
    "OpDef": {"name": (1, "text")},
    "NodeDef": {
        "name": (1, "text"),
        "op": (2, "text"),
        "input": (3, "text"),
        "attr": (5, "AttrEntry"),
    },
    "AttrEntry": {"key": (1, "text"), "value": (2, "AttrValue")},
    "AttrValue": {
        "list": (1, "ListValue"),
        "s": (2, "text"),
        "type": (6, NAMES),
        "shape": (7, "TensorShapeProto"),
        "tensor": (8, "TensorProto"),
        "func": (10, "NameAttrList"),
    },
    "ListValue": {
        "i": (3, "int"),
        "shape": (7, "TensorShapeProto"),
        "func": (9, "NameAttrList"),
    },
    "NameAttrList": {"name": (1, "text")},
    "TensorProto": {"dtype": (1, NAMES), "tensor_shape": (2, "TensorShapeProto")},
    "TensorShapeProto": {"dim": (2, "Dim"), "unknown_rank": (3, "bool")},
    "Dim": {"size": (1, "int")},
}
