"""Examples to learn from: histories with their next item, among other items that were not chosen.

Knows how the other items are drawn, and how requests are simulated. Knows nothing of networks.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.augmentation import Similar, varied
from ranking.behaviour import Split, Track
from ranking.features import NAMES, Features
from ranking.requests import Need, relevance_of, request_for
from ranking.settings import TrainingSettings
from ranking.update import Learned
from retrieval.items import Item

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
FEATURE_BATCH = 128


@dataclass(frozen=True)
class Example:
    track: Track  # what came before
    target: int
    whole: Track  # all that the relations counted of this shopper


def examples_of(
    parts: Split, settings: TrainingSettings, rng: np.random.Generator, learned: Learned | None = None
) -> list[Example]:
    """Likings of the training part with what came before; each shopper's latest first, until there are enough.

    ``learned``: the likings from these positions on are new, and all come before the others; of those no more than of
    the new ones, so that nothing is forgotten.
    """
    made = _latest(parts, learned or {}, settings.examples, rng)
    if learned is not None:
        older = replace(parts, train={own: track.until(learned[own]) for own, track in parts.train.items()})
        made += _latest(older, {}, min(len(made), settings.examples - len(made)), rng, whole=parts.train)
    return [made[int(at)] for at in rng.permutation(len(made))]


def _latest(
    parts: Split, first: Learned, count: int, rng: np.random.Generator, whole: Mapping[str, Track] | None = None
) -> list[Example]:
    """At most ``count`` likings from the positions ``first`` on, each shopper's latest first."""
    rounds: dict[int, list[Example]] = {}
    for shopper_id, track in parts.train.items():
        start = max(first.get(shopper_id, 0), 1)  # before the first there is no history
        likings = [int(at) for at in np.flatnonzero(track.weights >= parts.liked) if at >= start][::-1]
        own = whole[shopper_id] if whole else track
        for number, at in enumerate(likings):
            rounds.setdefault(number, []).append(Example(track.until(at), int(track.places[at]), own))
    made: list[Example] = []
    for number in sorted(rounds):
        room = count - len(made)
        order = rng.permutation(len(rounds[number]))[:room]
        made += [rounds[number][int(at)] for at in order]
    return made


def augmented(examples: Sequence[Example], features: Features, settings: TrainingSettings) -> Sequence[Example]:
    """The examples, a share of them with another history than the shopper's own; what is foretold stays."""
    if not settings.augment:
        return examples
    rng = np.random.default_rng([settings.seed, 1])  # of its own, so that all other draws are as without
    similar = Similar(features.relations.near, features.flows.transitions)
    made = []
    for example in examples:
        if rng.random() < settings.augmented:
            barred = {example.target, *(int(place) for place in example.whole.places)}
            example = replace(example, track=varied(example.track, settings.augment, similar, barred, rng))
        made.append(example)
    return made


def lists(
    features: Features,
    items: Sequence[Item],
    examples: Sequence[Example],
    encode: Encode,
    settings: TrainingSettings,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Features [examples, m, F] of the target (first) and other items, and corrections [examples, m] of their logits.

    The hard items are there for certain, the random ones stand for all the rest: each counts as many times as it
    stands for, so that the loss estimates the softmax over the whole catalogue.
    """
    n = len(features.table)
    examples = augmented(examples, features, settings)
    asked = rng.random(len(examples)) < settings.requested
    targets = [example.target for example in examples]
    texts = [request_for(items[at], settings.seed) for at in asked_for(features, targets, settings.loosely, rng)]
    wanted = sorted({text for text, with_request in zip(texts, asked, strict=True) if with_request})
    progress("reading simulated requests", 0, 1)
    encoded = encode(wanted) if wanted else np.zeros((0, features.table.vectors.shape[1]), np.float32)
    row = {text: number for number, text in enumerate(wanted)}
    hard, top, drawn = (min(count, n // 4) for count in (settings.hard, settings.asked, settings.random))
    inputs, corrections = [], []
    for start in range(0, len(examples), FEATURE_BATCH):
        progress("preparing examples", start, len(examples))
        part = examples[start : start + FEATURE_BATCH]
        tracks = [example.track for example in part]
        following = features.following(tracks) + 1e-6 * rng.random((len(part), n), dtype=np.float32)
        like = features.likeness(tracks)
        vectors = np.stack(
            [
                encoded[row[texts[at]]] if asked[at] else np.zeros(encoded.shape[1], np.float32)
                for at in range(start, start + len(part))
            ]
        )
        relevance = relevance_of(vectors @ features.table.vectors.T)
        named = features.table.words.shares(texts[start : start + len(part)])
        places = np.zeros((len(part), 1 + hard + top + drawn), dtype=np.int64)
        correction = np.zeros(places.shape, dtype=np.float32)
        for number, example in enumerate(part):
            places[number], correction[number] = _others(
                example,
                following[number],
                like[number],
                relevance[number] + named[number] if asked[start + number] else None,
                hard,
                top,
                drawn,
                rng,
            )
        with_request = asked[start : start + len(part)]
        need = Need(
            np.take_along_axis(relevance, places, axis=1) * with_request[:, None],
            np.take_along_axis(named, places, axis=1) * with_request[:, None],
        )
        made = features.compute(tracks, places, need, [example.whole for example in part])
        made[NAMES.index("requested")] = with_request[:, None]
        inputs.append(made.transpose(1, 2, 0).astype(np.float16))
        corrections.append(correction)
    return np.concatenate(inputs), np.concatenate(corrections)


def asked_for(features: Features, targets: Sequence[int], share: float, rng: np.random.Generator) -> list[int]:
    """Place of the item whose words make each target's request: its own, or for a share one that is near it by text.

    Shoppers seldom use the very words of the item that they end up liking; a model that only saw such requests would
    trust in words alone.
    """
    places = []
    for target, loosely in zip(targets, rng.random(len(targets)) < share, strict=True):
        near = features.relations.near[target].indices if loosely else ()
        places.append(int(rng.choice(near)) if len(near) else target)
    return places


def _others(
    example: Example,
    following: NDArray[np.float32],
    like: NDArray[np.float32],
    answers: NDArray[np.float32] | None,
    hard: int,
    top: int,
    drawn: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places of the target and of the others, and the corrections of their logits."""
    free = np.ones(len(following), dtype=bool)
    free[example.whole.places] = False
    free[example.track.places] = False
    third = hard // 3
    ranked = [(following, hard - third), (like, third), (following if answers is None else answers, top)]
    return listed(example.target, free, ranked, drawn, rng)


def listed(
    target: int,
    free: NDArray[np.bool_],
    ranked: Sequence[tuple[NDArray[np.float32], int]],
    drawn: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places of the target and of others that are ``free``, and the corrections of their logits.

    Of each of ``ranked``, scores [n] and a count, the best that are still free are taken for certain; ``drawn`` more
    stand for all the rest. ``free`` [n] is changed.
    """
    free[target] = False
    chosen = [np.array([target])]
    for scores, count in ranked:
        held = np.argpartition(np.where(free, -scores, np.inf), count - 1)[:count] if count else np.zeros(0, np.int64)
        free[held] = False
        chosen.append(held)
    rest = np.flatnonzero(free)
    chosen.append(rng.choice(rest, drawn, replace=len(rest) < drawn))
    places = np.concatenate(chosen)
    correction = np.zeros(len(places), dtype=np.float32)
    correction[len(places) - drawn :] = math.log(max(len(rest), 1) / max(drawn, 1))
    return places, correction
