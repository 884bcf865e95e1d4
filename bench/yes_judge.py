"""What the served LLM adds as a judge over the first 20: ``python -m bench.yes_judge [--json PATH]``.

Over the demo shop, which is synthetic, with a reranker trained on the training part. Shoppers whose last item is among
the first 20 of those that answer a simulated request for it: the LLM of the settings (by default the built-in one,
which this bench starts) is asked of each of the 20, and they are ordered anew with several weights. ``separation``: how
often it holds the item that was liked for likelier than another one of the 20 (0.5: it knows nothing).
"""

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

import demo.__main__ as demo_data
from bench.beauty import QUICK
from bench.report import parser, report
from chat.llm import LLM
from chat.settings import Settings
from chat.yes_judge import FIRST, UNSURE, YesJudge, log_odds
from prompts.library import Library
from ranking.behaviour import split
from ranking.features import Features
from ranking.history import Events
from ranking.intake import take_in
from ranking.last import ASKED
from ranking.material import Material
from ranking.models.model import Floats
from ranking.relations import Relations
from ranking.requests import request_for
from ranking.rereading import First as FirstRanker
from ranking.rereading import Tops, reread, top
from ranking.settings import TrainingSettings
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.items import Item
from ui.home import Home
from ui.opening import language_model

SHOPPERS, QUICK_SHOPPERS = 100, 10
WEIGHTS = (0.25, 0.5, 1.0, 2.0)
HISTORY = 3  # titles of the history that it is told, as in a turn


def main() -> None:
    """The command."""
    arguments = parser(__doc__).parse_args()
    settings = Settings.model_validate({})
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        items, tops = asked(home.folder, settings, quick=arguments.quick)
        tops = tops[np.flatnonzero(tops.target < FIRST)[: QUICK_SHOPPERS if arguments.quick else SHOPPERS]]
        with language_model(settings, home) as model:
            if model.server is not None:
                model.server.wait_ready()
            read, taken = asyncio.run(judged(model.llm, items, tops))
    figures = {"shoppers": float(len(tops.cases)), "first.ndcg@10": reread(tops, read, 0.0).before}
    for weight in WEIGHTS:
        found = reread(tops, read, weight).gain
        figures |= {f"gain.ndcg@10.weight_{weight:g}{end}": value
                    for end, value in (("", found.value), (".low", found.low), (".high", found.high))}  # fmt: skip
    own = np.take_along_axis(read, tops.target[:, None], axis=1)
    figures["separation"] = float((((own > read) + 0.5 * (own == read)).sum(axis=1) - 0.5).mean() / (FIRST - 1))
    figures["unsure"] = float((read == log_odds(UNSURE)).mean())
    figures |= {f"call_ms_p{share}": float(np.quantile(taken, share / 100)) for share in (50, 95)}
    report("yes_judge", figures, json_path=arguments.json, quick=arguments.quick)


def asked(home: Path, settings: Settings, *, quick: bool) -> tuple[list[Item], Tops]:
    """The demo shop's items, and what a reranker trained on it puts first for each shopper's request."""
    demo_data.write(home / "data")
    connections, cache = Connections(home / "shop.sqlite3"), EmbeddingCache(settings.models / "bench" / "demo.sqlite3")
    try:
        catalog, events = Catalog(connections), Events(connections)
        lines = (home / "data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
        catalog.upsert(items)
        take_in(home / "data" / "events.jsonl", events, {item.id for item in items}, home)
        material = Material.gather(catalog, events, MiniLMEncoder(ensure_encoder(settings.models)), cache)
        used = QUICK if quick else TrainingSettings()
        made = train(material.table, material.items, material.tracks, material.encode, used, measure=False)
        parts = split(material.tracks)
        known = list(parts.train.values())
        features = Features(material.table, Relations.learn(known, material.table.vectors))
        blend = made.shipped.relearned(known, len(material.table)).over(features)
        # In the very words of the wanted item, so that the judge can be told the same request.
        exact = used.model_copy(update={"loosely": 0.0})
        first = FirstRanker(blend, features, material.items, material.encode, exact)
        return material.items, top(first, parts.test, ASKED, FIRST, np.random.default_rng(1))
    finally:
        cache.close()
        connections.close()


async def judged(llm: LLM, items: list[Item], tops: Tops) -> tuple[Floats, list[float]]:
    """Log-odds of yes [cases, FIRST], and the milliseconds of each call."""
    judge, read, taken = YesJudge(Library().get("yes_judge")), [], []
    for case, places in zip(tops.cases, tops.places, strict=True):
        liked = case.history.places[case.history.weights > 0][-HISTORY:][::-1]
        digest = "; ".join(items[place].title for place in liked)
        started = time.perf_counter()
        request = request_for(items[case.target], TrainingSettings().seed)
        likely = await judge.ask(llm, request, digest, [items[place] for place in places])
        taken.append((time.perf_counter() - started) * 1000)
        read.append([log_odds(likely[items[place].id]) for place in places])
    await llm.close()
    return np.array(read, dtype=np.float32), taken


if __name__ == "__main__":
    main()
