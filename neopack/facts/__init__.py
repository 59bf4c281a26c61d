"""Facts about Neo as data: TOML with source and date, and its only reader.

A file is read on first use. The facts do not judge; the rules do.
"""

from __future__ import annotations

from neopack.facts.error_table import ErrorRow, error_ids, error_row
from neopack.facts.framework_table import (
    ConfigOptional,
    FileGroup,
    FrameworkRow,
    config_objects,
    config_optional,
    framework,
    frameworks,
    takes_version,
)
from neopack.facts.operator_table import (
    OnnxRelease,
    onnx_releases,
    operators_2020,
    tensorflow_operators,
)
from neopack.facts.request_table import (
    Handler,
    Limit,
    Option,
    StringForm,
    handler,
    limit,
    option_group_required,
    options,
    options_undocumented,
    shipped_packages,
    string_form,
)
from neopack.facts.support_table import (
    Support,
    class_support,
    compiler_path,
    default_version,
    framework_versions,
    newest,
    snapshots,
    support,
    target_class,
)
from neopack.facts.target_table import platforms, regions, target, targets
from neopack.facts.torch_table import (
    torch_computes_otherwise,
    torch_file_format,
    torch_instead,
    torch_is_known,
    torch_schemas,
    torch_schemas_today,
    torchvision_converted,
    torchvision_operators,
)
from neopack.spelling import nearest

__all__ = [
    "ConfigOptional",
    "ErrorRow",
    "FileGroup",
    "FrameworkRow",
    "Handler",
    "Limit",
    "OnnxRelease",
    "Option",
    "StringForm",
    "Support",
    "class_support",
    "compiler_path",
    "config_objects",
    "config_optional",
    "default_version",
    "error_ids",
    "error_row",
    "framework",
    "framework_versions",
    "frameworks",
    "handler",
    "limit",
    "nearest",
    "newest",
    "onnx_releases",
    "operators_2020",
    "option_group_required",
    "options",
    "options_undocumented",
    "platforms",
    "regions",
    "shipped_packages",
    "snapshots",
    "string_form",
    "support",
    "takes_version",
    "target",
    "target_class",
    "targets",
    "tensorflow_operators",
    "torch_computes_otherwise",
    "torch_file_format",
    "torch_instead",
    "torch_is_known",
    "torch_schemas",
    "torch_schemas_today",
    "torchvision_converted",
    "torchvision_operators",
]
