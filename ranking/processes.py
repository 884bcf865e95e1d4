"""One descent shared by several processes: of this machine, by torch's own means, or of a cluster, by Ray Train.

Every process learns from its share of each batch; the gradients are averaged (DistributedDataParallel), so that the
network is the one that a single process would have made, but for rounding and for what dropout draws. Knows how the
processes start, meet and end. Knows nothing of what they learn.
"""

import contextlib
import copy
import os
import queue
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing

from ranking.descent import Job, Kept, Progress, device_for, work
from ranking.errors import SettingError
from retrieval.cluster import connected
from retrieval.errors import EncoderError

PATIENCE = timedelta(minutes=30)  # longest wait of a process for another: the first one validates alone
POLL_S = 0.5
TOLD = 10  # steps between two reports of a worker elsewhere


def here(job: Job, progress: Progress, after: Callable[[Kept], None]) -> None:
    """Share the job among ``processes`` of this machine, of which this one is the first."""
    count = job.on.processes
    device = device_for(job.on)
    if device.type == "cuda" and torch.cuda.device_count() < count:
        raise SettingError(f"processes={count}: there are {torch.cuda.device_count()} GPUs; each process needs its own")
    threads = torch.get_num_threads()
    context = torch.multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        # Daemons: they end with this process, whatever ends it.
        others = [context.Process(target=_other, args=(job, meeting, rank), daemon=True) for rank in range(1, count)]
        try:
            for other in others:
                other.start()
            with _group(meeting, device.type, 0, count):
                work(job, _own(device, 0), progress, after, 0, count)
        finally:
            torch.set_num_threads(threads)
            for other in others:
                if other.pid:
                    other.terminate()
                    other.join()


def _other(job: Job, meeting: str, rank: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first one, which ends the others
    # What came from the first process shares its memory, as the examples may; what is learned must not.
    job = replace(job, module=copy.deepcopy(job.module), held=copy.deepcopy(job.held))
    device = device_for(job.on)
    with _group(meeting, device.type, rank, job.on.processes):
        work(job, _own(device, rank), lambda *_: None, lambda _: None, rank, job.on.processes)


@contextlib.contextmanager
def _group(meeting: str, device: str, rank: int, world: int) -> Iterator[None]:
    """Member of the group whose processes find each other by the file ``meeting``."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // world))
    backend = "nccl" if device == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=world, timeout=PATIENCE)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def _own(device: torch.device, rank: int) -> torch.device:
    return torch.device("cuda", rank) if device.type == "cuda" else device


def on_ray(job: Job, progress: Progress, after: Callable[[Kept], None]) -> None:
    """Share the job among ``processes`` workers of the Ray cluster; what the first one tells and keeps comes back here.

    Shoptalk must be installed on the cluster's machines; no folder need be shared. Raises SettingError without Ray.
    """
    try:
        with connected(job.on.ray, job.on.processes) as (ray, _), tempfile.TemporaryDirectory() as folder:
            _on_ray(ray, job, Path(folder), progress, after)
    except EncoderError as error:  # the words of whoever connects
        raise SettingError(str(error)) from error


def _on_ray(ray: Any, job: Job, folder: Path, progress: Progress, after: Callable[[Kept], None]) -> None:
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.util.queue import Empty, Queue

    told = Queue()
    gpu = device_for(job.on).type == "cuda"
    trainer = TorchTrainer(
        _worker,
        train_loop_config={"job": ray.put(job), "told": told},
        scaling_config=ScalingConfig(num_workers=job.on.processes, use_gpu=gpu),
        run_config=RunConfig(name="shoptalk", storage_path=str(folder)),
    )
    failed: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def fit() -> None:
        try:
            trainer.fit()
            failed.put(None)
        except Exception as error:
            failed.put(error)

    # Ray would take Ctrl-C for itself in the main thread.
    threading.Thread(target=fit, daemon=True).start()
    while True:
        try:
            kind, content = told.get(timeout=POLL_S)
        except Empty:
            if not failed.empty():
                break
            continue
        if kind == "progress":
            progress(*content)
        else:
            after(content)
    if error := failed.get():
        raise error


def _worker(config: dict[str, Any]) -> None:
    """What each of Ray's workers runs, in the process group that Ray made."""
    import ray
    from ray.train import get_context
    from ray.train.torch import get_device

    job, told = ray.get(config["job"]), config["told"]
    rank, world = get_context().get_world_rank(), get_context().get_world_size()

    def progress(*content: Any) -> None:
        told.put(("progress", content))

    work(
        job, get_device(), progress if not rank else lambda *_: None, lambda kept: told.put(("kept", kept)), rank, world
    )
