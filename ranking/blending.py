"""How the blend is learned and chosen: on held-out likings, which no base model has seen.

Fits averages, weights and a small network over the models' scores on the likings of some shoppers, compares them with
each other and with every single model on those of others, and gives the best. Knows scores, lists and folds; knows
nothing of how the base models are learned, nor of files.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ranking.behaviour import Case
from ranking.blend import ASKED_FOR, LEAST_SPREAD, NETWORK, SQUEEZED, Committee, Mixture, Recipe, alone
from ranking.evaluation import order_all
from ranking.examples import FEATURE_BATCH, Encode, Progress, asked_for, listed
from ranking.features import NAMES
from ranking.metrics import ndcg
from ranking.models.model import Floats
from ranking.models.network import slope_and_offset
from ranking.requests import Need, relevance_of, request_for
from ranking.settings import TrainingSettings
from ranking.stacking import stacked
from retrieval.items import Item

log = logging.getLogger(__name__)

MANY = 2_000  # cases from which on a fifth of them says enough about a blend; of fewer, each fifth in its turn
FOLDS = 5
LISTS_OF_WEIGHTS = 4_000  # lists that weights are fitted on: a handful of numbers is settled by then
STEPS = 25  # of LBFGS
WORTH = 1e-4  # mean log-likelihood of a liking that a member must add to stay in the blend
KINDS = ("average", "weighted", NETWORK)


@dataclass(frozen=True)
class Lists:
    """Held-out likings among items that were not chosen, the liked one first."""

    computed: NDArray[np.float16]  # [lists, m, F] features
    raw: Floats  # [lists, m, M] of every member of the committee
    corrections: Floats  # [lists, m] added to the logits: a drawn item stands for many

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, rows: NDArray[np.int64]) -> "Lists":
        return Lists(self.computed[rows], self.raw[rows], self.corrections[rows])


@dataclass(frozen=True)
class Chosen:
    """What ships, and NDCG@10 on the compared cases of everything that might have."""

    recipe: Recipe
    compared: dict[str, float]  # e.g. "ease", "blend.average", "blend.weighted", "blend.network"
    blends: dict[str, Recipe]  # those of KINDS, as they were compared
    lists: Lists
    fitted: NDArray[np.int64]  # rows of the lists that the blends were fitted on
    held: NDArray[np.int64]  # numbers of the cases that the lists are of


def choose(
    committee: Committee,
    items: Sequence[Item],
    cases: Sequence[Case],
    encode: Encode,
    settings: TrainingSettings,
    progress: Progress = lambda what, done, total: None,
) -> Chosen:
    """Fit on the cases, which are held out from every base model, and choose what is best on those of other shoppers.

    ``items`` are the table's, in its order; ``encode`` makes unit rows of the simulated requests.
    """
    rng = np.random.default_rng(settings.seed)
    most = settings.blend.examples + settings.blend.compared
    numbers = rng.permutation(len(cases))[:most]
    held = [cases[int(at)] for at in numbers]
    lists = lists_of(committee, items, held, encode, settings, rng, progress)
    folds = list(_folds(len(held), settings.blend.compared))
    names = _worthy(committee.names, lists, folds, progress)
    # The network over scores finds use for what a weighted sum does not: it is given them all.
    members = {kind: committee.names if kind == NETWORK else names for kind in KINDS}
    found: dict[str, list[NDArray[np.float64]]] = {}
    blends: dict[str, Recipe] = {}
    for number, (fit_on, compare_on) in enumerate(folds):
        progress("fitting blends", number, len(folds))
        own = lists[fit_on]
        blends = {kind: fitted(kind, members[kind], committee.names, own, settings, progress) for kind in KINDS}
        recipes = {f"blend.{kind}": recipe for kind, recipe in blends.items()}
        # The order of a single model's scores needs no fitting.
        recipes |= {name: Recipe(name, (name,), Mixture(1)) for name in committee.names}
        progress("comparing blends", number, len(folds))
        for name, ranks in compared(committee, recipes, [held[at] for at in compare_on]).items():
            found.setdefault(name, []).append(ranks)
    values = {name: ndcg(np.concatenate(ranks), 10) for name, ranks in found.items()}
    best = max(values, key=lambda name: values[name])
    log.info("validation NDCG@10: %s", ", ".join(f"{name} {value:.4f}" for name, value in values.items()))
    everything = np.arange(len(held))
    fit_on = everything if len(folds) > 1 else folds[0][0]
    if len(folds) > 1:
        blends = {kind: fitted(kind, members[kind], committee.names, lists, settings, progress) for kind in KINDS}
    kind = best.removeprefix("blend.")
    if best == NETWORK:
        recipe = alone(committee.network)
    elif best.startswith("blend."):
        recipe = blends[kind]
    else:
        recipe = fitted(kind, (kind,), committee.names, lists[fit_on], settings, progress)
    return Chosen(recipe, values, blends, lists, fit_on, numbers)


def _folds(count: int, compared_most: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to fit on and rows to compare on, of shuffled cases."""
    parts = np.array_split(np.arange(count), FOLDS)
    for part in parts if count < MANY else parts[:1]:
        yield np.setdiff1d(np.arange(count), part), part[:compared_most]


