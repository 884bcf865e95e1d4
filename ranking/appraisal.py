"""Appraisal: all that is measured of a model on held-out cases, as one flat set of figures with their intervals.

A figure's interval over shoppers is beside it as ``NAME.low`` and ``NAME.high``. Knows models by their interface, cases
and metrics. Knows nothing of how models are trained, nor of pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ranking.behaviour import Case, Track
from ranking.bootstrap import Interval, differences, means
from ranking.evaluation import Ranking, of_tracks, order, sample
from ranking.examples import Progress
from ranking.features import Features
from ranking.list_metrics import Catalogue, figures_of_lists
from ranking.metrics import per_list
from ranking.models.model import Model
from ranking.reliability import Bin, accuracy, curve, figures_of_probabilities, separation
from ranking.splits import Held
from ranking.stars import FEWEST, Rated, figures_of_stars

COMPARED = ("recall@10", "ndcg@10")  # of the plain models these have intervals, and what they are behind
ASKED = 1_000  # cases whose p(like) is asked for one by one, and that are ordered anew with little known
FEW = (0, 1, 2)  # events that are known of a shopper
Floats = NDArray[np.float64]
Figures = dict[str, float]


def of_ranking(
    rivals: Mapping[str, Model], part: str, cases: Sequence[Case], features: Features, progress: Progress
) -> tuple[Figures, Ranking]:
    """Figures of each rival over the cases, named "NAME.PART.FIGURE"; of the first, whose name is empty, "PART.FIGURE".

    ``NAME.PART.FIGURE.behind`` is how far a rival is behind the first, pair by pair. Also returns the first one's
    ranking.
    """
    made: Figures = {}
    first: Ranking | None = None
    for name, rival in rivals.items():
        scored = 0

        def told(done: int) -> None:
            nonlocal scored
            scored += done
            progress(f"measuring on {part}", scored, len(cases))

        ranking = order(of_tracks(rival.scores), cases, len(features.table), told)
        first = first or ranking
        columns, prefix = per_list(ranking.ranks, ranking.others), f"{name}.{part}." if name else f"{part}."
        found = means(columns, ranking.owners)
        made |= {f"{prefix}{figure}": held.value for figure, held in found.items()}
        made |= _ends({f"{prefix}{figure}": held for figure, held in found.items() if not name or figure in COMPARED})
        if name:
            own = per_list(first.ranks, first.others)
            behind = differences({figure: own[figure] for figure in COMPARED}, columns, ranking.owners)
            made |= _flat({f"{prefix}{figure}.behind": held for figure, held in behind.items()})
    assert first is not None
    return made, first


def of_cold(model: Model, cases: Sequence[Case], features: Features, seed: int, progress: Progress) -> Figures:
    """The model where there is little to go by: "cold.N_events.…" with only the last N events of the shoppers known,
    and "cold.new_items.…" where nobody had the target. "cold.N_events" itself is the number of cases.

    The shoppers are those of the cases, shortened: of real ones with so few events, nothing is held out.
    """
    held = sample(cases, ASKED, seed)
    parts = {f"cold.{few}_events": [replace(case, history=case.history.last(few)) for case in held] for few in FEW}
    unseen = [case for case in cases if features.relations.popularity[case.target] == 0]
    parts["cold.new_items"] = sample(unseen, ASKED, seed)
    made: Figures = {}
    for number, (part, own) in enumerate(parts.items()):
        progress("measuring cold starts", number, len(parts))
        made[part] = float(len(own))
        if own:
            ranking = order(of_tracks(model.scores), own, len(features.table))
            columns = per_list(ranking.ranks, ranking.others)
            found = means({figure: columns[figure] for figure in (*COMPARED, "auc")}, ranking.owners)
            made |= _flat({f"{part}.{figure}": one for figure, one in found.items()})
    return made


def of_lists(ranking: Ranking, cases: Sequence[Case], features: Features, shoppers: int) -> Figures:
    """Coverage, novelty, diversity and popularity bias of a ranking's lists; ``shoppers``: how many trained."""
    catalogue = Catalogue(features.relations.popularity, features.table.vectors, shoppers)
    targets = np.array([case.target for case in cases], dtype=np.int64)
    return _flat(figures_of_lists(ranking.lists, targets, catalogue, ranking.owners)) | {"lists": float(len(cases))}


