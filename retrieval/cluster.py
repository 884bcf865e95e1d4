"""Encoding on a Ray cluster: the texts that have no vectors yet, spread over its cores by Ray Data, kept as they come.

Needs the extra ``ray`` (``pip install "shoptalk[ray]"``), and Shoptalk installed on every node of a cluster. The
encoder's files travel with the job, so that all workers compute with the very files that this machine has. Knows
nothing of items, and nothing of what the vectors are for.
"""

import importlib
import logging
import os
import socket
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embeddings import EmbeddingCache, Progress
from retrieval.encoder import MiniLMEncoder
from retrieval.errors import EncoderError

LOCAL = "local"  # the address that stands for a Ray of this machine alone, started for the job
WINDOW = 200_000  # texts that one Ray data set holds: bounds the memory of Ray's object store
BLOCK = 2048  # texts that a worker sorts by length and encodes at once, and that are kept in one transaction
CONNECT_S = 5.0  # longest wait for the cluster's port to answer


def encode_on(
    address: str,
    texts: Iterable[str],
    cache: EmbeddingCache,
    encoder: MiniLMEncoder,
    progress: Progress | None = None,
    *,
    total: int = 0,
    workers: int = 0,
) -> int:
    """Encode on the Ray at this address those of the texts that the cache lacks; returns how many those were.

    ``address``: "local", or the "host:port" of a cluster that this machine has joined (``ray start --address``).
    ``workers``: actors of one core each; 0: one a core of the cluster. ``progress`` is told of texts looked through,
    of ``total``. Each block is kept as soon as it is encoded: interrupted and run again, the job goes on with what is
    missing. Raises EncoderError where ray is not installed, or does not answer.
    """
    remaining, seen, encoded = iter(texts), 0, 0
    with connected(address, workers) as (ray, cores):
        files = ray.put({path.name: path.read_bytes() for path in encoder.folder.iterdir() if path.is_file()})
        while window := list(islice(remaining, WINDOW)):
            missing = cache.missing(window, encoder.name)
            ready = len(window) - len(missing)
            for block, vectors in _encoded(ray, missing, files, cores, local=address == LOCAL):
                cache.keep(block, vectors, encoder.name)
                encoded += len(block)
                ready += len(block)
                if progress:
                    progress(f"encoding on {cores} workers", seen + ready, total)
            seen += len(window)
    return encoded


class Worker:
    """One actor: the encoder, loaded once, on one core."""

    def __init__(self, files: Any) -> None:
        held: dict[str, bytes] = importlib.import_module("ray").get(files["files"])
        with tempfile.TemporaryDirectory(prefix="shoptalk-encoder-") as folder:
            for name, content in held.items():
                (Path(folder) / name).write_bytes(content)
            self._encoder = MiniLMEncoder(Path(folder), threads=1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """A batch of texts with their vectors."""
        return {"text": batch["text"], "vector": self._encoder.encode(batch["text"].tolist())}


def _encoded(
    ray: Any, texts: list[str], files: Any, cores: int, *, local: bool
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Blocks of texts with their vectors, in the order in which they are done."""
    if not texts:
        return
    # On one machine there is no node to lose, and Ray warns of restarts on our standard error.
    restarts = {"max_restarts": 0, "max_task_retries": 0} if local else {}
    # Like lengths in a block: little padding.
    blocks = [{"text": text} for text in sorted(texts, key=len)]
    data = ray.data.from_items(blocks, override_num_blocks=max(1, -(-len(texts) // BLOCK))).map_batches(
        Worker,
        fn_constructor_args=[{"files": files}],  # in a dict: a bare reference would be sent as what it stands for
        batch_size=BLOCK,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(size=min(cores, -(-len(texts) // BLOCK))),
        num_cpus=1,
        **restarts,
    )
    for batch in data.iter_batches(batch_size=BLOCK, batch_format="numpy"):
        yield batch["text"].tolist(), np.stack(list(batch["vector"])).astype(np.float32)


@contextmanager
def connected(address: str, workers: int) -> Iterator[tuple[Any, int]]:
    """Ray, connected and silent, and how many workers the job gets; let go of at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray warns of its own settings
        yield from _joined(address, workers)


def _joined(address: str, workers: int) -> Iterator[tuple[Any, int]]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anyone
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else a warning about what will change
    try:
        ray: Any = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError as error:
        raise EncoderError('--ray needs the package ray. Run: pip install "shoptalk[ray]"') from error
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    if address == LOCAL:
        ray.init(
            address="local",
            num_cpus=workers or os.cpu_count(),
            include_dashboard=False,
            _node_ip_address="127.0.0.1",  # nothing listens beyond this machine
            **quiet,
        )
    else:
        _answers(address)
        try:
            ray.init(address=address, **quiet)
        except Exception as error:
            # Ray raises several types; whichever it is, there is no cluster to work with.
            raise EncoderError(f"The Ray cluster at {address} cannot be joined ({error}).") from error
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield ray, workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def _answers(address: str) -> None:
    """EncoderError, in plain words, unless something answers at the address."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise EncoderError(f"{address!r} is no address of a Ray cluster. Give HOST:PORT or local.")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as error:
        raise EncoderError(
            f"No Ray cluster answers at {address} ({error}). Start one with: ray start --head, or use --ray local."
        ) from error
