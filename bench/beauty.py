"""How well the reranker foresees a shopper's next liking: ``python -m bench.beauty [--data DIR] [--json PATH]``.

Leave-one-out on a folder with ``items.jsonl`` and ``interactions.csv``: a shopper's last item is the test's target, the
one before it validation's; all before that trains. Scored with everything before the target as history, among ALL items
that the shopper has not had. Every model of ours and the peers of ``bench.peers`` are learned and measured in the same
run: ``blend.KIND.`` are the ways to bring together those that may ship, ``shipped.`` is what ships of all. Over FEWER
shoppers, ``without.GROUP.`` are of a network trained on PART of the examples without a group of features, beside
``without.nothing.``, and ``blend.without.MODEL.`` of a weighted blend without a model, beside
``blend.without.no_model.``. The figures with ``demo.`` are the same for our own demo shop, which is synthetic.
"""

import gc
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import demo.__main__ as demo_data
from bench.cold import cold
from bench.demo_figures import demo_figures
from bench.peers import peers
from bench.report import parser, report
from bench.request import events_of, hits
from chat.settings import Settings
from ranking import folder as model_folder
from ranking.baselines import baselines
from ranking.behaviour import Case, Split, split
from ranking.blend import NETWORK, Committee, Mixture, Recipe, Shipped
from ranking.blending import Chosen, choose, fitted, logits_of
from ranking.evaluation import Ranking, Score, evaluate, of_tracks, order_all, sample
from ranking.features import GROUPS, NAMES, Features
from ranking.history import Events
from ranking.intake import take_in
from ranking.material import Material
from ranking.metrics import figures as summary
from ranking.models.content import Content
from ranking.models.network import Network, Trained
from ranking.models.plain import Popularity, Transitions
from ranking.relations import Relations
from ranking.reranker import Reranker
from ranking.settings import BlendSettings, SequenceSettings, TrainingSettings
from ranking.table import ItemTable
from ranking.training import VARIES, Prepared, Training, data_counts, data_hash, fit, gathered, prepare
from retrieval.database import Connections
from retrieval.encoder import Encoder, MiniLMEncoder, ensure_encoder
from retrieval.ground import Candidate, Evidence
from retrieval.items import Item
from retrieval.shop import open_shop

QUICK_SHOPPERS = 1_500
QUICK_FEWER = 300
QUICK = TrainingSettings(
    examples=4_000,
    epochs=3,
    sequence=SequenceSettings(epochs=1),
    blend=BlendSettings(examples=1_500, compared=500, epochs=2),
)
FEWER = 4_000  # shoppers over whom networks without a group of features, or blends without a model, are compared
COLD = 2_000  # shoppers of whom little is known, and targets that nobody had yet
PART = 0.4  # of the examples that networks without a group of features learn from: there are a dozen of them
ASKING = 2_000  # shoppers who also ask for something
TIMED_SHOPPERS = 300
CANDIDATES = 200
WARM_UP = 10  # rankings before the timed ones, as in a process that has served a few turns

Floats = NDArray[np.float32]


