"""A trained reranker as a folder: weights, relations, settings, the data's hash and the measured figures.

Knows files. A model is written aside and renamed, and named by the hash of its content; the file ``current`` says
which one is live. Nothing that is loaded can run code: safetensors, JSON and plain numpy arrays.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ranking import card
from ranking.blend import ASSOCIATIONS, SEQUENCE, Mixture, Recipe, Shipped
from ranking.curves import picture
from ranking.errors import NoModel
from ranking.features import NAMES
from ranking.last import Last
from ranking.last import save as save_last
from ranking.models.network import Network
from ranking.relations import Relations
from ranking.settings import TrainingSettings
from ranking.training import Training

FORM = 3  # changes when older folders can no longer be read
CURRENT = "current"
KEPT = 3  # model folders that stay, the live one among them, so that the former one is at hand
_SUFFIXES = (".safetensors", ".npz", ".json", ".onnx")  # of what the model is; pages and pictures beside it are not


@dataclass(frozen=True)
class Saved:
    """What a model folder holds; ``ids`` are the items, in the order of the relations."""

    version: str
    shipped: Shipped
    relations: Relations
    ids: tuple[str, ...]
    facts: dict[str, Any]  # settings, data_hash, figures, curves, trained_at
    last: Last | None = None  # what orders the first few anew, where that was found to be better


def save(rerankers: Path, training: Training, ids: tuple[str, ...], notes: Mapping[str, Any] | None = None) -> Path:
    """Write the model into ``rerankers/VERSION`` and return that folder; it is not live yet.

    ``notes`` are added to its facts.
    """
    rerankers.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="partial-", dir=rerankers))
    try:
        shipped = training.shipped
        save_file(shipped.network.state_dict(), aside / "network.safetensors")
        save_file(_blend_of(shipped.recipe), aside / "blend.safetensors")
        if shipped.sequence is not None:
            save_file(dict(shipped.sequence), aside / "sequence.safetensors")
        for name, weights in shipped.associations.items():
            sp.save_npz(aside / f"{name}.npz", weights)
        last = training.reread and training.reread.ships
        if training.reread is not None and last is not None:
            save_last(aside, training.reread.model)
        relations = training.relations
        np.savez_compressed(
            aside / "relations.npz",
            popularity=relations.popularity,
            recent=relations.recent,
            latest=np.array(relations.latest),
            ids=np.array(ids, dtype=np.str_),
        )
        sp.save_npz(aside / "follows.npz", relations.follows)
        sp.save_npz(aside / "near.npz", relations.near)
        facts = {
            "form": FORM,
            "features": NAMES,
            "last": last and last.facts(),
            "blend": {"kind": shipped.recipe.kind, "members": shipped.recipe.members},
            "settings": training.settings.model_dump(),
            "data_hash": training.data_hash,
            "data": training.data,
            "figures": training.figures,
            "curves": {name: [asdict(epoch) for epoch in curve] for name, curve in training.curves.items()},
            "interrupted": training.interrupted,
            "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **(notes or {}),
        }
        (aside / "curve.svg").write_text(picture(training.curves), encoding="utf-8")
        (aside / "model.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        target = rerankers / content_hash(aside)
        if target.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(target)
            card.write(target, facts)
        return target
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def load(folder: Path) -> Saved:
    """Read a model folder; NoModel if it is missing, damaged or of another form."""
    if not (folder / "model.json").exists():
        raise NoModel(f"{folder} holds no trained reranker. Run: shoptalk train")
    try:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if facts.get("form") != FORM or tuple(facts.get("features", ())) != NAMES:
            raise NoModel(f"The reranker in {folder} was made by another version of Shoptalk. Run: shoptalk train")
        settings = TrainingSettings.model_validate(facts["settings"])
        network = Network(len(NAMES), settings.hidden, settings.dropout)
        network.load_state_dict(load_file(folder / "network.safetensors"))
        shipped = _shipped(folder, facts["blend"], network.eval(), settings)
        with np.load(folder / "relations.npz", allow_pickle=False) as arrays:
            relations = Relations(
                arrays["popularity"],
                sp.csr_matrix(sp.load_npz(folder / "follows.npz")),
                sp.csr_matrix(sp.load_npz(folder / "near.npz")),
                arrays["recent"],
                float(arrays["latest"]),
            )
            ids = tuple(str(item_id) for item_id in arrays["ids"])
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, SafetensorError) as error:
        raise NoModel(f"The reranker in {folder} is damaged ({error}). Run: shoptalk train") from error
    last = Last.load(folder, facts["last"]) if facts.get("last") else None
    return Saved(content_hash(folder), shipped, relations, ids, facts, last)


def _blend_of(recipe: Recipe) -> dict[str, Tensor]:
    """The tensors of the mixture and, where there is one, of the network over it."""
    made = {f"mixture.{name}": tensor for name, tensor in recipe.mixture.state_dict().items()}
    if recipe.stacker is not None:
        made |= {f"stacker.{name}": tensor for name, tensor in recipe.stacker.state_dict().items()}
    return made


def _shipped(folder: Path, blend: dict[str, Any], network: Network, settings: TrainingSettings) -> Shipped:
    members = tuple(blend["members"])
    held = load_file(folder / "blend.safetensors")
    mixture = Mixture(len(members))
    mixture.load_state_dict(_part(held, "mixture."))
    stacker = None
    if weights := _part(held, "stacker."):
        stacker = Network(len(NAMES) + len(members), settings.blend.hidden, settings.blend.dropout)
        stacker.load_state_dict(weights)
        stacker.eval()
    associations = {
        name: sp.csr_matrix(sp.load_npz(folder / f"{name}.npz")) for name in ASSOCIATIONS if name in members
    }
    sequence = load_file(folder / "sequence.safetensors") if SEQUENCE in members else None
    recipe = Recipe(blend["kind"], members, mixture.eval(), stacker)
    return Shipped(network, recipe, associations, sequence, settings.sequence)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def content_hash(folder: Path) -> str:
    """12 hex digits of the content of the model's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def current(rerankers: Path) -> Path | None:
    """Folder of the live model; None if there is none."""
    pointer = rerankers / CURRENT
    if not pointer.exists():
        return None
    folder = rerankers / pointer.read_text(encoding="utf-8").strip()
    return folder if (folder / "model.json").exists() else None


def go_live(folder: Path) -> None:
    """Make the model in the folder the live one, in one step, and remove all but the KEPT latest."""
    pointer = folder.parent / CURRENT
    aside = pointer.with_suffix(".partial")
    aside.write_text(folder.name + "\n", encoding="utf-8")
    os.replace(aside, pointer)
    folder.touch()
    models = sorted((path.parent for path in folder.parent.glob("*/model.json")), key=lambda path: path.stat().st_mtime)
    for old in models[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
