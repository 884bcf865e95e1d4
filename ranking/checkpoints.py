"""Checkpoints: where a training stands after an epoch, in a file that can run no code.

Knows files, and for which start a checkpoint was written. Knows nothing of what is trained.
"""

import logging
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """The file of one training; ``data`` names what is learned from, e.g. the hash of every shopper's track."""

    path: Path
    data: str

    def read(self, start: str) -> dict[str, Any] | None:
        """What was last written for the same data and ``start``; None if nothing was, or it cannot be read."""
        try:
            held = torch.load(self.path, map_location="cpu", weights_only=True)
            if (held["data"], held["start"]) == (self.data, start):
                return dict(held["state"])
            log.info("%s is of other data or settings: starting anew", self.path)
        except FileNotFoundError:
            pass
        except (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, pickle.UnpicklingError) as error:
            log.warning("%s cannot be read (%s): starting anew", self.path, error)
        return None

    def write(self, start: str, state: dict[str, Any]) -> None:
        """Replace the file in one step; ``state`` holds tensors, numbers, texts, lists and dicts alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        with aside.open("wb") as file:
            torch.save({"data": self.data, "start": start, "state": state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self.path)
