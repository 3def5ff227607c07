"""A segmentation model with the input and output of U2-Net: what is bluer than grey is product."""

from __future__ import annotations

import hashlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

MEAN, DEVIATION = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))


def write_model(path, *, side=320):
    """Writes the file and returns its sha256. The output is the sigmoid of 40 x (blue - red - 0.2)."""
    per_channel = np.array((-40.0, 0.0, 40.0))
    weights = (per_channel * DEVIATION).astype(np.float32).reshape(1, 3, 1, 1)
    bias = np.array([per_channel @ MEAN - 8], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input.1", "weights", "bias"], ["logits"]),
            helper.make_node("Sigmoid", ["logits"], ["1959"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("1959", TensorProto.FLOAT, [1, 1, side, side])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()
