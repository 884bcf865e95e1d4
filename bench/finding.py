"""What descriptions find: of judged shop queries, and of requests by use, person or problem.

Protocols: ``search`` as in bench.search; the requests of ``by_use.yaml`` over the demo shop, Recall@10 divided by
min(10, the right items), and the share of five cards divided likewise. Knows shops, prompts and figures; where the
model comes from, bench.teaching knows.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from bench.asking import TEMPERATURE, Model, over_seeds
from bench.search import Grades, judge
from chat.acts import read_acts
from chat.finding import Finder
from chat.known_requests import KnownRequests
from chat.need import Need
from chat.reading import is_refused
from chat.teaching.records import Language
from chat.understand import NEAR_ITEMS, parse_understanding, variables
from chat.unstated import as_described
from demo import asked, assortment
from ranking.errors import NoModel
from ranking.history import Events
from ranking.reranker import Untrained, open_reranker
from retrieval.filters import Filter
from retrieval.ground import Ask
from retrieval.items import Item
from retrieval.shop import Shop

BY_USE = Path(__file__).parent / "by_use.yaml"
DEEP = 10
CARDS = 5  # that a turn shows
KNOWN, LIVELY = 8, 8  # shoppers whose histories take part, of as many events at the least
SEED = 20261128

Descriptions = Mapping[str, tuple[str, ...]]  # of each query


def described(model: Model, shop: Shop, found: Descriptions) -> Descriptions:
    """What is searched with for each text as a first message: what the model describes, what others wanted, or
    nothing; see ``settled``.
    """
    known = known_to(model, shop)
    return found if known is None else {text: settled(shop, known, text, held) for text, held in found.items()}


def undecided(
    model: Model, shop: Shop, texts: Sequence[str], *, temperature: float = 0.0, seed: int = 0
) -> Descriptions:
    """What the model describes for each text as a first message."""
    vocabulary = shop.catalog.vocabulary()
    known = known_to(model, shop)
    given = [asked_of(shop, known, text, read_acts(text, Need(), vocabulary, ()).need) for text in texts]
    raw = model.ask(model.prompt("understand"), given, temperature=temperature, seed=seed)
    return {text: parse_understanding(one).descriptions for text, one in zip(texts, raw, strict=True)}


def settled(shop: Shop, known: KnownRequests, text: str, descriptions: Sequence[str]) -> tuple[str, ...]:
    """The descriptions, what others wanted in their place, or nothing, as ``chat.describing`` settles it."""
    want = read_acts(text, Need(), shop.catalog.vocabulary(), ()).need.current
    words = want.words or text
    found = shop.grounder.ground((), words, want.hard_filter(), DEEP)
    if found.matching and found.named:
        return ()
    return known.wanted(words).without(lambda kind: is_refused(kind, want)).settled(descriptions)


def known_to(model: Model, shop: Shop) -> KnownRequests | None:
    """The requests that the model was taught; None for one that was not."""
    return KnownRequests.load(model.adapter, shop.encoder.encode) if model.adapter else None


def asked_of(shop: Shop, known: KnownRequests | None, message: str, need: Need) -> dict[str, str]:
    """The prompt's variables as the assistant fills them in: with what the words alone find, and what others wanted."""
    want = need.current
    found = shop.grounder.ground((), want.words or message, want.hard_filter(), NEAR_ITEMS).candidates
    records = shop.catalog.many([one.item_id for one in found])
    leading = [records[one.item_id] for one in found if one.item_id in records]
    return variables(message, need, "", leading, known.wanted(want.words or message).kinds if known else ())


def seeded(model: Model, shop: Shop, texts: Sequence[str], seeds: Sequence[int]) -> list[Descriptions]:
    """What the model describes as it ships, and once for each seed."""
    return [
        undecided(model, shop, texts),
        *(undecided(model, shop, texts, temperature=TEMPERATURE, seed=seed) for seed in seeds),
    ]