def of_probabilities(model: Model, cases: Sequence[Case], items: int, seed: int, progress: Progress) -> Figures:
    """p(like) of each case's target and of one item that its shopper has not had, drawn by the seed, against what is
    true: "like.accuracy", "like.ece" and so on, and the points of the reliability curve, see ``reliability_points``."""
    rng, held = np.random.default_rng(seed), sample(cases, ASKED, seed)
    foretold: list[float] = []
    for number, case in enumerate(held):
        progress("asking for p(like)", number, len(held))
        had = {*case.history.places.tolist(), case.target}
        other = int(rng.integers(items))
        while other in had and len(had) < items:
            other = int(rng.integers(items))
        foretold += model.score(case.history, np.array([case.target, other], dtype=np.int64)).tolist()
    labels, owners = np.tile([1.0, 0.0], len(held)), [case.shopper_id for case in held for _ in range(2)]
    made = figures_of_probabilities(np.array(foretold), labels, owners)
    points = enumerate(curve(foretold, labels))
    return _flat({f"like.{name}": one for name, one in made.items()}) | {
        f"reliability.{at}.{name}": value
        for at, point in points
        for name, value in (("foretold", point.foretold), ("true", point.true), ("count", float(point.count)))
    }


def reliability_points(figures: Mapping[str, float], prefix: str = "") -> list[Bin]:
    """The reliability curve that ``of_probabilities`` put into these figures; empty if it is not among them."""
    made: list[Bin] = []
    while f"{prefix}reliability.{len(made)}.foretold" in figures:
        foretold, true, count = (
            figures[f"{prefix}reliability.{len(made)}.{name}"] for name in ("foretold", "true", "count")
        )
        made.append(Bin(foretold, true, int(count)))
    return made


def of_opinions(
    model: Model,
    held: Held,
    made: Mapping[str, Track],
    ratings: Mapping[tuple[str, int], float],
    progress: Progress,
) -> Figures:
    """What shoppers said of held-out items, against p(like) by the history before it; empty where they said too little.

    "test.stars.mae" and so on: their ratings, see ``ranking.stars``. "test.opinions.accuracy" and so on: a dislike or
    a bad rating against a liking.
    """
    known = [(place, stars) for (shopper_id, place), stars in ratings.items()
             if place in made[shopper_id].places[: held.bounds[shopper_id][0]]]  # fmt: skip
    validation, test = (_rated(model, held, made, ratings, tested, progress) for tested in (False, True))
    figures = _flat({f"test.stars.{name}": one for name, one in figures_of_stars(known, validation, test).items()})
    if figures:
        figures["test.stars.ratings"] = float(len(test))
    said = [
        (shopper_id, at)
        for shopper_id, track in made.items()
        for at in range(max(1, held.bounds[shopper_id][1]), len(track))
        if track.weights[at] < 0 or track.weights[at] >= held.parts.liked
    ]
    labels = np.array([float(made[shopper_id].weights[at] > 0) for shopper_id, at in said])
    if min(labels.sum(), (1 - labels).sum()) >= FEWEST:
        foretold = _p_likes(model, made, said, progress)
        figures |= {
            "test.opinions": float(len(said)),
            "test.opinions.accuracy": accuracy(foretold, labels),
            "test.opinions.majority": float(max(labels.mean(), 1 - labels.mean())),
            "test.opinions.separation": separation(foretold, labels),
        }
    return figures


def _rated(
    model: Model,
    held: Held,
    made: Mapping[str, Track],
    ratings: Mapping[tuple[str, int], float],
    tested: bool,
    progress: Progress,
) -> Rated:
    """The ratings of the test, or of validation, on items with some history before them."""
    chosen: list[tuple[str, int]] = []
    stars: list[float] = []
    earlier: list[list[float]] = []
    for shopper_id, track in made.items():
        own: list[float] = []
        first, last = held.bounds[shopper_id]
        begin, end = (last, len(track)) if tested else (first, last)
        for at, place in enumerate(track.places.tolist()):
            given = ratings.get((shopper_id, place))
            if given is None:
                continue
            if at and begin <= at < end:
                chosen.append((shopper_id, at))
                stars.append(given)
                earlier.append(list(own))
            own.append(given)
    foretold = _p_likes(model, made, chosen, progress) if len(chosen) >= FEWEST else np.zeros(len(chosen))
    places = [int(made[shopper_id].places[at]) for shopper_id, at in chosen]
    return Rated([shopper_id for shopper_id, _ in chosen], places, np.array(stars), earlier, foretold)


def _p_likes(model: Model, made: Mapping[str, Track], chosen: Sequence[tuple[str, int]], progress: Progress) -> Floats:
    foretold = []
    for number, (shopper_id, at) in enumerate(chosen):
        progress("asking for p(like) of what was said", number, len(chosen))
        track = made[shopper_id]
        foretold.append(float(model.score(track.until(at), track.places[at : at + 1])[0]))
    return np.array(foretold)


def _flat(intervals: Mapping[str, Interval]) -> Figures:
    return {name: held.value for name, held in intervals.items()} | _ends(intervals)


def _ends(intervals: Mapping[str, Interval]) -> Figures:
    return {f"{name}.{end}": value for name, held in intervals.items()
            for end, value in (("low", held.low), ("high", held.high))}  # fmt: skip
