"""Which taught weights the built-in LLM is served with: those that the settings name, the shop's own, or none.

Knows folders and their names. The weights are joined to the model's own once, in the folder of converted models, since
vLLM serves a joined model faster than one with an adapter beside it (docs/teaching.md).
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chat.errors import SetupError

SHIPPED = Path(__file__).parent / "teaching" / "shipped"  # taught on the demo shop
WEIGHTS, FACTS = "adapter_model.safetensors", "facts.json"
AUTO, NONE = "auto", "none"
OWN_ANSWERS = "answer: a larger model's"  # as the facts count them
LEAST_OWN_ANSWERS = 100  # a manner of FORMS is taught with some eighty

log = logging.getLogger(__name__)


def adapter_for(base: str, wanted: str, own: Path) -> Path | None:
    """The folder of the adapter that the model named ``base`` is served with; None: with none.

    ``wanted``: a folder, "none", or "auto": ``own``, where the shop's teaching lies. SetupError for a folder that holds
    no adapter, or one for another model.
    """
    if wanted == NONE:
        return None
    if wanted != AUTO:
        folder = Path(wanted)
        if not (folder / WEIGHTS).exists():
            raise SetupError(f"SHOPTALK_LLM_ADAPTER={wanted}: there is no {WEIGHTS} in it. Run `shoptalk teach` first.")
        if (taught := _base_of(folder)) not in ("", base):
            raise SetupError(f"SHOPTALK_LLM_ADAPTER={wanted} was taught to {taught}, and the model is {base}.")
        return folder
    return own if (own / WEIGHTS).exists() and _base_of(own) == base else None


def joined(base: Path, adapter: Path, models: Path) -> Path:
    """Folder of the model with the adapter's weights in it, made on the first call (some seconds)."""
    with (adapter / WEIGHTS).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = models / f"{base.name}-taught-{digest[:12]}"
    if not (target / "config.json").exists():
        from chat.teaching.adapter import join  # torch and transformers take seconds to load

        log.info("joining %s to %s", adapter, base.name)
        models.mkdir(parents=True, exist_ok=True)
        join(base, adapter, target)
    return target


def reworded(adapter: Path, live: Mapping[str, str]) -> list[str]:
    """Names of the prompts that are ``live`` in other wordings than the adapter was taught to answer to."""
    held = _facts_of(adapter).get("prompts", {})
    return sorted(name for name, version in held.items() if live.get(name, version) != version)


def has_own_words(adapter: Path) -> bool:
    """Whether the adapter was taught enough answers of a larger model to answer in words of its own."""
    return int(_facts_of(adapter).get("examples", {}).get(OWN_ANSWERS, 0)) >= LEAST_OWN_ANSWERS


def _base_of(folder: Path) -> str:
    return str(_facts_of(folder).get("base", ""))


def _facts_of(folder: Path) -> dict[str, Any]:
    try:
        held = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
