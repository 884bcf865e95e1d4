"""The form that every bench has in common: its arguments, its table for people, its JSON for the README.

Knows nothing of what is measured. A bench reads::

    arguments = parser(__doc__).parse_args()
    figures = measure(arguments.data, quick=arguments.quick)
    report("search", figures, json_path=arguments.json, quick=arguments.quick)
"""

import argparse
import hashlib
import importlib
import json
import os
import pkgutil
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import retrieval
from chat.settings import Settings

# They say where something lies or who may enter, not what is measured.
_NOT_MEASURED = {"home", "models", "host", "port", "llm_port", "llm_url", "llm_api_key", "shop_name"}
_NOT_MEASURED |= {"holdout", "lab_llm_url", "lab_llm_model", "lab_llm_api_key"}


def parser(description: str | None, *, data: str = "") -> argparse.ArgumentParser:
    """Argument parser with ``--data DIR``, ``--json PATH`` and ``--quick``.

    ``data`` names the default folder inside the real data (see ``data_folder``), e.g. "search"; empty: no default.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, default=data_folder() / data if data else None, metavar="DIR")
    made.add_argument("--json", type=Path, default=None, metavar="PATH", help="write the figures here")
    made.add_argument("--quick", action="store_true", help="a reduced form, under two minutes; marked as such")
    return made


def data_folder() -> Path:
    """Folder of the real data: ``SHOPTALK_TEST_DATA``, or ``../shared/data`` beside the repository."""
    named = os.environ.get("SHOPTALK_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


def report(name: str, figures: Mapping[str, float], *, json_path: Path | None = None, quick: bool = False) -> None:
    """Print the figures as a table; with ``json_path`` also write them with machine, date, commit and settings."""
    facts = {
        "bench": name,
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "settings": settings_hash(),
        "quick": quick,
    }
    table = Table(title=f"bench.{name}{' (quick)' if quick else ''}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for figure, value in figures.items():
        table.add_row(figure, f"{value:.4g}" if isinstance(value, float) else str(value))
    console = Console()
    console.print(table)
    console.print(f"{facts['machine']}; {facts['date']}; commit {facts['commit']}; settings {facts['settings']}")
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps({**facts, "figures": dict(figures)}, indent=2) + "\n", encoding="utf-8")


def machine() -> str:
    """The machine in words, e.g. "AMD EPYC, 2 cores, 24 GiB, avx2"."""
    model, flags = platform.processor() or platform.machine(), set[str]()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line.partition(":") for line in cpuinfo.read_text().splitlines())
        fields = {name.strip(): value.strip() for name, _, value in lines}
        model, flags = fields.get("model name", model), set(fields.get("flags", "").split())
    wide = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile") if flag in flags]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return ", ".join([model, f"{os.cpu_count()} cores", f"{memory_gib:.0f} GiB", *wide])


def commit() -> str:
    """Short id of the commit measured, with "+" where the working tree differs; "unknown" outside a checkout."""
    folder = Path(__file__).resolve().parents[1]

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def settings_hash(settings: Settings | None = None) -> str:
    """12 hex digits that tell apart any two systems whose figures could differ: settings, and the numbers in retrieval.

    Two benches with the same hash found items in the same way, whatever else changed in the code between them.
    """
    settings = settings or Settings.model_validate({})  # the environment and the defaults
    values: dict[str, Any] = settings.model_dump(mode="json", exclude=_NOT_MEASURED)
    return hashlib.sha256(json.dumps([values, _constants()], sort_keys=True).encode()).hexdigest()[:12]


def _constants() -> dict[str, str]:
    """Every named number of the modules that find items (weights, thresholds, breadths), by its full name."""
    found = {}
    for module in pkgutil.iter_modules(retrieval.__path__):
        named = vars(importlib.import_module(f"retrieval.{module.name}"))
        for name, value in named.items():
            if name.strip("_").isupper() and isinstance(value, int | float):
                found[f"{module.name}.{name}"] = repr(value)
    return found
