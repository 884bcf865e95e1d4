"""What teaching brings: the LLM that was taught beside the one that comes, on real queries, requests and histories.

    search     descriptions of the judged queries of search/, taught by `shoptalk teach` on its products alone
    by_use     descriptions of 176 requests by use, person or problem over the demo shop, with the adapter that ships
    history    descriptions from the histories of beauty/, taught on the training part; 2,000 held-out shoppers
    acts       which kind of message a message is, over the corpus of utterances, the LLM's part alone
    talk       messages in no known wording: taken for talk of their kind, or for the wish that they are
    answers    300 held-out turns over the demo shop: sentences shown, cut, alike; true by labels where there are
    trust      how far descriptions and votes are trusted: the constants, on the 110 requests that they were chosen on
    serving    tokens a second and time to the first one: joined weights against an adapter beside the model

Each part can be run alone (``--part``). Two parts teach a model first, which takes half an hour each on two cores; what
was taught is kept beside the other benches' shops, and an interrupted teaching goes on.
"""

import csv
import json
import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import finding, hearing, saying, suggesting, trusting
from bench.asking import SEEDS, served
from bench.beauty import beauty_items
from bench.home import demo_home
from bench.report import data_folder, machine, parser, report
from bench.search import load
from bench.suggesting import HeldShopper
from chat.assistant import Assistant
from chat.settings import Settings
from chat.taught_llm import FACTS, SHIPPED, WEIGHTS
from chat.teaching import card
from chat.teaching.settings import TeachingSettings
from ranking.folder import current
from ranking.settings import changed
from retrieval.filters import Filter
from retrieval.items import Item
from retrieval.shop import Shop, open_catalogue
from ui.cli_teach import teach_model
from ui.home import Home
from ui.opening import language_model, opened_assistant

PARTS = ("by_use", "acts", "talk", "answers", "serving", "trust", "search", "history")
SHOPPERS = 2000
# Figures of the adapter that was named.
OF_DEMO = ("by_use.", "intents.", "valid_json.", "talk.", "answers.", "serving.")
SEED = 20261128
NOBODY = "http://127.0.0.1:9/v1"  # where no language model answers
# A catalogue alone, and histories alone: what else a shop would teach is not measured there.
SEARCH_RECIPE = ("acts=0", "answers=0", "words=5000", "uses=1500")
HISTORY_RECIPE = ("acts=0", "answers=0", "words=0", "uses=0", "histories=3000")

console = Console(highlight=False)


def main() -> None:
    """Measure the parts that were asked for, and report."""
    arguments = parser(__doc__)
    arguments.add_argument("--part", action="append", choices=PARTS, help="only this part; repeat")
    arguments.add_argument("--adapter", type=Path, default=SHIPPED, help="measured on the demo shop; default: shipped")
    arguments.add_argument(
        "--answers", type=Path, metavar="DIR", help="write the answers here, to be read and labelled"
    )
    arguments.add_argument("--card", action="store_true", help="write the figures on the adapter's card, too")
    arguments.add_argument("--greedy", action="store_true", help="without the decoding seeds: a quarter of the asking")
    arguments.add_argument("--taught-alone", action="store_true", help="without the model as it comes")
    options = arguments.parse_args()
    if options.card and (options.quick or options.greedy or not (options.adapter / FACTS).exists()):
        arguments.error(
            f"--card wants whole figures (no --quick, no --greedy) and an adapter with {FACTS} in {options.adapter}"
        )
    settings = Settings()
    figures: dict[str, float] = {}
    data = options.data or data_folder()
    seeds = () if options.quick or options.greedy else SEEDS
    for part in options.part or PARTS:
        match part:
            case "by_use" | "acts" | "talk" | "answers" | "serving" | "trust":
                names = ("taught",) if options.taught_alone else ("taught", "untaught")
                figures |= of_demo(
                    part, settings, options.adapter, options.answers, names, quick=options.quick, seeds=seeds
                )
            case "search":
                figures |= of_search(data / "search", settings, quick=options.quick, seeds=seeds)
            case "history":
                figures |= of_beauty(data / "beauty", settings, quick=options.quick)
    report("teaching", figures, json_path=options.json, quick=options.quick)
    if options.card:
        carded(options.adapter, {name: value for name, value in figures.items() if name.startswith(OF_DEMO)})


