"""Finding what fits the need: grounded to the catalogue, relaxed where nothing fits, ranked for the shopper.

Knows wants, the grounder, the reranker, the merchant's rules and which items are variants of one product. Knows nothing
of LLMs, of events or of wording.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from chat.found import Found, Group
from chat.known_requests import KnownRequests, Voted
from chat.relax import relaxations
from chat.things import owner
from chat.unstated import as_described
from chat.want import Want
from chat.words import singular, tokens
from ranking.history import Event
from ranking.reranker import Ranked, Reason, Reranker, Untrained
from ranking.rules import InForce
from retrieval.catalog import Catalog
from retrieval.facts import Facts
from retrieval.filters import Filter
from retrieval.ground import CARRIED_THRESHOLD, Ask, Candidate, Grounder, Grounding
from retrieval.items import Item
from retrieval.orders import Order
from retrieval.variants import MOST_VARIANTS, varying

QUESTION_DEPTH = 6  # candidates that a question is chosen from, as a multiple of the cards
VARIANT_DEPTH = 4  # items ranked for each card, so that enough are left when a product's variants are one
LEAST_CARDS = 2  # for each of several wants
FRESH_RELEVANCE = 0.5  # of the best's: what is less relevant does not come before what was seen already
SUPERLATIVE_RELEVANCE = 0.8  # of the best candidate's score: below it, "the cheapest" would be something else
ORDER_REASONS = {
    "cheapest": "among the lowest priced that fit",
    "dearest": "among the highest priced that fit",
    "best_rated": "among the best rated that fit",
    "nearest": "nearest to the price you named",
}


Arrange = Callable[[Sequence[Ranked]], list[Ranked]]


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
        diversity: float = 0.1,
        rules: Callable[[], InForce] = InForce,
        known: KnownRequests | None = None,
    ) -> None:
        self._catalog = catalog
        self._grounder = grounder
        self._reranker = reranker
        self._candidates = candidates
        self._cards = cards
        self._diversity = diversity
        self._rules = rules
        self._known = known

    @property
    def reranker_version(self) -> str:
        """Which reranker orders the items now."""
        return self._reranker.version

    def find(
        self,
        wants: Sequence[Want],
        history: Sequence[Event],
        pointed: Sequence[str] = (),
        *,
        cards: int = 0,
        arrange: Arrange | None = None,
    ) -> Found:
        """What fits each want: grounded, relaxed where nothing satisfies it, ranked for this shopper.

        The cards are shared out among several wants, at least two each. ``pointed``: ids of shown items that the
        message speaks of; another variant of them comes first ("the second one in blue"). ``cards``: so many instead
        of the usual number. ``arrange``: has the last word on the order of what was ranked, the merchant's rules apart.
        """
        rules, found, taken = self._rules(), Found(), set[str]()
        cards = cards or self._cards
        share, more = divmod(cards, len(wants))
        groundings = self._grounder.ground_many([self._ask(want, want.hard_filter(), rules) for want in wants])
        for number, (want, grounding) in enumerate(zip(wants, groundings, strict=True)):
            count = cards if len(wants) == 1 else max(LEAST_CARDS, share + (number < more))
            others = [other for other in wants if other is not want]
            group = self._group(want, others, grounding, count, history, pointed, taken, rules, found, arrange)
            taken.update(one.item_id for one in group.ranked)
            found.groups.append(group)
        return found

    def asked_alike(self, request: str) -> Voted:
        """What those wanted who asked like this, as the shop's model was taught; nothing where it was not."""
        return self._known.wanted(request) if self._known else Voted()

    def as_described(self, want: Want, before: Filter, message: str, *, implied: bool) -> Want:
        """The want less what the message seems to ask and nothing like what is described has (``chat.unstated``)."""
        return as_described(want, before, message, self._grounder, self._catalog, implied=implied)

    def knows(self, text: str) -> bool:
        """Whether an item holds a word of the text, or the shop seems to have such a thing."""
        ask = Ask((), text, Filter(), LEAST_CARDS)
        grounding = self._grounder.ground_many([ask])[0]
        by_words = any(held.score > 0 for one in grounding.candidates for held in one.evidence if held.arm == "lexical")
        return by_words or (bool(grounding.candidates) and grounding.carried >= CARRIED_THRESHOLD)

    def names(self, words: str) -> bool:
        """Whether the words alone name what the shop has."""
        return self._grounder.ground_many([Ask((), words, Filter(), LEAST_CARDS)])[0].named

    def facts(self, want: Want) -> Facts:
        """The catalogue's facts of all items that the want's filter lets through, less what a rule excludes."""
        return self._catalog.facts(self._rules().narrowed(want.filter))

    def _group(
        self,
        want: Want,
        others: Sequence[Want],
        grounding: Grounding,
        count: int,
        history: Sequence[Event],
        pointed: Sequence[str],
        taken: set[str],
        rules: InForce,
        found: Found,
        arrange: Arrange | None,
    ) -> Group:
        """The cards of one want; ``taken`` are on show for another want already."""
        asked, gave_up, candidates = want.hard_filter(), tuple[str, ...](), grounding.candidates
        named, described = grounding.named and bool(grounding.matching), grounding.described
        if not candidates:
            for names, relaxed in relaxations(asked):
                if not self._catalog.columns().mask(rules.narrowed(relaxed)).any():
                    continue
                wider = self._grounder.ground_many([self._ask(want, relaxed, rules)])[0]
                if candidates := wider.candidates:
                    asked, gave_up, named, described = relaxed, names, wider.named, wider.described
                    break
        if history and not want.words and not want.similar_to and not want.order:
            candidates = self._suggested(want, history, candidates, rules.narrowed(asked))
        candidates = tuple(candidate for candidate in candidates if candidate.item_id not in taken)
        if others and not want.filter.categories:
            candidates = self._own(grounding.corrected or want.name, others, candidates)
        leading = [candidate.item_id for candidate in candidates[: count * QUESTION_DEPTH]]
        begun, deep = time.perf_counter(), count * VARIANT_DEPTH + len(want.seen_ids)
        if want.order or "price" in gave_up:
            ranked = self._ordered(want, asked, candidates, "price" in gave_up, deep, rules)
        else:
            ranked = self._reranker.rank(
                history, candidates, deep, self._diversity, request=want.words,
                described=want.descriptions if described else (), rules=rules,
            )  # fmt: skip
            if arrange is not None and not rules.ordering:
                ranked = arrange(ranked)
        found.rank_ms = round(found.rank_ms + (time.perf_counter() - begun) * 1000, 1)
        known = (*(one.item_id for one in ranked), *leading, *pointed, *want.refused_ids)
        items = self._catalog.many(list(dict.fromkeys(known)))
        # An item may have left the catalogue, or become too dear, since it was found among the columns of a moment ago;
        # it is simply not shown.
        limits = rules.narrowed(asked)
        fitting = {item_id for item_id, item in items.items() if limits.matches(item)}
        ranked = [one for one in ranked if one.item_id in fitting]
        keys = self._catalog.variants(list(items))
        # Who refused it in one colour has no use for another; unless nothing else is left.
        refused = {keys[item_id] for item_id in want.refused_ids if item_id in keys}
        ranked = [one for one in ranked if keys.get(one.item_id) not in refused] or ranked
        if not want.order and not pointed:
            ranked = fresh_first(ranked, want)
        if pointed:
            meant = {keys[item_id] for item_id in pointed if item_id in keys}
            ranked.sort(key=lambda one: keys.get(one.item_id) not in meant)
        first = [one.item_id for one in ranked]
        ranked = one_of_each(ranked, items, keys)[:count]
        return Group(
            want,
            [replace(one, mark=rules.mark(items[one.item_id])) for one in ranked],
            items,
            candidates,
            carried=self._carries(want, grounding, rules, alone=not others),
            named=named,
            near=bool(want.words)
            and not want.filter.categories
            and grounding.carried < CARRIED_THRESHOLD
            and not self._is_described(want, grounding),
            corrected=grounding.corrected,
            gave_up=gave_up,
            leading=[items[item_id] for item_id in leading if item_id in fitting],
            variants=self._variants([items[one.item_id] for one in ranked], rules),
            first=first,
        )

    def _suggested(
        self, want: Want, history: Sequence[Event], found: Sequence[Candidate], limits: Filter
    ) -> tuple[Candidate, ...]:
        """Candidates for who is known and names nothing: what is popular, what an LLM described for them, and what
        others had after the same things. None of it was asked for: the history alone orders it. Where nothing is known
        of what follows what, they stay as ``found``.
        """
        followed = self._reranker.followed(history, self._candidates)
        columns = self._catalog.columns()
        rows = columns.rows_of_ids(followed)
        fitting = set(columns.ids[rows[columns.mask(limits)[rows]]].tolist())
        if not fitting:
            return tuple(found)
        popular = self._grounder.ground((), "", limits, self._candidates).candidates if want.descriptions else found
        ids = [candidate.item_id for candidate in (*popular, *(found if want.descriptions else ()))]
        ids += [item_id for item_id in followed if item_id in fitting]
        return tuple(Candidate(item_id, 1.0, ()) for item_id in dict.fromkeys(ids))

    def _carries(self, want: Want, grounding: Grounding, rules: InForce, *, alone: bool) -> bool:
        """Whether the shop seems to have the kind of thing that is asked for, by the grounder's confidence.

        Where a constraint narrowed the candidates, all that the shop has is looked through for a thing of that name.
        """
        if not want.words or want.filter.categories or grounding.carried >= CARRIED_THRESHOLD:
            return True
        if self._is_described(want, grounding):
            return True
        if want.filter.model_copy(update={"excluded_ids": (), "in_stock_only": True}) != Filter():
            if not alone or not want.topic or want.name != want.words:
                return True  # the words tell more than a kind of thing: of them there is no telling
            (grounding,) = self._grounder.ground_many([Ask((), want.words, rules.narrowed(Filter()), LEAST_CARDS)])
        return not grounding.candidates or grounding.carried >= CARRIED_THRESHOLD

    @staticmethod
    def _is_described(want: Want, grounding: Grounding) -> bool:
        """Whether an LLM that was taught on the shop says what the words leave open."""
        return want.taught and bool(want.descriptions) and want.is_open and not grounding.named

    def _own(self, name: str, others: Sequence[Want], candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """The candidates less those of the kind of another want, unless they have this one's own word."""
        word = singular(name.lower()).rpartition(" ")[2]
        items = self._catalog.many([candidate.item_id for candidate in candidates])
        return tuple(
            candidate
            for candidate in candidates
            if (item := items.get(candidate.item_id)) is not None
            and (owner(item, others) is None or word in {singular(token.text) for token in tokens(item.title)})
        )

    def _ask(self, want: Want, limits: Filter, rules: InForce) -> Ask:
        trusted = want.taught and not want.similar_to
        return Ask(want.descriptions, want.words, rules.narrowed(limits), self._candidates, trusted)

    def _variants(self, shown: Sequence[Item], rules: InForce) -> dict[str, list[Item]]:
        """The other variants of each shown item that are in stock, whatever was asked for."""
        siblings = self._catalog.siblings([item.id for item in shown], MOST_VARIANTS)
        records = self._catalog.many([other for others in siblings.values() for other in others])
        held = {item_id: item for item_id, item in records.items() if item.in_stock and rules.allows(item)}
        return {
            item.id: [
                held[other]
                for other in siblings.get(item.id, ())
                if other in held and varying(held[other]) != varying(item)
            ]
            for item in shown
        }

    def _ordered(
        self, want: Want, limits: Filter, candidates: Sequence[Candidate], dearer: bool, most: int, rules: InForce
    ) -> list[Ranked]:
        """The few that a superlative names, or that come nearest to a price that nothing has.

        "The cheapest tent" is answered from every tent that fits, by query; where the filter does not say all that was
        asked for, from the candidates that are about as relevant as the best.
        """
        order: Order = "nearest" if dearer else want.order or "nearest"
        bound = want.filter.highest if want.filter.highest is not None else want.filter.lowest
        scores = {candidate.item_id: candidate.score for candidate in candidates}
        among = None
        if not want.is_exact or limits.categories != want.filter.categories:
            floor = SUPERLATIVE_RELEVANCE * max(scores.values(), default=0.0)
            among = [item_id for item_id, score in scores.items() if score >= floor]
        ids = self._catalog.ordered(rules.narrowed(limits), order, near=bound or Decimal(0), among=among)
        held: list[Item] = []
        while len(held) < most and (some := list(islice(ids, most))):
            records = self._catalog.many(some).values()
            held += [item for item in records if rules.allows(item) and limits.matches(item)]
        reason = Reason("need", ORDER_REASONS[order])
        return [Ranked(item.id, scores.get(item.id, 0.0), scores.get(item.id, 0.0), reason) for item in held[:most]]

    def pointed_at(self, item_ids: Sequence[str]) -> Found:
        """The shown items that the message speaks of, in the order in which it names them."""
        rules = self._rules()
        items = {id: item for id, item in self._catalog.many(item_ids).items() if rules.allows(item)}
        reason = Reason("need", "you asked about it")
        ranked = [Ranked(id, 1.0, 1.0, reason, rules.mark(items[id])) for id in item_ids if id in items]
        return Found([Group(Want(), ranked, items, variants=self._variants(list(items.values()), rules))])


def fresh_first(ranked: Sequence[Ranked], want: Want) -> list[Ranked]:
    """What was not shown before first, where it is nearly as relevant; what was passed over only where all was.

    Nothing is hidden by it: a shopper who narrows a choice down to what they have seen sees that again.
    """
    kept = [one for one in ranked if one.item_id not in want.passed_ids] or list(ranked)
    floor = FRESH_RELEVANCE * max((one.relevance for one in kept), default=0.0)
    fresh = [one for one in kept if one.item_id not in want.seen_ids and one.relevance >= floor]
    return [*fresh, *(one for one in kept if one not in fresh)]


def one_of_each(ranked: Iterable[Ranked], items: Mapping[str, Item], keys: Mapping[str, str]) -> list[Ranked]:
    """Of the variants of one product only the first; ``keys`` are the items' variant keys.

    Items that share a key and the very same colour and size differ in something that no record says: both stay.
    """
    kept: list[Ranked] = []
    first: dict[str, Item] = {}
    for one in ranked:
        item = items[one.item_id]
        held = first.setdefault(keys.get(item.id, item.id), item)
        if held is item or varying(held) == varying(item):
            kept.append(one)
    return kept