def of_queries(
    name: str, model: Model, shop: Shop, grades: Grades, candidates: int, *, seeds: Sequence[int]
) -> dict[str, float]:
    """nDCG@10 and Recall@50 of what the model describes, alone, and of the query with what is searched with beside it:
    as it ships, and over seeds.
    """
    drawn = seeded(model, shop, sorted(grades), seeds)

    def found(query: str, descriptions: Descriptions, *, alone: bool) -> list[str]:
        words = "" if alone else query
        ask = Ask(descriptions[query], words, Filter(), candidates, trusted=model.taught)
        return [candidate.item_id for candidate in shop.grounder.ground_many([ask])[0].candidates]

    figures: dict[str, float] = {"query.ndcg@10": 0.0, "query.recall@50": 0.0}
    nothing: Descriptions = dict.fromkeys(grades, ())
    figures["query.ndcg@10"], figures["query.recall@50"] = judge(
        partial(found, descriptions=nothing, alone=False), grades
    )
    for part, alone in ((name, True), (f"{name}_fused", False)):
        held = drawn if alone else [described(model, shop, one) for one in drawn]
        each = [judge(partial(found, descriptions=one, alone=alone), grades) for one in held]
        for at, figure in enumerate(("ndcg@10", "recall@50")):
            figures[f"{part}.{figure}"] = each[0][at]
            if len(each) > 1:
                figures |= over_seeds(f"{part}_seeds.{figure}", [one[at] for one in each[1:]])
    return figures


@dataclass(frozen=True)
class Asked:
    """A request by use, person or problem, and the ids of the items that are right."""

    text: str
    sort: str
    right: frozenset[str]


def by_use(items: Sequence[Item], file: Path = BY_USE) -> list[Asked]:
    """The requests of the file, their kinds as items in stock."""
    held = asked.by_kind(assortment.departments(), items)
    by_name: dict[str, list[str]] = {}
    for (leaf, kind), held_ids in held.items():
        by_name.setdefault(kind, []).extend(held_ids)
        by_name[f"{leaf}/{kind}"] = held_ids
    records = {item.id: item for item in items}
    made = []
    for row in yaml.safe_load(file.read_text(encoding="utf-8")):
        right = [records[item_id] for kind in row["right"] for item_id in by_name[kind]]
        for name, values in row.get("with", {}).items():
            right = [item for item in right if set(item.attributes.get(name, ())) & set(map(str, values))]
        if ids := frozenset(item.id for item in right if item.in_stock):
            made.append(Asked(row["ask"], row["sort"], ids))
    return made


def of_uses(
    name: str, model: Model, shop: Shop, rerankers: Path, candidates: int, *, quick: bool, seeds: Sequence[int]
) -> dict[str, float]:
    """Recall@10 of the words alone, of the descriptions alone, and of both, under the need's own constraints; and what
    is right of the five cards that are shown.
    """
    requests = by_use(list(shop.catalog.all()))
    if quick:
        requests = random.Random(SEED).sample(requests, 40)
    raw = seeded(model, shop, [one.text for one in requests], seeds)
    drawn = [described(model, shop, one) for one in raw]
    words = recalls(shop, requests, None, candidates)
    both = [recalls(shop, requests, one, candidates, trusted=model.taught) for one in drawn]
    figures = {"by_use.words.recall@10": float(np.mean(words)), "by_use.requests": float(len(requests))}
    figures[f"by_use.{name}_alone.recall@10"] = float(np.mean(recalls(shop, requests, raw[0], candidates, alone=True)))
    figures[f"by_use.{name}_fused.recall@10"] = float(np.mean(both[0]))
    if model.taught:
        own = recalls(shop, requests, raw[0], candidates, trusted=True)
        figures[f"by_use.{name}_model_alone.recall@10"] = float(np.mean(own))  # the votes have no say
    if len(both) > 1:
        figures |= over_seeds(f"by_use.{name}_fused_seeds.recall@10", [float(np.mean(one)) for one in both[1:]])
    figures |= gain(f"by_use.{name}_gain", words, both[0])
    figures |= cards(f"by_use.{name}", shop, rerankers, requests, drawn[0], taught=model.taught)
    for sort in ("use", "person", "problem"):
        held = [at for at, one in enumerate(requests) if one.sort == sort]
        figures[f"by_use.{name}_gain.{sort}"] = float(np.mean([both[0][at] - words[at] for at in held]))
    return figures


