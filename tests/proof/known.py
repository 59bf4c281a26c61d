"""The known failures of Neo, each with an archive that causes it, or the reason why there is none.

The messages are AWS's, shortened where the service fills in names. A member is the path of a fixture, a
text after ``=``, ``half:`` of a fixture, or a fixture with a fixed ``batch:``. A name that ends in a slash is a directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["KNOWN", "Case", "Known", "Mend", "Package"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """``neopack package`` of the model in the archive."""

    source: str
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    target: str = ""
    version: str = ""
    code: str = ""


# "fix", "by hand", or another DataInputConfig for the same archive
Mend: TypeAlias = Package | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``rule`` is the rule that finds it, or "" if the archive cannot be opened."""

    framework: str
    members: Mapping[str, str]
    rule: str
    mend: Mend
    config: str | None = None
    target: str = "ml_c5"
    version: str | None = None
    tar: Literal["gz", "plain"] = "gz"
    name: str = "model.tar.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """``why`` no archive provokes it here, and what neopack does instead."""

    id: str
    said: str
    case: Case | None = None
    why: str = ""


IMAGE = '{"image":[1,3,8,8]}'
ONE = '{"input0":[1,3,8,8]}'
CNN = {"model.pth": "pytorch/cnn-traced.pt"}
CNN_AGAIN = Package(source="pytorch/cnn-traced.pt", inputs={"image": (1, 3, 8, 8)})
ONNX_AGAIN = Package(source="onnx/cnn-opset12.onnx")
FROZEN = Package(source="tensorflow/1.15/frozen.pb", inputs={"x": (1, 8, 8, 3)})
SAVED_AGAIN = Package(source="tensorflow/2.9/keras", inputs={"row": (1, 4)})
SAVED = {
    "export/": "",
    "export/saved_model.pb": "tensorflow/2.9/keras/saved_model.pb",
    "export/variables/variables.index": "tensorflow/2.9/keras/variables/variables.index",
    "export/variables/variables.data-00000-of-00001": "tensorflow/2.9/keras/variables/variables.data-00000-of-00001",
}  # fmt: skip
SYMBOL = {"model-symbol.json": "mxnet/gluon/gluon-symbol.json"}
PARAMS = {"model-0000.params": "mxnet/gluon/gluon-0000.params"}
MXNET_AGAIN = Package(source="mxnet/gluon/gluon-symbol.json", inputs={"data": (1, 3, 8, 8)})
DATA = '{"data":[1,3,8,8]}'
TREES = "xgboost/logistic-1.3.3.model"
H5 = {"model.h5": "keras/cnn-2.2.4.h5"}
COLD = "=import torch\ndef model_fn(d):\n    return torch.jit.load(d)\ndef transform_fn(m, b, k, a): ...\n"
SERVICE = "Only the service knows"
KEYS = "needs credentials: neopack compile --backend sagemaker checks before it sends anything"


def _torch(members: Mapping[str, str], rule: str, mend: Mend, config: str = ONE) -> Case:
    return Case(framework="PYTORCH", members=members, rule=rule, mend=mend, config=config)


def _mxnet(members: Mapping[str, str], rule: str, mend: Mend) -> Case:
    return Case(framework="MXNET", members=members, rule=rule, mend=mend, config=DATA)


def _keras(members: Mapping[str, str], rule: str, mend: Mend, config: str = IMAGE) -> Case:
    return Case(framework="KERAS", members=members, rule=rule, mend=mend, config=config)


def _tensorflow(
    members: Mapping[str, str], rule: str, mend: Mend, version: str | None = None
) -> Case:
    config = '{"image":[1,8,8,3]}'
    return Case(
        framework="TENSORFLOW",
        members=members,
        rule=rule,
        mend=mend,
        config=config,
        version=version,
    )


def _onnx(members: Mapping[str, str], rule: str, mend: Mend) -> Case:
    return Case(
        framework="ONNX", members=members, rule=rule, mend=mend, config='{"image":[1,3,8,8]}'
    )


def _other(
    framework: str, members: Mapping[str, str], rule: str, config: str, mend: Mend = "by hand"
) -> Case:
    return Case(
        framework=framework,
        members=members,
        rule=rule,
        mend=mend,
        config=config,
        target="rasp4b",
    )


def _came_back(members: Mapping[str, str], rule: str) -> Case:
    return Case(
        framework="", members=members, rule=rule, mend="by hand", name="model-ml_c5.tar.gz"
    )


KNOWN: tuple[Known, ...] = (
    # --- any framework
    Known(id="no-gzip-tar", said="ClientError: InputConfiguration: Unable to untar input model. Please confirm the model is a tar.gz file", case=Case(framework="PYTORCH", members=CNN, rule="", mend=CNN_AGAIN, tar="plain")),
    Known(id="no-such-object", said="ClientError: InputConfiguration: S3 object does not exist. Bucket: b, Key: k", why=f"It {KEYS}."),
    Known(id="bucket-elsewhere", said="ClientError: InputConfiguration: Bucket b is in region us-east-1 which is different from AWS Sagemaker service region us-west-2", why=f"It {KEYS}."),
    Known(id="role-not-assumed", said="Access Denied when calling sts:AssumeRole", why=f"It {KEYS}; neopack init aws writes the trust policy."),
    Known(id="s3-refuses", said="Access Denied", why="The permissions of the role matter only when the service uses them; neopack init aws writes the policy."),
    Known(id="role-not-passed", said="PassRole error", why="The permissions of the caller matter only when the job is created; neopack init aws writes the policy."),
    Known(id="nothing-in-it", said="InputConfiguration: No model file found.", case=_torch({"._model.pth": "pytorch/cnn-traced.pt"}, "NEO-AR-002", CNN_AGAIN)),
    Known(id="config-no-json", said="InputConfiguration: Cannot load DataInputConfig. Incorrect json format. Expecting value", case=_torch(CNN, "NEO-DC-002", ONE, config="{'input0': [1,3,8,8]}")),
    Known(id="config-no-object", said="InputConfiguration: DataInputConfig is not dictionary or list.", case=_torch(CNN, "NEO-DC-004", ONE, config='"[1,3,8,8]"')),
    Known(id="config-not-derived", said="InputConfiguration: We are unable to extract DataInputConfig from the model due to e. Please override by providing a DataInputConfig", case=Case(framework="PYTORCH", members={"model.pth": "pytorch/torch-1.8.1/cnn-traced.pt"}, rule="NEO-DC-001", mend=ONE)),
    Known(id="exactly-one", said="Load Error: InputConfiguration: Exactly one .onnx file is allowed for ONNX models.", case=_onnx({"a.onnx": "onnx/cnn-opset12.onnx", "b/c.onnx": "onnx/cnn-opset12.onnx"}, "NEO-AR-003", ONNX_AGAIN)),
    Known(id="operators", said="ClientError: InputConfiguration: TVM cannot convert x model. Please make sure the framework you selected is correct. The following operators are not implemented: {'x'}", case=_onnx({"model.onnx": "onnx/quantised.onnx"}, "NEO-ON-007", Package(source="onnx/quantised.onnx"))),
    Known(id="operator", said="OperatorNotImplemented: x is not supported.", case=_onnx({"model.onnx": "onnx/custom-domain.onnx"}, "NEO-ON-005", Package(source="onnx/custom-domain.onnx"))),
    Known(id="operator-attribute", said="OperatorAttributeNotImplemented: x is not supported in y.", why="No list says which attributes Neo's compilers take."),
    Known(id="operator-attribute-lacks", said="OperatorAttributeRequired: Required attribute x not found in y.", why="No list says which attributes Neo's compilers require."),
    Known(id="operator-attribute-value", said="OperatorAttributeValueNotValid: The value of attribute x in operator y cannot be negative.", why="No list says which values Neo's compilers take."),
    Known(id="neuron-operator", said="ClientError: CompilationError: Unable to compile model for ml_inf1:', 'Please implement aten::alias in native_ops/aten.py')", why="AWS publishes no list of the operators of Neo's Neuron compiler."),
    Known(id="unexpected", said="There was an unexpected error during compilation, check your inputs and try again in a few minutes.", why=f"{SERVICE} the cause; this message stands for all others."),
    Known(id="server", said="ServerError: There was an internal server error during the compilation job, please try again in a few minutes or contact support", case=_keras({"model.h5": "keras/free-size-2.2.4.h5"}, "NEO-KR-005", Package(source="keras/free-size-2.2.4.h5", inputs={"image": (1, 8, 8, 3)}))),
    Known(id="time", said="TimeOut error", why=f"{SERVICE} how long it takes; neopack compile allows 900 seconds, or more with --max-runtime."),
    Known(id="version-field", said="An error occurred (ValidationException) when calling the CreateCompilationJob operation: Unsupported framework version field for target", why="neopack compile leaves FrameworkVersion out for targets that do not take it."),
    Known(id="two-inputs-of-the-call", said="InputConfig and ModelPackageVersionArn are both given", why="neopack compile gives only InputConfig."),
    Known(id="name-in-use", said="ResourceInUse", why="neopack compile names jobs after their content, and finds its own again."),
    Known(id="too-many-jobs", said="ResourceLimitExceeded", why=f"{SERVICE} which other jobs run; neopack compile waits and tries again."),
    # --- TensorFlow
    Known(id="tf-two-pb", said="InputConfiguration: Exactly one .pb file is allowed for TensorFlow models.", case=_tensorflow({"a.pb": "tensorflow/1.15/frozen.pb", "b.pb": "tensorflow/1.15/frozen.pb"}, "NEO-TF-001", FROZEN)),
    Known(id="tf-stray-pb", said="InputConfiguration: Exactly one .pb or .pbtxt file is allowed for TensorFlow models.", case=_tensorflow({**SAVED, "export/keras_metadata.pb": "tensorflow/2.9/keras/keras_metadata.pb"}, "NEO-TF-002", "fix")),
    Known(id="tf-two-saved-models", said="InputConfiguration: Exactly one saved model is allowed for TensorFlow models.", case=_tensorflow({**SAVED, **{f"2/{name[7:]}": held for name, held in SAVED.items()}}, "NEO-TF-005", SAVED_AGAIN)),
    Known(id="tf-none", said="InputConfiguration: No valid TensorFlow model found in input files. Please make sure the framework you select is correct.", case=_tensorflow({"model.h5": "keras/cnn-2.2.4.h5"}, "NEO-AR-002", FROZEN)),
    Known(id="tf-checkpoint", said="InputConfiguration: TF Checkpoints are not supported. Please make sure the framework you select is correct.", case=_tensorflow({**SAVED, "export/checkpoint": "tensorflow/1.15/checkpoint/checkpoint"}, "NEO-TF-006", "fix")),
    Known(id="tf-load", said="InputConfiguration: Framework cannot load Tensorflow model: as_list() is not defined on an unknown TensorShape", case=_tensorflow({"model.pb": "half:tensorflow/1.15/frozen.pb"}, "NEO-AR-012", FROZEN)),
    Known(id="tf-incompatible", said="ClientError: InputConfiguration: Incompatible Tensorflow model", case=_tensorflow({name: held for name, held in SAVED.items() if "data" not in name}, "NEO-TF-008", SAVED_AGAIN)),
    Known(id="tf-convert", said="ClientError: InputConfiguration: TVM cannot convert Tensorflow model. Please make sure the framework you selected is correct. Tensorflow version selected: 1.x. Model version founded: 2.x.", case=_tensorflow({"model.pb": "tensorflow/2/frozen.pb"}, "NEO-TF-019", Package(source="tensorflow/2/frozen.pb", inputs={"images": (1, 8, 8, 3)}, version="1.15"), version="1.15")),
    # --- Keras
    Known(id="keras-none", said="InputConfiguration: No h5 file provided in /model", case=_keras({"model.keras": "keras/sequential.keras"}, "NEO-KR-001", Package(source="keras/sequential.keras"))),
    Known(id="keras-many", said="InputConfiguration: Multiple h5 files provided, /model, when only one is allowed", case=_keras({"a.h5": H5["model.h5"], "b.h5": H5["model.h5"]}, "NEO-AR-003", Package(source=H5["model.h5"]))),
    Known(id="keras-version", said="ClientError: InputConfiguration: Unable to load provided Keras model. Error: 'sample_weight_mode'", case=_keras({"model.h5": "keras/trained-2.2.4.h5"}, "NEO-KR-011", Package(source="keras/trained-2.2.4.h5"))),
    Known(id="keras-nchw", said="ClientError: InputConfiguration: Input image has wrong shape in Input Shape dictionary. Input shapes should be provided in NCHW format.", case=_keras(H5, "NEO-KR-006", IMAGE, config='{"image":[1,8,8,3]}')),
    Known(id="keras-batch", said="InputConfiguration: Input image has wrong batch size in Input Shape dictionary.", case=_keras({"model.h5": f"batch:{H5['model.h5']}"}, "NEO-KR-006", '{"image":[4,3,8,8]}', config=IMAGE)),
    Known(id="keras-input-left-out", said="InputConfiguration: Model contains input layer (b) not specified in data_shape. Please specify all input layers in data_shape", case=_keras({"model.h5": "keras/two-inputs-2.2.4.h5"}, "NEO-DC-011", "{all}", config='{"image":[1,3,8,8]}')),
    Known(id="keras-convert", said="InputConfiguration: TVM cannot convert the Keras model. e", case=_keras({"model.h5": "keras/lambda-2.2.4.h5"}, "NEO-KR-008", Package(source="keras/lambda-2.2.4.h5"))),
    # --- MXNet
    Known(id="mx-two-params", said="ClientError: InputConfiguration: Only one parameter file is allowed for MXNet model. Please make sure the framework you select is correct.", case=_mxnet({**SYMBOL, **PARAMS, "other-0001.params": "mxnet/gluon/gluon-0000.params"}, "NEO-MX-003", MXNET_AGAIN)),
    Known(id="mx-two-symbols", said="InputConfiguration: Only one symbol file is allowed for MXNet model. Please make sure the framework you select is correct.", case=_mxnet({**SYMBOL, **PARAMS, "labels.json": "={}"}, "NEO-MX-002", "fix")),
    Known(id="mx-no-symbol", said="InputConfiguration: No symbol file found for MXNet model. Please make sure the framework you select is correct.", case=_mxnet(PARAMS, "NEO-AR-002", MXNET_AGAIN)),
    Known(id="mx-no-symbol-cloud", said="ClientError: InputConfiguration: No valid Mxnet model file -symbol.json found", case=_mxnet({"model_algo-1": "=x", "model_best.params": "mxnet/gluon/gluon-0000.params", "hyperparams.json": "={}"}, "NEO-AR-002", MXNET_AGAIN)),
    Known(id="mx-no-params", said="InputConfiguration: No parameter file found for MXNet model. Please make sure the framework you select is correct.", case=_mxnet(SYMBOL, "NEO-AR-002", MXNET_AGAIN)),
    Known(id="mx-prefix", said="InputConfiguration: No parameter file found for MXNet model: m Please make sure the prefix of params file match the prefix of symbol file", case=_mxnet({**SYMBOL, "net-0000.params": "mxnet/gluon/gluon-0000.params"}, "NEO-MX-004", "fix")),
    Known(id="mx-save-parameters", said="InputConfiguration: Framework can't load the MXNet model: Please use HybridBlock.export() or gluoncv.utils.export_block() to export", case=_mxnet({"model-symbol.json": "mxnet/plain-parameters/gluon-symbol.json", "model-0000.params": "mxnet/plain-parameters/gluon-0000.params"}, "NEO-MX-006", Package(source="mxnet/plain-parameters/gluon-symbol.json", inputs={"data": (1, 3, 8, 8)}))),
    Known(id="mx-load", said="InputConfiguration: Framework can't load the MXNet model: e", case=_mxnet({**SYMBOL, "model-0000.params": "half:mxnet/gluon/gluon-0000.params"}, "NEO-AR-012", MXNET_AGAIN)),
    Known(id="mx-convert", said="InputConfiguration: TVM can't convert the MXNet model. e\nMXNET Version running: 1.8.0, Model Version found: 1.9.1.", case=_mxnet({"model-symbol.json": "mxnet/mxnet-1.9.1/module-symbol.json", "model-0000.params": "mxnet/mxnet-1.9.1/module-0000.params"}, "NEO-MX-015", Package(source="mxnet/mxnet-1.9.1/module-symbol.json", inputs={"data": (1, 3, 8, 8)}))),
    Known(id="mx-compile", said="CompilationError: Failed to compile MXNet model: x", why="Any other failure of the compiler; the job's log has the details."),
    Known(id="mx-cycle", said="CompilationError: Failed to compile MXNet model. Possible cycles in the graph.", case=_mxnet({"model-symbol.json": "mxnet/cycle/cycle-symbol.json", "model-0000.params": "mxnet/cycle/cycle-0000.params"}, "NEO-MX-012", Package(source="mxnet/cycle/cycle-symbol.json", inputs={"data": (1, 3, 8, 8)}))),
    Known(id="mx-2019", said="Client Error: InputConfiguration: Check 1. Input names and shapes matches with trained model. 2. If you are compiling MXNet model", case=Case(framework="MXNET", members={**SYMBOL, **PARAMS}, rule="NEO-DC-010", mend=DATA, config='{"input":[1,3,8,8]}')),
    # --- PyTorch
    Known(id="pt-none", said="ClientError: InputConfiguration: No pth file found for PyTorch model. Please make sure the framework you select is correct.", case=_torch({"model.pt": "pytorch/cnn-traced.pt"}, "NEO-PT-001", "fix")),
    Known(id="pt-many", said="InputConfiguration: Exactly one .pth file is allowed for PyTorch models.", case=_torch({**CNN, "old/model.pth": "pytorch/cnn-traced.pt"}, "NEO-AR-003", CNN_AGAIN)),
    Known(id="pt-load", said="InputConfiguration: Framework cannot load PyTorch model. No module named '__torch__'", case=_torch({"model.pth": "pytorch/state-dict.pt"}, "NEO-PT-002", Package(source="pytorch/state-dict.pt", inputs={"image": (1, 3, 8, 8)}))),
    Known(id="pt-convert", said="ClientError: InputConfiguration: TVM cannot convert the PyTorch model. Invalid model or input-shape mismatch. Make sure that inputs are lexically ordered and of same dimension as of traced model inputs.", case=_torch(CNN, "NEO-PT-018", ONE, config='{"a":[1,3,8,8],"b":[1,3,8,8]}')),
    Known(id="pt-2019", said="Client Error: InputConfiguration: Invalid PyTorch model or input-shape mismatch. Make sure that inputs are lexically ordered and of same dimension as of traced model inputs.", case=_torch(CNN, "NEO-PT-019", ONE, config='{"input0":[1,3,9,9]}')),
    Known(id="pt-2019-onnx", said="ClientError: InputConfiguration: Incompatible ONNX model", why="PyTorch 1.1 gave this message in 2019 for any model that it could not convert to ONNX; no target takes that version any more."),
    Known(id="pt-compile", said="CompilationError: Failed to compile PyTorch model: x", why="Any other failure of the compiler; the job's log has the details."),
    # --- ONNX
    Known(id="onnx-none", said="InputConfiguration: No .onnx file found for ONNX model. Please make sure the framework you select is correct.", case=_onnx({"model.ort": "onnx/cnn-opset12.onnx"}, "NEO-AR-002", ONNX_AGAIN)),
    Known(id="onnx-many", said="InputConfiguration: Exactly one .onnx file is allowed for ONNX models.", case=_onnx({"a.onnx": "onnx/cnn-opset12.onnx", "b.onnx": "onnx/cnn-opset18.onnx"}, "NEO-AR-003", ONNX_AGAIN)),
    Known(id="onnx-load", said="InputConfiguration: Framework cannot load ONNX model. Please make sure the framework you select is correct. e", case=_onnx({"model.onnx": "half:onnx/cnn-opset12.onnx"}, "NEO-AR-012", ONNX_AGAIN)),
    Known(id="onnx-convert", said="ClientError: InputConfiguration: TVM cannot convert ONNX model. Please make sure the framework you selected is correct. list index out of range", case=_onnx({"model.onnx": "onnx/cnn-opset18.onnx"}, "NEO-ON-001", Package(source="onnx/cnn-opset18.onnx"))),
    # --- TensorFlow Lite, Darknet, scikit-learn: neopack packages none, and reads the first alone
    Known(id="tflite-none", said="InputConfiguration: No valid TFLite model found in input file. Please make sure the framework you selected is correct.", case=_other("TFLITE", {"model.bin": "=TFL3"}, "NEO-AR-002", '{"x":[1,4]}')),
    Known(id="tflite-many", said="InputConfiguration: Exactly one .tflite file is allowed for TFLite models.", case=_other("TFLITE", {"a.tflite": "=TFL3", "b.tflite": "=TFL3"}, "NEO-AR-003", '{"x":[1,4]}')),
    Known(id="tflite-dtype", said="InputConfiguration: Framework cannot load TFLite model. Unable to infer tensor data type for all inputs/outputs: Unsupported input data type for input x with tflite tensor type 9", case=_other("TFLITE", {"model.tflite": "tflite/int8.tflite"}, "NEO-TL-001", '{"image":[1,8,8,3]}')),
    Known(id="tflite-input-left-out", said="InputConfiguration: Model contains input layer (x) not specified in data_shape. Please specify all input layers in data_shape.", case=_other("TFLITE", {"model.tflite": "tflite/two-inputs.tflite"}, "NEO-DC-011", '{"left":[1,4]}', "{all}")),
    Known(id="tflite-convert", said="InputConfiguration: TVM cannot convert TFLite model. Please make sure the framework you selected is correct. e", why="Any other failure of the compiler."),
    Known(id="darknet-cfg", said="InputConfiguration: No .cfg file found for DarkNet model.", case=_other("DARKNET", {"net.weights": "=w"}, "NEO-AR-002", DATA)),
    Known(id="darknet-weights", said="InputConfiguration: No .weights file found for DarkNet model.", case=_other("DARKNET", {"net.cfg": "=[net]"}, "NEO-AR-002", DATA)),
    Known(id="darknet-load", said="InputConfiguration: Unable to load DarkNet model. e", why="Darknet's library says no more; NEO-DK-001 finds weights of another size."),
    Known(id="sklearn-none", said="InputConfiguration: No .joblib file found for Scikit-Learn model.", case=_other("SKLEARN", {"model.pkl": "=x"}, "NEO-AR-002", '{"x":[1,4]}')),
    Known(id="sklearn-dims", said="InputConfiguration: InputShape for Sklearn model must have two dimensions, but got 3.", case=_other("SKLEARN", {"model.joblib": "=x"}, "NEO-SK-001", '{"x":[1,4,4]}')),
    Known(id="sklearn-columns", said="InputConfiguration: InputShape for Sklearn model must have a static value for the second dimension, equal to the number of input columns or features.", case=_other("SKLEARN", {"model.joblib": "=x"}, "NEO-SK-002", '{"x":[1,-1]}')),
    # --- XGBoost
    Known(id="xgb-nodes", said="Load Error: ModelSizeTooBig: number of nodes in a tree can't exceed 2^31", why="NEO-XG-005 finds it; such a model has 43 GB or more, so the test passes the rule the result of a reader."),
    Known(id="xgb-many", said="InputConfiguration: Invalid XGBoost model: only one XGBoost model file is allowed. Please make sure the framework you select is correct.", case=Case(framework="XGBOOST", members={"m/": "", "m/xgboost-model": TREES}, rule="NEO-XG-001", mend="fix")),
    Known(id="xgb-convert", said="InputConfiguration: Treelite failed to convert XGBoost model. Please make sure the framework you select is correct. e", case=Case(framework="XGBOOST", members={"xgboost-model": "xgboost/logistic.json"}, rule="NEO-XG-002", mend=Package(source="xgboost/logistic.json"))),
    # --- what serves the compiled model
    Known(id="first-call-times-out", said='An error occurred (ModelError) when calling the InvokeEndpoint operation: Received server error (0) from model with message "Your invocation timed out while waiting for a response from container model."', case=Case(framework="PYTORCH", members={**CNN, "code/inference.py": COLD}, rule="NEO-HD-011", target="ml_p3", config=ONE, mend=Package(source="pytorch/cnn-traced.pt", inputs={"image": (1, 3, 8, 8)}, target="ml_p3", code="templates/pytorch/code"))),
    Known(id="variables-not-set", said='An error occurred (ModelError) when calling the InvokeEndpoint operation: Received server error (503) from model with message "{ "code": 503, "type": "InternalServerException", "message": "Prediction failed" } "', why="This concerns the endpoint's environment, not the archive: neopack deploy sets all four variables."),
    Known(id="variables-not-set-log", said="W-9001-model-stdout com.amazonaws.ml.mms.wlm.WorkerLifeCycle - AttributeError: 'NoneType' object has no attribute 'transform'", why="This concerns the endpoint's environment, not the archive: neopack deploy sets all four variables."),
    Known(id="content-type", said='ClientError: Invalid content type. Accepted content types are "text/libsvm" and "text/csv". Received application/json', why="This concerns a request, not the archive: neopack deploy sends text/csv to XGBoost."),
    Known(id="names-of-a-request", said="ClientError: Input name(s) mismatch: x", why="The values that a script returns are known only when it runs; NEO-HD-002 and NEO-HD-004 check its functions."),
    # --- what a job returned
    Known(id="dlr-graph", said="Invalid TVM model artifact. Must have .so, .json, and .params files.", case=_came_back({"compiled.so": "=s", "compiled.params": "=p"}, "NEO-CA-002")),
    Known(id="dlr-vm", said="Invalid RelayVM model artifact. Must have .so, .ro, and .meta files.", case=_came_back({"compiled.so": "=s", "code.ro": "=r"}, "NEO-CA-002")),
    Known(id="dlr-treelite", said="Invalid treelite model artifact. Must have .so file.", case=_came_back({"compiled.meta": "={}", "compiled.params": "=p"}, "NEO-CA-002")),
    Known(id="dlr-doubled", said="Found multiple *.json files: a.json labels.json", case=_came_back({"compiled.so": "=s", "compiled.params": "=p", "compiled_model.json": "={}", "labels.json": "={}"}, "NEO-CA-005")),
    Known(id="dlr-device", said='Compiled model requires device type "gpu" but user gave "cpu".', case=_came_back({"compiled.so": "=s", "code.ro": "=r", "compiled.meta": '={"Requirements":{"TargetDeviceType":"gpu"}}'}, "NEO-CA-006")),
    Known(id="pytorch-container", said="Exactly one .pth or .pt file is required for PyTorch models: []", case=_came_back({"compiled.pt": "=a", "sample_input.pkl": "=b", "other.pt": "=c"}, "NEO-CA-007")),
    Known(id="mxnet-container", said="Failed to load model with default model_fn: missing file model-symbol.json.Expected files: [model-symbol.json, model-0000.params, model-shapes.json]", case=_came_back({"compiled-symbol.json": "={}", "compiled-0000.params": "=p"}, "NEO-CA-007")),
)  # fmt: skip