def main() -> None:
    """The command."""
    arguments = parser(__doc__, data="beauty").parse_args()
    settings = Settings.model_validate({})
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.data is not None and (arguments.data / "items.jsonl").exists():
            with kept_embeddings(settings, arguments.data.name, folder / "beauty"):
                figures |= measure(beauty_items(arguments.data), arguments.data / "interactions.csv",
                                   folder / "beauty", encoder, settings, quick=arguments.quick)  # fmt: skip
        else:
            _say(f"No items.jsonl in {arguments.data}: only the demo shop is measured.")
        demo_data.write(folder / "demo-data")
        lines = (folder / "demo-data" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
        with kept_embeddings(settings, "demo", folder / "demo"):
            measured = measure(items, folder / "demo-data" / "events.jsonl", folder / "demo", encoder, settings,
                               quick=arguments.quick)  # fmt: skip
            measured |= demo_figures(folder / "demo", encoder, _Progress(), quick=arguments.quick)
        figures |= {f"demo.{figure}": value for figure, value in measured.items()}
    figures["memory_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report("beauty", figures, json_path=arguments.json, quick=arguments.quick)


def beauty_items(data: Path) -> list[Item]:
    """The items of ``items.jsonl``: id, title and the first category path."""
    made = []
    for line in (data / "items.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        category = tuple(row["categories"][0]) if row["categories"] else ()
        made.append(Item(id=row["item_id"], title=row["title"] or row["asin"], category=category))
    return made


@contextmanager
def kept_embeddings(settings: Settings, name: str, home: Path) -> Iterator[None]:
    """The home's embeddings come from an earlier run's, and are kept for the next: nothing is encoded twice."""
    kept, used = settings.models / "bench" / f"{name}.sqlite3", home / "embeddings.sqlite3"
    home.mkdir(parents=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if kept.exists():
        shutil.copy(kept, used)
    yield
    shutil.copy(used, kept)


@dataclass(frozen=True)
class Ground:
    """What is measured on: the material, its split, and the features of the training part."""

    material: Material
    parts: Split
    features: Features
    settings: TrainingSettings


def measure(
    items: Sequence[Item], events: Path, home: Path, encoder: Encoder, settings: Settings, *, quick: bool
) -> dict[str, float]:
    """Figures of all models over one shop; ``home`` is a folder for its database, its index and its model."""
    shop = open_shop(home, settings.models, connections=Connections(home / "shop.sqlite3"), encoder=encoder)
    try:
        shop.catalog.upsert(items)
        shop.index.refresh()
        figures = _take_in(events, Events(shop.connections), {item.id for item in items}, home)
        material = Material.gather(shop.catalog, Events(shop.connections), encoder, shop.index.cache)
        parts = split(material.tracks)
        features = Features(material.table, Relations.learn(list(parts.train.values()), material.table.vectors))
        ground = Ground(material, parts, features, QUICK if quick else TrainingSettings())
        started = time.perf_counter()
        prepared = prepare(features, material.items, parts, material.encode, ground.settings, _Progress())
        network, outcome = fit(prepared, ground.settings, _Progress())
        figures["train_network_s"] = time.perf_counter() - started
        committee, curves = gathered(features, network, parts, ground.settings, _Progress())
        chosen = choose(committee, material.items, parts.validation, material.encode, ground.settings, _Progress())
        shipped = Shipped.of(chosen.recipe, committee, ground.settings.sequence)
        relearn(material, shipped)
        figures["train_s"] = time.perf_counter() - started
        _say(f"ships: {chosen.recipe.kind} of {', '.join(chosen.recipe.members)}")
        without = _without_groups(prepared, ground.settings)
        del prepared
        gc.collect()
        shoppers = QUICK_SHOPPERS if quick else len(parts.test)
        figures |= _together(ground, committee, chosen, shoppers)
        cases = sample(parts.test, shoppers, seed=1)
        for name, score in _models(ground, committee):
            _say(f"measuring {name} on {len(cases)} shoppers")
            found = evaluate(score, cases, len(material.table))
            _say(f"{name} {found['recall@10']:.4f} / {found['ndcg@10']:.4f}")
            figures |= {f"{name}.{figure}": value for figure, value in found.items()}
        figures |= {"shoppers": float(len(cases))}
        fewer = QUICK_FEWER if quick else FEWER
        figures |= _left_out(ground, without, fewer)
        figures |= _models_left_out(ground, committee, chosen, fewer)
        _say("measuring cold starts")
        by_history = of_tracks(shipped.over(features).scores)
        rivals = {"popularity": Popularity(features), "content": Content(material.table),
                  "transitions": Transitions(features), "network": Trained(network, features)}  # fmt: skip
        scores = {name: of_tracks(model.scores) for name, model in rivals.items()} | {"shipped": by_history}
        figures |= cold(scores, parts.test, features, QUICK_FEWER if quick else COLD)
        digest = data_hash(material.table, material.tracks)
        training = Training(
            shipped,
            features.relations,
            ground.settings,
            digest,
            data_counts(material.table, material.tracks, parts.liked),
            {},
            {NETWORK: outcome.curve, **curves},
            False,
        )
        folder = model_folder.save(home / "rerankers", training, material.table.ids)
        reranker = Reranker.load(folder, shop.catalog, shop.index.vectors)
        figures |= _cost(material.table, parts, reranker)
        _say("asking")
        asking = sample(parts.test, QUICK_FEWER if quick else ASKING, seed=3)
        return figures | hits(
            asking, material.items, material.table, shop.grounder, reranker, by_history,
            candidates=settings.candidates, diversity=settings.diversity,
        )  # fmt: skip
    finally:
        shop.close()


def _take_in(file: Path, events: Events, ids: set[str], home: Path) -> dict[str, float]:
    started = time.perf_counter()
    kind, order = ("purchase", "position") if file.suffix == ".csv" else (None, "")
    intake = take_in(file, events, ids, home, kind=kind, order_column=order)  # type: ignore[arg-type]
    return {"events_s": time.perf_counter() - started, "events_new": float(intake.new)}


def relearn(material: Material, shipped: Shipped) -> None:
    """What a training does at its end, for the time that it takes: the counts are taken anew on every event."""
    tracks = list(material.tracks.values())
    Relations.learn(tracks, material.table.vectors)
    shipped.relearned(tracks, len(material.table))


def _together(ground: Ground, committee: Committee, chosen: Chosen, shoppers: int) -> dict[str, float]:
    """Figures of every model that may ship, every blend and what ships; scores are computed once for all."""
    recipes = {name: Recipe(name, (name,), Mixture(1)) for name in committee.names}
    recipes |= {f"blend.{kind}": recipe for kind, recipe in chosen.blends.items()}
    cases = sample(ground.parts.test, shoppers, seed=1)
    _say(f"measuring {', '.join(recipes)} on {len(cases)} shoppers")
    orders = order_all(lambda part: logits_of(committee, recipes, part), cases, len(ground.material.table))
    best = max(chosen.compared, key=lambda name: chosen.compared[name])
    orders["shipped"] = orders[best]
    made = {f"{name}.{figure}": value for name, order in orders.items()
            for figure, value in summary(order.ranks, order.others).items()}  # fmt: skip
    _say("; ".join(f"{name} {made[f'{name}.recall@10']:.4f} / {made[f'{name}.ndcg@10']:.4f}" for name in orders))
    return made | {f"validation.{name}.ndcg@10": value for name, value in chosen.compared.items()}


def _models_left_out(ground: Ground, committee: Committee, chosen: Chosen, shoppers: int) -> dict[str, float]:
    """``blend.without.MODEL.`` figures of weighted blends of all that may ship but one model."""
    lists = chosen.lists[chosen.fitted]
    parts = {"no_model": committee.names}
    parts |= {name: tuple(one for one in committee.names if one != name) for name in committee.names}
    recipes = {
        f"blend.without.{name}": fitted("weighted", held, committee.names, lists, None) for name, held in parts.items()
    }
    cases = sample(ground.parts.test, shoppers, seed=4)
    _say("measuring blends without a model")
    return _two(order_all(lambda part: logits_of(committee, recipes, part), cases, len(ground.material.table)))


def _models(ground: Ground, committee: Committee) -> Iterator[tuple[str, Score]]:
    """Every model that does not ship, with its name, each learned when its turn comes."""
    material, parts = ground.material, ground.parts
    made = baselines(
        ground.features, material.items, parts, material.encode, ground.settings, _Progress(), known=committee.names
    )
    for name, model in made:
        yield name, of_tracks(model.scores)
    for name, score in peers(parts, len(material.table)):
        yield f"peer.{name}", score


def _without_groups(prepared: Prepared, settings: TrainingSettings) -> dict[str, Network]:
    """A network without each group of features that says anything in this shop, and one with all ("nothing")."""
    rows = np.random.default_rng(settings.seed).permutation(len(prepared.inputs))
    rows = np.sort(rows[: int(len(rows) * PART)])
    fewer = replace(prepared, inputs=prepared.inputs[rows], corrections=prepared.corrections[rows])
    spread = fewer.inputs[::10].astype(np.float32).std(axis=(0, 1))
    told = {name for name, own in zip(NAMES, spread, strict=True) if own > VARIES}
    made = {}
    for name, group in ({"nothing": ()} | GROUPS).items():
        if not group or told.intersection(group):
            _say(f"training without {name}")
            made[name] = fit(fewer, settings.model_copy(update={"without": group}), _Progress())[0]
    return made


def _left_out(ground: Ground, networks: dict[str, Network], shoppers: int) -> dict[str, float]:
    """``without.GROUP.`` figures; the features are computed once for all."""
    _say("measuring without groups of features")

    def logits(part: Sequence[Case]) -> dict[str, Floats]:
        computed = ground.features.compute([case.history for case in part])
        return {f"without.{name}": network.logits(computed) for name, network in networks.items()}

    cases = sample(ground.parts.test, shoppers, seed=4)
    return _two(order_all(logits, cases, len(ground.material.table)))


def _two(orders: Mapping[str, Ranking]) -> dict[str, float]:
    """``NAME.recall@10`` and ``NAME.ndcg@10`` of each."""
    return {
        f"{name}.{figure}": value
        for name, order in orders.items()
        for figure, value in summary(order.ranks, order.others).items()
        if figure in ("recall@10", "ndcg@10")
    }


def _cost(table: ItemTable, parts: Split, reranker: Reranker) -> dict[str, float]:
    """Time of whole ``Reranker.rank`` calls: 200 candidates of a request, one shopper at a time."""
    rng = np.random.default_rng(0)
    timings = []
    for case in sample(parts.test, TIMED_SHOPPERS + WARM_UP, seed=2):
        history, candidates = events_of(case, table), _candidates(case, table, rng)
        started = time.perf_counter()
        reranker.rank(history, candidates, 5, 0.25, request="something")
        timings.append((time.perf_counter() - started) * 1000)
    return {
        "score200_ms_p50": float(np.quantile(timings[WARM_UP:], 0.5)),
        "score200_ms_p95": float(np.quantile(timings[WARM_UP:], 0.95)),
    }


def _candidates(case: Case, table: ItemTable, rng: np.random.Generator) -> list[Candidate]:
    places = rng.choice(len(table), min(CANDIDATES, len(table)), replace=False)
    cosines = table.vectors[places] @ table.vectors[case.target]
    order = np.argsort(-cosines)
    return [
        Candidate(
            table.ids[places[at]],
            float(np.clip(cosines[at], 0, 1)),
            (Evidence("query", "dense", rank, float(cosines[at])),),
        )
        for rank, at in enumerate(order, start=1)
    ]


class _Progress:
    """One line for each kind of work."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        kind = what.partition(":")[0]
        if kind != self._last:
            self._last = kind
            _say(kind)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