def without_a_model(shop: Shop, rerankers: Path, candidates: int, *, quick: bool) -> dict[str, float]:
    """What descriptions could bring: the name of one right kind, drawn by the seed; and that of the written request
    of ``demo/requests`` that is nearest to the words, or that most of the nearest are for: what a model must beat to be
    worth its teaching.
    """
    items = list(shop.catalog.all())
    requests, language, records = by_use(items), Language(items), {item.id: item for item in items}
    if quick:
        requests = random.Random(SEED).sample(requests, 40)
    known = list(asked.requests(assortment.departments(), items))
    vectors = shop.encoder.encode([one["request"] for one in known])
    draw = random.Random(SEED)
    right: dict[str, tuple[str, ...]] = {}
    nearest: dict[str, tuple[str, ...]] = {}
    voted: dict[str, tuple[str, ...]] = {}
    of = [tuple(dict.fromkeys(language.kind(records[item_id]) for item_id in one["items"]))[:2] for one in known]
    votes = KnownRequests(vectors, of, shop.encoder.encode)
    for one in requests:
        kinds = sorted({language.kind(records[item_id]) for item_id in one.right})
        right[one.text] = (draw.choice(kinds),)
        best = known[int(np.argmax(vectors @ shop.encoder.encode([one.text])[0]))]
        nearest[one.text] = (language.kind(records[best["items"][0]]),)
        want = read_acts(one.text, Need(), shop.catalog.vocabulary(), ()).need.current
        voted[one.text] = votes.wanted(want.words or one.text).kinds[:1]
    return cards("by_use.words", shop, rerankers, requests, None) | {
        f"by_use.{what}_{how}.recall@10": float(
            np.mean(recalls(shop, requests, descriptions, candidates, trusted=how == "trusted"))
        )
        for what, descriptions in (("one_right_kind", right), ("nearest_request", nearest), ("votes", voted))
        for how in ("fused", "trusted")
    }


def recalls(
    shop: Shop,
    requests: Sequence[Asked],
    descriptions: Descriptions | None,
    candidates: int,
    *,
    alone: bool = False,
    trusted: bool = False,
) -> list[float]:
    """Recall@10 of each request, by its words and these descriptions; ``alone``: by the descriptions; ``trusted``: as
    a taught model's are.
    """
    vocabulary = shop.catalog.vocabulary()
    made = []
    for one in requests:
        reading = read_acts(one.text, Need(), vocabulary, ())
        want, texts = reading.need.current, descriptions[one.text] if descriptions is not None else ()
        if trusted:
            want = want.described(tuple(texts), taught=True)
            want = as_described(want, Filter(), one.text, shop.grounder, shop.catalog, implied=reading.implied)
        words = "" if alone else want.words or one.text
        ask = Ask(texts, words, want.hard_filter(), candidates, trusted)
        found = shop.grounder.ground_many([ask])[0].candidates[:DEEP]
        made.append(len(one.right & {held.item_id for held in found}) / min(DEEP, len(one.right)))
    return made


def cards(
    name: str,
    shop: Shop,
    rerankers: Path,
    requests: Sequence[Asked],
    descriptions: Descriptions | None,
    *,
    taught: bool = False,
) -> dict[str, float]:
    """The share of the cards that are right, as the trained reranker orders them: for a shopper of whom nothing is
    known, and for others by their histories, which must not take the place of what is asked for.
    """
    reranker = open_reranker(rerankers, shop.catalog, shop.index.vectors)
    if isinstance(reranker, Untrained):
        raise NoModel(f"There is no trained reranker in {rerankers}.")
    finder = Finder(shop.catalog, shop.grounder, reranker)
    events, vocabulary = Events(shop.connections), shop.catalog.vocabulary()
    lively = [shopper for shopper in sorted(events.shoppers()) if events.count(shopper) >= LIVELY]
    known = [events.of(shopper) for shopper in random.Random(SEED).sample(lively, KNOWN)]
    shares: dict[str, list[float]] = {"anyone": [], "known": []}
    for one in requests:
        keys = shop.catalog.variants(list(one.right))  # of one product one variant is shown
        most = min(CARDS, len({keys.get(item_id, item_id) for item_id in one.right}))
        reading = read_acts(one.text, Need(), vocabulary, ())
        want = reading.need.current
        if descriptions is not None and (texts := descriptions[one.text]):
            want = want.described(tuple(texts), taught=taught)
            want = finder.as_described(want, Filter(), one.text, implied=reading.implied)
        for who, history in (("anyone", []), *(("known", held) for held in known)):
            ranked = finder.find([want], history).groups[0].ranked
            shares[who].append(min(1.0, len(one.right & {held.item_id for held in ranked}) / most))
    return {f"{name}_cards.{who}.right@{CARDS}": float(np.mean(held)) for who, held in shares.items()}


def gain(name: str, before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """The mean difference, with the ends of its 95% bootstrap interval over the requests."""
    differences = np.array(after) - np.array(before)
    draws = np.random.default_rng(SEED).integers(0, len(differences), (2000, len(differences)))
    low, high = np.percentile(differences[draws].mean(axis=1), (2.5, 97.5))
    return {name: float(differences.mean()), f"{name}.low": float(low), f"{name}.high": float(high)}