def _worthy(
    names: Sequence[str],
    lists: Lists,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    progress: Progress,
) -> tuple[str, ...]:
    """The members without those whose leaving out costs nothing: what serves is the quicker for it."""
    kept = tuple(names)
    value, weights = _tried(kept, names, lists, folds)
    while len(kept) > 1:
        progress("leaving out models", len(names) - len(kept), len(names))
        fewer = tuple(name for name in kept if name != kept[int(weights.argmin())])
        without, weights = _tried(fewer, names, lists, folds)
        if without < value - WORTH:
            break
        kept, value = fewer, max(value, without)
    return kept


def _tried(
    held: tuple[str, ...],
    names: Sequence[str],
    lists: Lists,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[float, Floats]:
    """Mean log-likelihood of the compared likings by a weighted blend of these members, and their weights [M]."""
    values, weights = [], np.zeros(len(held), dtype=np.float32)
    for fit_on, compare_on in folds:
        recipe = fitted("weighted", held, names, lists[fit_on[:LISTS_OF_WEIGHTS]], None)
        values.append(_likelihoods(recipe, held, names, lists[compare_on]))
        weights += (recipe.mixture.plain + recipe.mixture.asked).detach().numpy()
    return float(np.concatenate(values).mean()), weights


def _likelihoods(recipe: Recipe, held: Sequence[str], names: Sequence[str], lists: Lists) -> Floats:
    """Log-likelihood of each list's liking."""
    raw = lists.raw[..., [names.index(name) for name in held]]
    logits = recipe.logits(np.moveaxis(lists.computed.astype(np.float32), -1, 0), np.moveaxis(raw, -1, 0))
    logits = logits + lists.corrections
    highest = logits.max(axis=1, keepdims=True)
    return np.asarray(logits[:, 0] - highest[:, 0] - np.log(np.exp(logits - highest).sum(axis=1)))


def compared(
    committee: Committee, recipes: Mapping[str, Recipe], cases: Sequence[Case]
) -> dict[str, NDArray[np.float64]]:
    """Rank (from 0) of each case's target by each recipe, among all items that its shopper has not had."""
    made = order_all(lambda part: logits_of(committee, recipes, part), cases, len(committee.features.table))
    return {name: ranking.ranks for name, ranking in made.items()}


def logits_of(committee: Committee, recipes: Mapping[str, Recipe], cases: Sequence[Case]) -> dict[str, Floats]:
    """Logits [b, n] of every item by each recipe; features and scores are computed once for all."""
    tracks = [case.history for case in cases]
    names = [name for name in committee.names if any(name in recipe.members for recipe in recipes.values())]
    computed = committee.features.compute(tracks)
    raw = dict(zip(names, committee.raw(names, computed, tracks), strict=True))
    return {
        name: recipe.logits(computed, np.stack([raw[member] for member in recipe.members]))
        for name, recipe in recipes.items()
    }


def lists_of(
    committee: Committee,
    items: Sequence[Item],
    cases: Sequence[Case],
    encode: Encode,
    settings: TrainingSettings,
    rng: np.random.Generator,
    progress: Progress = lambda what, done, total: None,
) -> Lists:
    """Each case's target among the items that the members together put near the top, and some drawn from all.

    Some of the cases come with a simulated request, as in ``examples.lists``.
    """
    features, n = committee.features, len(committee.features.table)
    asked = rng.random(len(cases)) < settings.requested
    wished = asked_for(features, [case.target for case in cases], settings.loosely, rng)
    texts = [request_for(items[place], settings.seed) for place in wished]
    progress("reading simulated requests", 0, 1)
    encoded = encode(texts)
    hard, top, drawn = (min(count, n // 4) for count in (settings.hard, settings.asked, settings.random))
    made: list[tuple[NDArray[np.float16], Floats, Floats]] = []
    for start in range(0, len(cases), FEATURE_BATCH):
        progress("preparing blends", start, len(cases))
        part = slice(start, start + FEATURE_BATCH)
        tracks = [case.history for case in cases[part]]
        with_request = asked[part]
        raw = {name: model.scores(tracks) for name, model in committee.others.items()}
        together = _together(raw)
        relevance = relevance_of(encoded[part] @ features.table.vectors.T) * with_request[:, None]
        named = features.table.words.shares(texts[part]) * with_request[:, None]
        places, corrections = [], []
        for number, case in enumerate(cases[part]):
            answers = relevance[number] + named[number] if with_request[number] else together[number]
            free = np.ones(n, dtype=bool)
            free[case.history.places] = False
            chosen, correction = listed(case.target, free, [(together[number], hard), (answers, top)], drawn, rng)
            places.append(chosen)
            corrections.append(correction)
        at = np.stack(places)
        need = Need(np.take_along_axis(relevance, at, axis=1), np.take_along_axis(named, at, axis=1))
        computed = features.compute(tracks, at, need)
        computed[NAMES.index("requested")] = with_request[:, None]
        own = [
            committee.network.logits(computed) if name == NETWORK else np.take_along_axis(raw[name], at, axis=1)
            for name in committee.names
        ]
        made.append((computed.transpose(1, 2, 0).astype(np.float16), np.stack(own, axis=-1), np.stack(corrections)))
    computed_all, raw_all, corrections_all = (np.concatenate(held) for held in zip(*made, strict=True))
    return Lists(computed_all, raw_all, corrections_all)


def _together(raw: Mapping[str, Floats]) -> Floats:
    """[b, n] mean of the members' scores, each in its own spread over the items."""
    total: Floats = np.zeros_like(next(iter(raw.values())))
    for name, scores in raw.items():
        held = np.arcsinh(scores / _scale(scores)) if name in SQUEEZED else scores
        total += (held - held.mean(axis=1, keepdims=True)) / np.maximum(held.std(axis=1, keepdims=True), LEAST_SPREAD)
    return total


def _scale(scores: Floats) -> float:
    """The typical size of scores that are not 0."""
    sizes = np.abs(scores[scores != 0])
    return max(float(np.median(sizes)), LEAST_SPREAD) if sizes.size else 1.0


def fitted(
    kind: str,
    members: Sequence[str],
    names: Sequence[str],
    lists: Lists,
    settings: TrainingSettings | None,
    progress: Progress = lambda what, done, total: None,
) -> Recipe:
    """The recipe of this kind over the members, fitted on the lists, whose raw scores are of ``names``.

    ``kind``: average, weighted or network; or a single model's name. ``settings`` are needed by the network alone.
    """
    columns = [names.index(name) for name in members]
    raw = torch.from_numpy(np.ascontiguousarray(lists.raw[..., columns]))
    mixture = Mixture(len(members))
    drawn = raw[:, -max(1, raw.shape[1] // 4) :].reshape(-1, len(members))  # the last of a list are drawn from all
    squeezed = torch.tensor([float(name in SQUEEZED) for name in members])
    scale = torch.tensor([_scale(raw[..., number].numpy()) for number in range(len(members))])
    mixture.squeezed.copy_(squeezed)
    mixture.scale.copy_(scale)
    whole = torch.cat([drawn, raw[:, 0]])
    held = torch.where(squeezed > 0, torch.asinh(whole / scale), whole)
    mixture.mean.copy_(held.mean(dim=0))
    mixture.spread.copy_(held.std(dim=0).clamp(min=LEAST_SPREAD))
    few = slice(0, LISTS_OF_WEIGHTS)
    need = torch.from_numpy(lists.computed[few][..., [NAMES.index(name) for name in ASKED_FOR]].astype(np.float32))
    requested = torch.from_numpy(lists.computed[few][..., NAMES.index("requested")].astype(np.float32))
    corrections = torch.from_numpy(lists.corrections)
    scores = torch.from_numpy(mixture.normalised(np.moveaxis(raw.numpy(), -1, 0))).movedim(0, -1).contiguous()
    _weigh(
        mixture,
        scores[few],
        need,
        requested,
        corrections[few],
        even=kind not in ("weighted", NETWORK) or len(members) == 1,
    )
    recipe = Recipe(kind, tuple(members), mixture.eval())
    if kind == NETWORK and settings is not None:
        stacker = stacked(mixture, lists.computed, scores, corrections, settings, progress)
        recipe = replace(recipe, stacker=stacker)
    _calibrate(recipe, lists, columns)
    return recipe


def _weigh(
    mixture: Mixture, scores: Tensor, need: Tensor, requested: Tensor, corrections: Tensor, *, even: bool
) -> None:
    """Fit the weights to the likelihood of the liked items; none is below 0. ``even``: all members weigh alike."""
    members = scores.shape[-1]
    width = 1 if even else members
    free = torch.full((2, width), -0.5 if members > 1 else 0.5, requires_grad=True)
    needed = torch.zeros(len(ASKED_FOR), requires_grad=True)
    optimiser = torch.optim.LBFGS([free, needed], max_iter=STEPS, line_search_fn="strong_wolfe")
    asked = requested[:, 0] > 0
    parts = [
        (scores[~asked], None, corrections[~asked]),
        (scores[asked], need[asked], corrections[asked]),
    ]

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = 1e-4 * (free**2).sum() + 1e-4 * (needed**2).sum()
        for number, (own, wanted, correction) in enumerate(parts):
            if len(own):
                weights = nn.functional.softplus(free[number]).expand(members)
                logits = own @ weights + correction
                if wanted is not None:
                    logits = logits + wanted @ needed
                total = total + (logits.logsumexp(dim=1) - logits[:, 0]).sum() / len(scores)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        weights = nn.functional.softplus(free)
        mixture.plain.copy_(weights[0].expand(members))
        mixture.asked.copy_(weights[1].expand(members))
        mixture.need.copy_(needed)


def _calibrate(recipe: Recipe, lists: Lists, columns: Sequence[int]) -> None:
    """Fit slope and offset on lists without a request: the liked item, and one that was drawn from all."""
    rows = np.flatnonzero(lists.computed[:, 0, NAMES.index("requested")] == 0)
    rows = rows if len(rows) else np.arange(len(lists))
    pair = lists.computed[rows][:, [0, -1]].astype(np.float32), lists.raw[rows][:, [0, -1]][..., columns]
    logits = recipe.logits(np.moveaxis(pair[0], -1, 0), np.moveaxis(pair[1], -1, 0))
    slope, offset = slope_and_offset(logits[:, 0], logits[:, 1])
    recipe.mixture.get_buffer("slope").fill_(slope)
    recipe.mixture.get_buffer("offset").fill_(offset)
