"""Finding what fits the need: grounded to the catalogue, relaxed where nothing fits, ranked for the shopper.

Knows wants, the grounder, the reranker, the merchant's rules and which items are variants of one product. Knows nothing
of LLMs, of events or of wording.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chat.found import Found, Group
from chat.relax import relaxations
from chat.want import Want
from ranking.history import Event
from ranking.reranker import Ranked, Reason, Reranker, Untrained
from ranking.rules import InForce
from retrieval.catalog import Catalog
from retrieval.facts import Facts
from retrieval.filters import Filter
from retrieval.ground import Candidate, Grounder
from retrieval.items import Item
from retrieval.variants import variant_key, varying

QUESTION_DEPTH = 6  # candidates that a question is chosen from, as a multiple of the cards
VARIANT_DEPTH = 4  # items ranked for each card, so that enough are left when a product's variants are one
LEAST_CARDS = 2  # for each of several wants
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

    def find(self, wants: Sequence[Want], history: Sequence[Event], pointed: Sequence[str] = ()) -> Found:
        """What fits each want: grounded, relaxed where nothing satisfies it, ranked for this shopper.

        The cards are shared out among several wants, at least two each. ``pointed``: ids of shown items that the
        message speaks of; another variant of them comes first ("the second one in blue").
        """
        rules, found, taken = self._rules(), Found(), set[str]()
        share, more = divmod(self._cards, len(wants))
        for number, want in enumerate(wants):
            count = self._cards if len(wants) == 1 else max(LEAST_CARDS, share + (number < more))
            group = self._group(want, count, history, pointed, taken, rules, found)
            taken.update(one.item_id for one in group.ranked)
            found.groups.append(group)
        return found

    def facts(self, want: Want) -> Facts:
        """The catalogue's facts of all items that the want's filter lets through, less what a rule excludes."""
        rules = self._rules()
        limits = rules.narrowed(want.filter)
        paths = self._catalog.vocabulary().categories
        allowed = tuple(path for path in paths if rules.allows(Item(id="-", title="-", category=path)))
        if len(allowed) < len(paths):
            within = limits.categories or ((),)
            limits = limits.model_copy(
                update={"categories": tuple(path for path in allowed if any(path[: len(p)] == p for p in within))}
            )
        return self._catalog.facts(limits)

    def _group(
        self,
        want: Want,
        count: int,
        history: Sequence[Event],
        pointed: Sequence[str],
        taken: set[str],
        rules: InForce,
        found: Found,
    ) -> Group:
        """The cards of one want; ``taken`` are on show for another want already."""
        asked, gave_up = want.hard_filter(), ""
        candidates = self._ground(want, asked, rules)
        if not candidates:
            for name, relaxed in relaxations(asked):
                candidates = self._ground(want, relaxed, rules)
                if candidates:
                    gave_up = name
                    break
        candidates = tuple(candidate for candidate in candidates if candidate.item_id not in taken)
        leading = [candidate.item_id for candidate in candidates[: count * QUESTION_DEPTH]]
        begun, deep = time.perf_counter(), count * VARIANT_DEPTH
        if want.order or gave_up == "price":
            ranked = self._ordered(want, candidates, gave_up, deep, rules)
        else:
            ranked = self._reranker.rank(history, candidates, deep, self._diversity, request=want.words, rules=rules)
        found.rank_ms = round(found.rank_ms + (time.perf_counter() - begun) * 1000, 1)
        known = (*(one.item_id for one in ranked), *leading, *pointed, *want.refused_ids)
        items = self._catalog.many(list(dict.fromkeys(known)))
        # An item may have left the catalogue between two reads; it is simply not shown.
        ranked = [one for one in ranked if one.item_id in items]
        # Who refused it in one colour has no use for another; unless nothing else is left.
        refused = {variant_key(items[item_id]) for item_id in want.refused_ids if item_id in items}
        ranked = [one for one in ranked if variant_key(items[one.item_id]) not in refused] or ranked
        if pointed:
            keys = {variant_key(items[item_id]) for item_id in pointed if item_id in items}
            ranked.sort(key=lambda one: variant_key(items[one.item_id]) not in keys)
        ranked = one_of_each([(one, items[one.item_id]) for one in ranked])[:count]
        return Group(
            want,
            [replace(one, mark=rules.mark(items[one.item_id])) for one in ranked],
            items,
            candidates,
            carried=carries(want, candidates),
            leading=[items[item_id] for item_id in leading if item_id in items],
            variants=self._variants([items[one.item_id] for one in ranked], candidates),
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

    def _variants(self, shown: Sequence[Item], candidates: Sequence[Candidate]) -> dict[str, list[Item]]:
        """The other variants of each shown item that are in stock."""
        siblings = self._catalog.many([candidate.item_id for candidate in candidates])
        keys = {item.id: variant_key(item) for item in shown}
        by_key: dict[str, list[Item]] = {}
        for item in siblings.values():
            by_key.setdefault(variant_key(item), []).append(item)
        return {
            item.id: [
                other
                for other in by_key.get(keys[item.id], [])
                if other.id != item.id and other.in_stock and varying(other) != varying(item)
            ]
            for item in shown
        }

    def _ordered(
        self, want: Want, candidates: Sequence[Candidate], gave_up: str, most: int, rules: InForce
    ) -> list[Ranked]:
        """The few that a superlative names, or that come nearest to a price that nothing has: sorted by the records.

        "The cheapest tent" is answered from every tent that fits, by query; where the filter does not say all that was
        asked for, from the candidates that are about as relevant as the best.
        """
        scores = {candidate.item_id: candidate.score for candidate in candidates}
        if want.is_exact and not gave_up:
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
        return [Ranked(item.id, scores[item.id], scores[item.id], reason) for item in held[:most]]

    def pointed_at(self, item_ids: Sequence[str]) -> Found:
        """The shown items that the message speaks of, in the order in which it names them."""
        rules = self._rules()
        items = {id: item for id, item in self._catalog.many(item_ids).items() if rules.allows(item)}
        reason = Reason("need", "you asked about it")
        ranked = [Ranked(id, 1.0, 1.0, reason, rules.mark(items[id])) for id in item_ids if id in items]
        return Found([Group(Want(), ranked, items)])


def one_of_each(ranked: Iterable[tuple[Ranked, Item]]) -> list[Ranked]:
    """Of the variants of one product only the first.

    Items that share a key and the very same colour and size differ in something that no record says: both stay.
    """
    kept: list[Ranked] = []
    first: dict[str, Item] = {}
    for one, item in ranked:
        held = first.setdefault(variant_key(item), item)
        if held is item or varying(held) == varying(item):
            kept.append(one)
    return kept


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
