"""The model card: what a trained reranker is, what it was trained on, how good it is, and what it is not for.

One HTML page beside the weights, with charts and without scripts. Knows the facts that a model folder keeps, and how
figures are named (``ranking.appraisal``). Knows nothing of models, nor of how anything was measured.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from ranking import charts
from ranking.appraisal import reliability_points

CARD = "card.html"
PLAIN = {
    "": "this reranker",
    "former": "the one before",
    "network": "its feature network alone",
    "sequence": "sequential transformer",
    "ease": "linear autoencoder (EASE)",
    "transitions": "what followed",
    "svm": "linear SVM",
    "blend.average": "simple average",
    "blend.weighted": "weighted average",
    "blend.network": "small network over scores and features",
}  # others are named by their own words
PARTS = ("validation", "test")
TICKS = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}
RANKING = {
    "recall@5": "Recall@5",
    "ndcg@5": "NDCG@5",
    "recall@10": "Recall@10",
    "ndcg@10": "NDCG@10",
    "mrr@10": "MRR@10",
    "precision@10": "Precision@10",
    "f1@10": "F1@10",
    "auc": "AUC",
}
LIKING = {
    "like.accuracy": "accuracy of p(like) at one half, liked against a random item",
    "like.mae": "mean absolute error of p(like)",
    "like.separation": "AUC of p(like) over all shoppers together",
    "like.ece": "calibration error (ECE)",
    "opinions.accuracy": "accuracy against what was disliked in so many words",
    "opinions.majority": "  by always saying what most are",
    "opinions.separation": "  AUC of the same",
    "stars.mae": "error in stars of held-out ratings (MAE)",
    "stars.mean.mae": "  by the mean of all ratings",
    "stars.item_mean.mae": "  by the item's mean",
    "stars.shopper_mean.mae": "  by the shopper's mean",
}
LISTS = {
    "coverage@10": "coverage: share of the catalogue that stands in some list",
    "novelty@10": "novelty: bits of self-information of a shown item",
    "diversity@10": "diversity within a list: 1 - cosine",
    "popularity_bias@10": "popularity of what is shown against what was liked (1: the same)",
    "head_share@10": "share of the most liked fifth among what is shown",
    "head_share.liked": "  among what was then liked",
}
COLD = {
    "cold.0_events": "nothing known of the shopper",
    "cold.1_events": "one event known",
    "cold.2_events": "two events known",
    "cold.new_items": "items that nobody had yet",
}
NOT_FOR = (
    "Decisions about people: who gets an offer, a credit, a price or an answer. It orders items for one shopper.",
    "Guesses at what somebody is: health, faith, origin, age or anything else that a history may hint at.",
    "Saying that an item is good, safe or suitable. p(like) is about a liking, and quality has the ratings.",
    "Another shop or catalogue than the one it was trained on.",
)
LIMITS = (
    "It is measured on what shoppers chose from what they saw at the time: a good item that nobody was shown counts "
    "as wrong. Only an experiment with shoppers says what it is worth to them.",
    "Leave-one-out lets a model learn from what other shoppers did later than the liking that it foretells. "
    "`shoptalk evaluate --split time` and `--split shoppers` do not.",
    "p(like) is meant in an even mix of likings and random items: for comparing items, not for counting sales.",
    "The intervals (95%, bootstrap over shoppers) are about other shoppers of the same kind, not about other times.",
    "Shoppers with few events, and items without any, are served by text and popularity.",
)


def write(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Write the card of the model in the folder, whose facts these are, and return its path."""
    path = folder / CARD
    path.write_text(page(folder.name, facts), encoding="utf-8")
    return path


