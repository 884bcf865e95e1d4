"""What a large shop costs: time to ground, recall, memory, cold start, build and disk, at 100,000 and 1,000,000 items.

Items are synthetic, made from real vocabulary (``bench.synthetic``), and go through the product's own ingest, cache and
index. The first ``--encoded`` of them are really encoded; the vectors of the rest are mixed from those
(``bench.mixing``; ``nearest_cosine.real`` and ``.mixed`` say how alike the two are), since a million would take hours.
``encode_1m_computed_h`` says how long, computed from the measured rate. Every step is done once and kept:

    python -m bench.scale --build-only                  build both shops; run again after an interruption
    python -m bench.scale --json scale.json             measure (and build what is not built)
    python -m bench.scale --items 100k --quick          20,000 items, under two minutes
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.report import parser, report
from bench.scale_build import Build, disk_gib
from bench.synthetic import HELD_OUT, Assortment
from chat.settings import Settings
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from ui.progress import bars

SIZES = {"20k": 20_000, "100k": 100_000, "1m": 1_000_000}
ENCODED = 20_000  # items really encoded, unless told otherwise
QUICK = "20k"
QUICK_ENCODED = 2_000
RATED_TEXTS = 3000  # that the encoder's rate is measured on
STARTS = 3  # cold starts, of which the median counts


def encoder_rate(settings: Settings, assortment: Assortment, texts: int) -> dict[str, float]:
    """Texts a second: titles alone (short), and items, each of which costs its title and its whole text."""
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    items = list(assortment.items(texts, HELD_OUT * 2))
    titles, wholes = [item.title for item in items], [item.encoder_text() for item in items[: texts // 4]]
    encoder.encode(titles[:64])
    began = time.perf_counter()
    encoder.encode(titles)
    short = time.perf_counter() - began
    encoder.encode(wholes)
    long = time.perf_counter() - began - short
    lengths = encoder.tokens(titles)
    whole_lengths = encoder.tokens(wholes)
    per_item = short / len(titles) + long / len(wholes)
    return {
        "encode_per_s": len(titles) / short,
        "encode.title_tokens_mean": float(np.mean(lengths)),
        "encode.whole_texts_per_s": len(wholes) / long,
        "encode.whole_text_tokens_mean": float(np.mean(whole_lengths)),
        "encode.items_per_s": 1 / per_item,
        "encode_1m_computed_h": 1_000_000 * per_item / 3600,
    }


def measure(home: Path, data: Path | None, *, quick: bool) -> dict[str, float]:
    """Figures of a shop that is built, each from a fresh process."""

    def probed(*options: str) -> tuple[dict[str, float], float]:
        command = [sys.executable, "-m", "bench.scale_probe", str(home), *(["--data", str(data)] if data else [])]
        began = time.perf_counter()
        done = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        return json.loads(done.stdout), time.perf_counter() - began

    starts = [probed("--open-only")[0]["cold_start_s"] for _ in range(1 if quick else STARTS)]
    figures, _ = probed(*(["--asks", "90", "--compared", "30"] if quick else []))
    return {**figures, "cold_start_s": float(np.median(starts)), **disk_gib(home)}


def main() -> None:
    """Build, measure and report."""
    made = parser(__doc__)
    made.add_argument("--items", action="append", choices=list(SIZES), help="may be repeated; default: 100k and 1m")
    made.add_argument("--encoded", type=int, default=None, help=f"items really encoded (default {ENCODED:,})")
    made.add_argument("--build-only", action="store_true")
    arguments = made.parse_args()
    settings = Settings.model_validate({})
    console = Console()
    assortment = Assortment(arguments.data)
    source = arguments.data.name if arguments.data else "demo"
    figures: dict[str, float] = {}
    for label in [QUICK] if arguments.quick else arguments.items or ["100k", "1m"]:
        encoded = arguments.encoded or (QUICK_ENCODED if arguments.quick else ENCODED)
        home = settings.home / "bench" / f"scale-{source}-{label}"
        with bars(console) as told:
            built = Build(home, SIZES[label], encoded, assortment, told).run(settings)
        if arguments.build_only:
            console.print({name: round(value, 3) for name, value in built.items()})
            continue
        measured = measure(home, arguments.data, quick=arguments.quick)
        figures |= {f"{name}@{label}": value for name, value in (measured | built).items()}
    if not arguments.build_only:
        figures |= encoder_rate(settings, assortment, RATED_TEXTS // (3 if arguments.quick else 1))
        report("scale", figures, json_path=arguments.json, quick=arguments.quick)


if __name__ == "__main__":
    main()