def carded(adapter: Path, figures: Mapping[str, float]) -> None:
    """Write the figures, and when and on what they were taken, into the adapter's facts and on its card."""
    facts = json.loads((adapter / FACTS).read_text(encoding="utf-8"))
    facts["figures"] = {**facts.get("figures", {}), **figures}
    facts["measured"] = f"{machine()}; {datetime.now(UTC):%Y-%m-%d}"
    (adapter / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    (adapter / card.CARD).write_text(card.page(facts), encoding="utf-8")


def of_demo(
    part: str,
    settings: Settings,
    adapter: Path,
    written: Path | None,
    names: Sequence[str],
    *,
    quick: bool,
    seeds: Sequence[int],
) -> dict[str, float]:
    """A part over the demo shop, of "taught", which has the adapter, and "untaught", which is the model as it comes."""
    figures: dict[str, float] = {}
    said: dict[str, list[saying.Answer]] = {}
    with demo_home(console) as shop_settings:
        home = Home(shop_settings.home)
        if part == "by_use":
            with Shop.opened(home.folder, settings.models) as shop:
                figures |= finding.without_a_model(shop, home.rerankers, settings.candidates, quick=quick)
        for name in names:
            held = adapter if name == "taught" and (adapter / WEIGHTS).exists() else None
            if name == "taught" and held is None:
                console.print(f"There is no {WEIGHTS} in {adapter}: only the model as it comes is measured.")
                continue
            if part == "trust" and held is None:
                continue  # of it nothing is trusted
            if part == "talk":
                figures |= _heard(name, shop_settings, home, held, quick=quick)
                continue
            if part == "answers":
                said[name], records = _answers(shop_settings, home, held, quick=quick)
                figures |= saying.figures_of(name, said[name], records)
                if written:
                    saying.written(written, said, records)
                continue
            if part == "serving":
                figures |= serving(name, shop_settings, held)
                continue
            with served(settings, held, _log(settings)) as model, Shop.opened(home.folder, settings.models) as shop:
                if part == "trust":
                    figures |= trusting.tried(model, shop, settings.candidates)
                elif part == "acts":
                    figures |= saying.understanding(name, model, shop)
                else:
                    figures |= finding.of_uses(
                        name, model, shop, home.rerankers, settings.candidates, quick=quick, seeds=seeds
                    )
    return figures


def _heard(name: str, settings: Settings, home: Home, adapter: Path | None, *, quick: bool) -> dict[str, float]:
    """What messages are taken for over the demo shop: with the adapter, or by the rules alone, nobody else being asked.

    A model that was not taught has no say in it.
    """
    chosen = settings.model_copy(update={"llm_adapter": str(adapter)} if adapter else {"llm_url": NOBODY})
    with _conversing(chosen, home) as (assistant, shop):
        who = name if adapter else "rules"
        return hearing.figures_of(who, assistant, shop, asks_a_model=adapter is not None, quick=quick)


def _answers(
    settings: Settings, home: Home, adapter: Path | None, *, quick: bool
) -> tuple[list[saying.Answer], dict[str, Item]]:
    """The turns over the demo shop, and its records."""
    chosen = settings.model_copy(update={"llm_adapter": str(adapter) if adapter else "none"})
    messages = saying.held_out_messages()[:: 10 if quick else 1]
    with _conversing(chosen, home) as (assistant, shop):
        return saying.run(assistant, messages), {item.id: item for item in shop.catalog.all()}


@contextmanager
def _conversing(settings: Settings, home: Home) -> Iterator[tuple[Assistant, Shop]]:
    """The assistant of these settings and its shop, once its language model answers."""
    with (
        home.owned(),
        language_model(settings, home) as model,
        opened_assistant(settings, home, model.llm, console) as (assistant, shop),
    ):
        if model.server is not None:
            model.server.wait_ready()
        yield assistant, shop


def serving(name: str, settings: Settings, adapter: Path | None) -> dict[str, float]:
    """Tokens a second of one stream; of the taught model also with the adapter beside it, as vLLM's LoRA."""
    figures: dict[str, float] = {}
    ways: dict[str, tuple[Path | None, str]] = {"joined" if adapter else "as_it_comes": (adapter, "")}
    if adapter:
        beside = f"--enable-lora --max-lora-rank 16 --lora-modules taught={adapter}"
        ways["beside"] = (None, beside)
    for way, (held, arguments) in ways.items():
        chosen = settings.model_copy(update={"llm_arguments": arguments})
        with served(chosen, held, _log(settings)) as model:
            figures |= {
                f"serving.{way}.{figure}": value
                for figure, value in speed(model.url, "taught" if arguments else model.name).items()
            }
    return figures


def speed(url: str, name: str) -> dict[str, float]:
    """Of ten prompts of some 60 tokens, one after the other: tokens a second, and milliseconds to the first one."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="none")
    firsts, rates = [], []
    for number in range(11):
        begun, first, count = time.perf_counter(), 0.0, 0
        stream = client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": f"Write {number + 20} words on tents. " * 5}],
            max_tokens=64, temperature=0.0, stream=True, extra_body={"ignore_eos": True},
        )  # fmt: skip
        for _ in stream:
            first = first or time.perf_counter()
            count += 1
        if number:  # the first one warms up
            firsts.append((first - begun) * 1000)
            rates.append((count - 1) / (time.perf_counter() - first))
    return {"first_token_ms": sorted(firsts)[5], "tokens_per_s": sorted(rates)[5]}


def of_search(data: Path, settings: Settings, *, quick: bool, seeds: Sequence[int]) -> dict[str, float]:
    """The judged queries, by a model that was taught on the products alone, and by the one that comes."""
    items, grades = load(data)
    if quick:
        grades = {query: grades[query] for query in random.Random(SEED).sample(sorted(grades), 40)}
    home = Home(settings.models / "bench" / "teaching-search")
    with open_catalogue(home.folder) as (_, catalog):
        catalog.remove(catalog.ids(Filter(in_stock_only=False)) - {item.id for item in items})
        catalog.upsert(items)
    taught = _taught(home, settings, SEARCH_RECIPE, data)
    figures: dict[str, float] = {}
    with Shop.opened(home.folder, settings.models, lambda what: print(what, end="\r", flush=True)) as shop:
        for name, adapter in (("taught", taught), ("untaught", None)):
            with served(settings, adapter, _log(settings)) as model:
                figures |= finding.of_queries(name, model, shop, grades, settings.candidates, seeds=seeds)
    return figures


def of_beauty(data: Path, settings: Settings, *, quick: bool) -> dict[str, float]:
    """2,000 shoppers whose last item is held out, by a model that was taught on what came before the last two."""
    from ui.cli_catalogue import ingest_file
    from ui.cli_events import add_events
    from ui.cli_training import train_reranker

    tracks = tracks_of(data)
    home = Home(settings.models / "bench" / "teaching-beauty")
    if not (home.folder / "made").exists():
        shutil.rmtree(home.folder, ignore_errors=True)
        home.folder.mkdir(parents=True)
        kept = settings.models / "bench" / "beauty.sqlite3"  # bench.beauty keeps the vectors
        if kept.exists():
            shutil.copy(kept, home.embeddings)
        items = home.folder / "items.jsonl"
        items.write_text("".join(f"{item.model_dump_json()}\n" for item in beauty_items(data)), encoding="utf-8")
        events = home.folder / "events.csv"
        with events.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["shopper_id", "item_id", "kind", "position"])
            for shopper, had in tracks.items():
                table.writerows([shopper, item, "purchase", place] for place, item in enumerate(had[:-2], 1))
        with home.owned():
            ingest_file(home, settings, items, replace=True, console=console)
            add_events(home, settings, events, kind="purchase", order_column="position")
        (home.folder / "made").touch()
    if current(home.rerankers) is None:
        train_reranker(home, settings)
    taught = _taught(home, settings, HISTORY_RECIPE, data)
    chosen = random.Random(SEED).sample(sorted(tracks), 200 if quick else SHOPPERS)
    shoppers = [HeldShopper(tuple(tracks[one][:-1]), tracks[one][-1]) for one in chosen]
    figures = {"history.popularity.recall@10": popularity(tracks, shoppers), "history.shoppers": float(len(shoppers))}
    with Shop.opened(home.folder, settings.models, lambda what: print(what, end="\r", flush=True)) as shop:
        every = {"copied": suggesting.copied(shop, shoppers)}
        for name, adapter in (("taught", taught), ("untaught", None)):
            with served(settings, adapter, _log(settings)) as model:
                every[name] = suggesting.described(model, shop, shoppers)
        for name, texts in every.items():
            figures |= suggesting.alone(name, shop, shoppers, texts)
        figures |= suggesting.suggested(shop, home.rerankers, shoppers, every, settings.candidates)
    return figures


def tracks_of(data: Path) -> dict[str, list[str]]:
    """Each shopper's items, oldest first."""
    with (data / "interactions.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["position"]))
    tracks: dict[str, list[str]] = {}
    for row in rows:
        tracks.setdefault(row["user_id"], []).append(row["item_id"])
    return tracks


def popularity(tracks: Mapping[str, Sequence[str]], shoppers: Sequence[HeldShopper]) -> float:
    """Recall@10 of what most had in the training part."""
    counts: dict[str, int] = {}
    for had in tracks.values():
        for item in had[:-2]:
            counts[item] = counts.get(item, 0) + 1
    order = sorted(counts, key=lambda item: (-counts[item], item))
    hits = 0
    for one in shoppers:
        hits += one.target in [item for item in order[:200] if item not in one.had][:10]
    return hits / len(shoppers)


def _taught(home: Home, settings: Settings, recipe: Sequence[str], data: Path) -> Path:
    """The adapter of this shop, taught where there is none by this recipe yet."""
    wanted = changed(TeachingSettings(), recipe).model_dump(mode="json", exclude={"hardware"})
    facts = home.adapter / FACTS
    held = json.loads(facts.read_text(encoding="utf-8"))["settings"] if facts.exists() else {}
    if any(held.get(name) != value for name, value in wanted.items()):
        console.print(f"Teaching on {data.name}; it is kept in {home.folder}, and goes on there if it is cut off.")
        teach_model(home, settings.model_copy(update={"shop_name": data.name}), None, list(recipe))
    return home.adapter


def _log(settings: Settings) -> Path:
    return settings.models / "bench" / "teaching-vllm.log"


if __name__ == "__main__":
    main()
