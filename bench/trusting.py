"""How far a taught description and what others wanted are trusted: the constants, each tried at several values.

On 110 requests by use (``by_use_tuning.yaml``, by a writer who saw the names of the aisles alone; none of those that
are measured) and on 160 in items' own words, where a description can only do harm. Knows the constants' places; what
they mean stands there.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from bench import finding
from bench.asking import Model
from chat import known_requests
from chat.acts import read_acts
from chat.need import Need
from chat.teaching import requests
from chat.teaching.records import Language
from chat.unstated import as_described
from retrieval import fusion, ground
from retrieval.filters import Filter
from retrieval.ground import Ask
from retrieval.shop import Shop

TUNING = Path(__file__).parent / "by_use_tuning.yaml"
NAMING = 160
SEED = 77
TRIED: tuple[tuple[ModuleType, str, tuple[float, ...]], ...] = (
    (fusion, "TRUSTED_WEIGHT", (0.6, 1.0, 1.6)),
    (ground, "NAMED", (0.02, 0.1, 0.2, 0.4)),
    (known_requests, "ALIKE", (0.0, 0.5, 0.6, 0.7)),
    (known_requests, "CLEAR", (0.1, 0.2, 0.3, 1.1)),
)


def tried(model: Model, shop: Shop, candidates: int) -> dict[str, float]:
    """Recall@10 by use and nDCG@10 in items' own words: of the words, of the votes or the model alone, of both as they
    are settled, and with each constant at other values.
    """
    items = list(shop.catalog.all())
    asked = finding.by_use(items, TUNING)
    named = list(requests.of_words(items, Language(items), random.Random(SEED), NAMING))
    texts = [*(one.text for one in asked), *(one.text for one in named)]
    raw = finding.undecided(model, shop, texts)
    known = finding.known_to(model, shop)
    assert known is not None
    vocabulary = shop.catalog.vocabulary()
    words = {text: read_acts(text, Need(), vocabulary, ()).need.current.words or text for text in texts}
    first = {text: known.wanted(words[text]).kinds[:1] for text in texts}

    def measured(name: str, held: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
        found = finding.recalls(shop, asked, held, candidates, trusted=True)
        return {
            f"trust.{name}.recall@10": float(np.mean(found)),
            f"trust.{name}.own_words_ndcg@10": own_words(shop, named, held, candidates),
        }

    figures = measured("words", dict.fromkeys(texts, ()))
    figures |= measured("votes_alone", first) | measured("model_alone", raw)
    for module, constant, values in TRIED:
        for value in values:
            with set_to(module, constant, value):
                held = {text: finding.settled(shop, known, text, raw[text]) for text in texts}
                figures |= measured(f"{constant}={value:g}", held)
    return figures


def own_words(
    shop: Shop, named: Sequence[requests.Request], held: Mapping[str, tuple[str, ...]], candidates: int
) -> float:
    """nDCG@10 of what has all of the words."""
    vocabulary, values = shop.catalog.vocabulary(), []
    for one in named:
        reading = read_acts(one.text, Need(), vocabulary, ())
        want = reading.need.current.described(held[one.text], taught=True)
        want = as_described(want, Filter(), one.text, shop.grounder, shop.catalog, implied=reading.implied)
        ask = Ask(held[one.text], want.words or one.text, want.hard_filter(), candidates, trusted=True)
        found = shop.grounder.ground_many([ask])[0].candidates[: finding.DEEP]
        gains = [1 / np.log2(rank + 2) for rank in range(finding.DEEP)]
        hits = sum(gain for gain, held_item in zip(gains, found, strict=False) if held_item.item_id in one.right)
        values.append(hits / sum(gains[: len(one.right)]))
    return float(np.mean(values))


@contextmanager
def set_to(module: ModuleType, constant: str, value: float) -> Iterator[None]:
    """The module with another value of the constant, within it."""
    before = getattr(module, constant)
    setattr(module, constant, value)
    try:
        yield
    finally:
        setattr(module, constant, before)
