"""Write a fine-tuned encoder as ONNX with eight-bit weights, in the environment of training/requirements-encoder.txt.

Weights of matrix products are kept with a scale a column, and activations are rounded by their range when the graph
runs (dynamic quantisation; `SentenceEncoder` runs each sentence by itself, so that its vector does not depend on
others); word embeddings have a scale a row. All else stays float32.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

OPSET = 17
EMBEDDINGS = "embeddings.word_embeddings.weight"


def export_encoder(encoder: Any, path: Path) -> None:
    """Write an encoder as one graph from `input_ids` and `attention_mask` to `vector`, the mean of the tokens.

    Args:
        encoder: a BERT-like model of the transformers library.
        path: the file to write.
    """
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class Pooled(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return mean_pooled(
                self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state, attention_mask
            )

    encoder.set_attn_implementation("eager")
    example = torch.ones(2, 16, dtype=torch.long)
    axes = {0: "sentences", 1: "pieces"}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            Pooled().eval(),
            (example, example),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "vector": {0: "sentences"}},
            opset_version=OPSET,
            dynamo=False,
        )
        graph = onnx.load(plain)
        _shrink_embeddings(graph)
        onnx.save(graph, plain)
        quantize_dynamic(plain, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"])


def mean_pooled(states: Any, mask: Any) -> Any:
    """The mean [n x d] of the states [n x pieces x d] under a mask [n x pieces]."""
    weights = mask[..., None].to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def _shrink_embeddings(model: Any) -> None:
    """Keep the word embeddings as one byte a number and a scale a row."""
    from onnx import helper, numpy_helper

    graph = model.graph
    table = next(t for t in graph.initializer if t.name.endswith(EMBEDDINGS))
    lookup = next(node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name)
    values = numpy_helper.to_array(table)
    scales = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12) / 127
    bytes_, steps = table.name + ".bytes", table.name + ".scales"
    graph.initializer.append(numpy_helper.from_array(np.rint(values / scales).astype(np.int8), bytes_))
    graph.initializer.append(numpy_helper.from_array(scales.astype(np.float32), steps))
    graph.initializer.remove(table)
    ids, out = lookup.input[1], lookup.output[0]
    place = list(graph.node).index(lookup)
    graph.node.remove(lookup)
    for node in reversed(
        [
            helper.make_node("Gather", [bytes_, ids], [bytes_ + ".rows"]),
            helper.make_node("Cast", [bytes_ + ".rows"], [bytes_ + ".float"], to=1),
            helper.make_node("Gather", [steps, ids], [steps + ".rows"]),
            helper.make_node("Mul", [bytes_ + ".float", steps + ".rows"], [out]),
        ]
    ):
        graph.node.insert(place, node)