def page(version: str, facts: Mapping[str, Any]) -> str:
    """The card as an HTML page."""
    figures: Mapping[str, float] = facts["figures"]
    parts = [
        _what_it_is(facts),
        "<h2>What it was trained on</h2>",
        charts.table(_data(facts)),
        "<h2>How well it orders items</h2>",
        *_orders(figures),
        "<h2>How far p(like) may be believed</h2>",
        *_believed(figures),
        "<h2>What it shows</h2>",
        *_shows(figures),
        "<h2>With little to go by</h2>",
        *_cold(figures),
        "<h2>How it was trained</h2>",
        *_chosen(figures),
        *_curves(facts.get("curves", {})),
        *_leans_on(facts.get("importances", {}), facts.get("weighed", "")),
        f"<details><summary>Settings</summary>{charts.table(list(_flat(facts['settings'])))}</details>",
        "<h2>What it is not for</h2>",
        _list(NOT_FOR),
        "<h2>Limits</h2>",
        _list(LIMITS),
    ]
    return charts.page(f"Model card: reranker {version}", parts)


def rows(figures: Mapping[str, float], names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """A header and lines of a name and its values, each with its interval, on the parts that it was measured on.

    Empty where none of these was measured.
    """
    parts = [part for part in PARTS if any(f"{part}.{name}" in figures for name in names)]
    made = [
        (words, *(_with_ends(figures, f"{part}.{name}") for part in parts))
        for name, words in names.items()
        if any(f"{part}.{name}" in figures for part in parts)
    ]
    return [("", *parts), *made] if made else []


def _what_it_is(facts: Mapping[str, Any]) -> str:
    blend = facts.get("blend", {})
    members = ", ".join(_named(name) for name in blend.get("members", ()))
    made = f" It is a blend ({escape(str(blend['kind']))}) of: {escape(members)}." if members else ""
    interrupted = " <b>Its training was interrupted; this is the best until then.</b>" if facts["interrupted"] else ""
    return (
        "<p>It orders a shop's items for one shopper, from the shopper's history and, in a conversation, from what is "
        f"asked for, and gives each a p(like).{made} Trained {_moment(facts['trained_at'])}.{interrupted}</p>"
    )


def _data(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    data = facts.get("data", {})
    named = {"items": "items", "shoppers": "shoppers", "steps": "items in their histories", "likings": "likings"}
    made = [(words, f"{data[name]:,}") for name, words in named.items() if name in data]
    if data.get("first") is not None:
        made.append(("from, to", f"{_day(data['first'])}, {_day(data['last'])}"))
    return [*made, ("hash of all of it", str(facts["data_hash"])[:12])]


def _orders(figures: Mapping[str, float]) -> list[str]:
    if "test.ndcg@10" not in figures:
        return ["<p>It was not measured.</p>"]
    names = [name.removesuffix("test.ndcg@10").removesuffix(".") for name in figures if name.endswith("test.ndcg@10")]
    header = ("", "Recall@10", "NDCG@10", "behind this one")
    beside = []
    for name in sorted(names, key=lambda name: -figures[_key(name, "ndcg@10")]):
        recall, ndcg = (_with_ends(figures, _key(name, figure)) for figure in ("recall@10", "ndcg@10"))
        beside.append((_named(name), recall, ndcg, _with_ends(figures, _key(name, "ndcg@10.behind"))))
    heights = {_named(name): figures[_key(name, "ndcg@10")] for name in names}
    return [
        "<p>On the test: the last liking of each shopper, among all items that the shopper has not had. In brackets "
        "what 95 of 100 draws of other such shoppers would give.</p>",
        charts.table(beside, header),
        charts.bars("NDCG@10 on the test", heights, "", "") if len(names) > 1 else "",
        _table(rows(figures, RANKING)),
    ]


def _believed(figures: Mapping[str, float]) -> list[str]:
    held = rows(figures, LIKING)
    if not held:
        return ["<p>It was not measured.</p>"]
    made = [_table(held)]
    points = reliability_points(figures, "test.")
    if points:
        curve = {
            "this reranker": [(point.foretold, point.true) for point in points],
            "to be believed": [(0.0, 0.0), (1.0, 1.0)],
        }
        made.append(charts.lines("Reliability: what came true of what was foretold", curve, "p(like)", "", TICKS))
    if ratings := figures.get("test.stars.ratings"):
        less = _with_ends(figures, "test.stars.mae.less_than.item_mean")
        made.append(
            f"<p>{ratings:,.0f} held-out ratings. The error by the item's mean, less that by p(like): {less} stars; "
            "below 0 the item's mean foretells better.</p>"
        )
    return made


def _shows(figures: Mapping[str, float]) -> list[str]:
    held = rows(figures, LISTS)
    if not held:
        return ["<p>It was not measured.</p>"]
    lists = figures.get("test.lists", 0)
    return [
        _table(held),
        f"<p>Over {lists:,.0f} lists of the ten best as it orders them, before variety is seen to.</p>",
    ]


def _cold(figures: Mapping[str, float]) -> list[str]:
    held = [
        (words, f"{figures[f'test.{name}']:,.0f}", *(_with_ends(figures, f"test.{name}.{metric}")
         for metric in ("recall@10", "ndcg@10")))
        for name, words in COLD.items()
        if f"test.{name}.ndcg@10" in figures
    ]  # fmt: skip
    return [charts.table(held, ("", "cases", "Recall@10", "NDCG@10"))] if held else ["<p>It was not measured.</p>"]


def _chosen(figures: Mapping[str, float]) -> list[str]:
    """The models and blends that what ships was chosen among."""
    compared = {
        name.removeprefix("compared.").removesuffix(".ndcg@10"): value
        for name, value in figures.items()
        if name.startswith("compared.")
    }
    if not compared:
        return []
    lines = [(_named(name), _short(value)) for name, value in sorted(compared.items(), key=lambda pair: -pair[1])]
    words = (
        "<p>What ships is the best of these on validation, each fitted on other shoppers than it is compared on.</p>"
    )
    return [words, charts.table(lines, ("", "NDCG@10"))]


def _curves(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> list[str]:
    made = []
    for name, epochs in curves.items():
        for what in ("loss", "validation"):
            points = {what: [(float(epoch["number"]), float(epoch[what])) for epoch in epochs]}
            words = "NDCG@10 on validation" if what == "validation" else what
            made.append(charts.lines(f"{_named(name)}: {words}", points, "epoch", ""))
    return made


def _leans_on(importances: Mapping[str, Mapping[str, float]], weighed: str) -> list[str]:
    if not importances:
        return []
    most = sorted(importances.items(), key=lambda pair: -pair[1]["value"])
    flat = {
        f"{name}{end}": lost[key]
        for name, lost in most
        for end, key in (("", "value"), (".low", "low"), (".high", "high"))
    }
    lines = [(name.replace("_", " "), _with_ends(flat, name)) for name, _ in most]
    when = f" (weighed on {escape(weighed)}, by a network of that day)" if weighed else ""
    return [f"<h2>What it leans on{when}</h2>", charts.table(lines, ("feature", "NDCG@10 lost once it is shuffled"))]


def _table(lines: Sequence[Sequence[str]]) -> str:
    return charts.table(lines[1:], lines[0])


def _key(name: str, figure: str) -> str:
    return f"{name}.test.{figure}" if name else f"test.{figure}"


def _named(name: str) -> str:
    return PLAIN.get(name, name.replace("_", " ").replace(".", ": "))


def _with_ends(figures: Mapping[str, float], name: str) -> str:
    """The value, with its interval where it has one; empty where it was not measured."""
    if name not in figures:
        return ""
    value = _short(figures[name])
    if f"{name}.low" not in figures:
        return value
    return f"{value} ({_short(figures[f'{name}.low'])} to {_short(figures[f'{name}.high'])})"


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 2 else f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.4f}"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Sequence[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            made += _flat(value, f"{prefix}{name}.")
        else:
            made.append(
                (f"{prefix}{name}", ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
            )
    return made


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _day(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%-d %B %Y}"


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%-d %B %Y, %H:%M} UTC"
