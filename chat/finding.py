"""Finding what fits the need: grounded to the catalogue, relaxed where nothing fits, ranked for the shopper.

Knows the need, the grounder and the reranker. Knows nothing of LLMs, of events or of wording.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chat.need import Need
from chat.relax import relaxations
from chat.want import Want
from ranking.history import Event
from ranking.reranker import Ranked, Reason, Reranker, Untrained
from ranking.rules import InForce
from retrieval.catalog import Catalog
from retrieval.filters import Filter
from retrieval.ground import Candidate, Grounder
from retrieval.items import Item

QUESTION_DEPTH = 6  # candidates that a question is chosen from, as a multiple of the cards
EXCLUDED_DEPTH = 5  # as many candidates are looked through where a rule excludes nearly all of them
SUPERLATIVE_RELEVANCE = 0.8  # of the best candidate's score: below it, "the cheapest" would be something else
CARRIED_COSINE = (
    0.42  # 30 asked-for things that the demo shop has reach 0.42 or share a word; 13 of 30 it has not do not
)
ORDER_REASONS = {
    "cheapest": "among the lowest priced that fit",
    "dearest": "among the highest priced that fit",
    "best_rated": "among the best rated that fit",
    "nearest": "nearest to the price you named",
}


@dataclass
class Found:
    """What one search found: the ranked few, their records, and where they came from."""

    ranked: list[Ranked] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    rank_ms: float = 0.0  # how long ordering them took
    carried: bool = True  # False where the shop seems to have no such thing at all
    leading: list[Item] = field(default_factory=list)  # more of the best, to choose a question from

    @property
    def shown(self) -> list[Item]:
        """The records in the order shown."""
        return [self.items[one.item_id] for one in self.ranked]


class Finder:
    """Finds the few items of a turn; one object serves every shopper at once."""

    def __init__(
        self,
        catalog: Catalog,
        grounder: Grounder,
        reranker: Reranker | Untrained,
        *,
        candidates: int = 200,
        cards: int = 5,
        diversity: float = 0.25,
        rules: Callable[[], InForce] = InForce,
    ) -> None:
        self._catalog = catalog
        self._grounder = grounder
        self._reranker = reranker
        self._candidates = candidates
        self._cards = cards
        self._diversity = diversity
        self._rules = rules

    @property
    def reranker_version(self) -> str:
        """Which reranker orders the items now."""
        return self._reranker.version

    def find(self, need: Need, history: Sequence[Event]) -> Found:
        """What fits the current want: grounded, relaxed where nothing satisfies it, ranked for this shopper."""
        want, rules = need.current, self._rules()
        asked, gave_up = want.hard_filter(), ""
        candidates = self._ground(want, asked, rules)
        if not candidates:
            for name, relaxed in relaxations(asked):
                candidates = self._ground(want, relaxed, rules)
                if candidates:
                    gave_up = name
                    break
        leading = [candidate.item_id for candidate in candidates[: self._cards * QUESTION_DEPTH]]
        begun = time.perf_counter()
        if want.order or gave_up == "price":
            ranked = self._ordered(want, candidates, gave_up, rules)
        else:
            ranked = self._reranker.rank(
                history, candidates, self._cards, self._diversity, request=want.words, rules=rules
            )
        rank_ms = round((time.perf_counter() - begun) * 1000, 1)
        items = self._catalog.many(list(dict.fromkeys([*(one.item_id for one in ranked), *leading])))
        # An item may have left the catalogue between two reads; it is simply not shown.
        ranked = [replace(one, mark=rules.mark(items[one.item_id])) for one in ranked if one.item_id in items]
        return Found(
            ranked,
            items,
            candidates,
            rank_ms=rank_ms,
            carried=carries(want, candidates),
            leading=[items[item_id] for item_id in leading if item_id in items],
        )

    def _ground(self, want: Want, limits: Filter, rules: InForce) -> tuple[Candidate, ...]:
        """What fits within the limits, without what a rule of the merchant excludes."""
        limits, allowed = rules.narrowed(limits), tuple[Candidate, ...]()
        for depth in (self._candidates, self._candidates * EXCLUDED_DEPTH):
            found = self._grounder.ground(want.descriptions, want.words, limits, depth).candidates
            if not rules.excluding:
                return found
            items = self._catalog.many([candidate.item_id for candidate in found])
            allowed = tuple(one for one in found if one.item_id in items and rules.allows(items[one.item_id]))
            if len(allowed) >= self._cards or len(found) < depth:
                break
        return allowed

    def _ordered(self, want: Want, candidates: Sequence[Candidate], gave_up: str, rules: InForce) -> list[Ranked]:
        """The few that a superlative names, or that come nearest to a price that nothing has: sorted by the records.

        "The cheapest tent" is answered from every tent that fits, by query; without a kind of thing to query for, from
        the candidates that are about as relevant as the best.
        """
        scores = {candidate.item_id: candidate.score for candidate in candidates}
        if (want.filter.categories or not want.words) and not gave_up:
            scores = dict.fromkeys(self._catalog.ids(rules.narrowed(want.hard_filter())), 0.0) | scores
        else:
            floor = SUPERLATIVE_RELEVANCE * max(scores.values(), default=0.0)
            scores = {item_id: score for item_id, score in scores.items() if score >= floor}
        items = [item for item in self._catalog.many(list(scores)).values() if rules.allows(item)]
        order = "nearest" if gave_up else want.order
        if order == "best_rated":
            held = sorted(items, key=lambda item: (-(item.rating or 0), -(item.rating_count or 0), item.id))
        else:
            bound = want.filter.highest if want.filter.highest is not None else want.filter.lowest
            sign = -1 if order == "dearest" else 1
            priced = [(item.price, item) for item in items if item.price is not None]
            distance = abs if order == "nearest" else (lambda difference: sign * difference)
            held = [
                item for price, item in sorted(priced, key=lambda pair: (distance(pair[0] - (bound or 0)), pair[1].id))
            ]
        reason = Reason("need", ORDER_REASONS[order])
        return [Ranked(item.id, scores[item.id], scores[item.id], reason) for item in held[: self._cards]]

    def pointed_at(self, item_ids: Sequence[str]) -> Found:
        """The shown items that the message speaks of, in the order in which it names them."""
        rules = self._rules()
        items = {id: item for id, item in self._catalog.many(item_ids).items() if rules.allows(item)}
        reason = Reason("need", "you asked about it")
        ranked = [Ranked(id, 1.0, 1.0, reason, rules.mark(items[id])) for id in item_ids if id in items]
        return Found(ranked, items)


def carries(want: Want, candidates: Sequence[Candidate]) -> bool:
    """Whether the shop seems to have the kind of thing that is asked for.

    A kind that the catalogue names is carried. Otherwise some item must share a word with what was asked, or at least
    mean something near to it. Where a constraint narrowed the candidates there is no telling, and so no such claim.
    """
    narrowed = want.filter.model_copy(update={"excluded_ids": (), "in_stock_only": True}) != Filter()
    if narrowed or not want.words or not candidates:
        return True
    found = [one for candidate in candidates for one in candidate.evidence if one.source == "query"]
    nearest = max((one.score for one in found if one.arm == "dense"), default=0.0)
    return any(one.arm == "lexical" for one in found) or nearest >= CARRIED_COSINE
