"""What the shopper wants, as far as it is understood: wants with their filters, and the tags that show them.

Pure data and edits of it. Knows nothing of messages (``chat.need`` reads those) nor of items beyond their filter.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chat.events import Tag
from chat.money import price_text
from chat.words import FILLERS, singular, tokens
from retrieval.filters import PRICE_BOUNDS, Filter

Order = Literal["", "cheapest", "dearest", "best_rated"]
MOST_SEEN = 60  # ids of shown items that are remembered for a want; the oldest go first
LONGEST_NAME = 3  # words; what is longer is a story rather than the name of a thing
_ORDER_LABELS: dict[str, str] = {"cheapest": "cheapest first", "dearest": "dearest first", "best_rated": "best rated"}


class Want(BaseModel):
    """One thing that is wanted. Its filter is its own: a cap meant for shoes does not follow to a sweater."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = ""  # what to search for, cleaned of what the filter already says
    topic: str = ""  # the thing itself in singular, e.g. "tent"; "" where the message names none
    descriptions: tuple[str, ...] = ()  # texts of items that would fit: the LLM's, or an item's that it shall resemble
    taught: bool = False  # whether the descriptions are of an LLM that was taught on this shop
    asked_alike: bool = False  # whether the shop knows of a request much like it (``chat.known_requests``)
    filter: Filter = Filter()
    refused_ids: tuple[str, ...] = ()  # "not this"
    similar_to: tuple[str, ...] = ()  # ids of shown items that it shall resemble
    seen_ids: tuple[str, ...] = ()  # shown for it before; what was not comes first
    passed_ids: tuple[str, ...] = ()  # of these, those over which something else was asked for: "cheaper"
    order: Order = ""
    asked_in: int = 0  # the message (counted from 1) that asked for it along with other things; 0: on its own

    @property
    def name(self) -> str:
        """What to call it: the shopper's words where they are few, else its thing, else the shop's name for it."""
        words = [singular(word) for word in self.words.lower().split()]
        if self.topic and len(words) <= LONGEST_NAME and words[-1:] == self.topic.split()[-1:]:
            return self.words
        return self.topic or " or ".join(path[-1].lower() for path in _by_leaf(self.filter.categories)) or self.words

    @property
    def names_a_thing(self) -> bool:
        """True if its words are a short noun phrase that ends in a thing: "folding chair", not "cold at night"."""
        return bool(self.topic) and self.name == self.words

    @property
    def is_open(self) -> bool:
        """True if the shop knows of a request like it, and its words tell of something ("keep my tea hot") and name no
        thing, as "a drone for my nephew" does.
        """
        words = [singular(token.text) for token in tokens(self.words)]
        before = next((place for place, token in enumerate(tokens(self.words)) if token.text in FILLERS), len(words))
        if not self.asked_alike or self.names_a_thing:
            return False
        return before == len(words) or not set(self.topic.split()) & set(words[:before])

    @property
    def is_exact(self) -> bool:
        """True if the filter says all that the words do, so that a query over the catalogue can answer for it."""
        named = {singular(token.text) for path in self.filter.categories for part in path for token in tokens(part)}
        named |= set(self.topic.split()) if self.filter.categories else set()
        return not self.similar_to and all(
            singular(token.text) in named or token.text in FILLERS for token in tokens(self.words)
        )

    def described(self, descriptions: tuple[str, ...], *, taught: bool, asked_alike: bool = False) -> "Want":
        """The want with an LLM's descriptions of items that would fit."""
        return self.model_copy(update={"descriptions": descriptions, "taught": taught, "asked_alike": asked_alike})

    def spelt(self, corrected: str) -> "Want":
        """The want in the words that it was searched with; its thing follows where it ended them."""
        ends = bool(self.topic) and singular(self.words.lower()).endswith(self.topic)
        topic = singular(corrected.lower()).rpartition(" ")[2] if ends else self.topic
        return self.model_copy(update={"words": corrected, "topic": topic})

    def having_seen(self, item_ids: Sequence[str], *, passed: bool) -> "Want":
        """The want after another message; ``passed``: it asks for other things than these items."""
        seen = tuple(dict.fromkeys((*self.seen_ids, *item_ids)))[-MOST_SEEN:]
        gone = tuple(dict.fromkeys((*self.passed_ids, *(item_ids if passed else ()))))[-MOST_SEEN:]
        return self.model_copy(update={"seen_ids": seen, "passed_ids": gone})

    def hard_filter(self) -> Filter:
        """The filter to search with: the constraints, less what was refused and what it shall merely resemble."""
        hidden = dict.fromkeys((*self.filter.excluded_ids, *self.refused_ids, *self.similar_to))
        return self.filter.model_copy(update={"excluded_ids": tuple(hidden)})

    @property
    def is_empty(self) -> bool:
        """True if nothing is known of what is wanted."""
        told = {"seen_ids": (), "passed_ids": (), "taught": False, "asked_alike": False}
        return self.model_copy(update=told) == _NOTHING


_NOTHING = Want()


class Need(BaseModel):
    """All that is wanted in a session; the last want is the current one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wants: tuple[Want, ...] = (Want(),)
    currency: str = ""  # the shop's, for the labels
    asked: tuple[str, ...] = ()  # names of questions that were asked, never to be asked again
    asked_at: int = 0  # the message (counted from 1) after which the latest of them was asked
    indifferent: tuple[str, ...] = ()  # attribute names, "brand" or "price" that the shopper does not mind
    turns: int = Field(0, ge=0)  # messages read so far

    @property
    def current(self) -> Want:
        return self.wants[-1]

    @property
    def together(self) -> tuple[Want, ...]:
        """The wants that one message asked for together with the current one, in its order; else only that one."""
        if not self.current.asked_in:
            return (self.current,)
        return tuple(want for want in self.wants if want.asked_in == self.current.asked_in)

    def with_current(self, want: Want) -> "Need":
        """The need with its current want replaced."""
        return self.model_copy(update={"wants": (*self.wants[:-1], want)})

    def spelt(self, corrected: Mapping[str, str]) -> "Need":
        """The need with wants' words replaced by what they were searched as; the keys are words as they were typed."""
        wants = tuple(want.spelt(corrected[want.words]) if want.words in corrected else want for want in self.wants)
        return self.model_copy(update={"wants": wants})

    def with_asked(self, name: str) -> "Need":
        """The need that remembers a question."""
        return self.model_copy(update={"asked": tuple(dict.fromkeys((*self.asked, name))), "asked_at": self.turns})

    def refusing(self, item_ids: Sequence[str]) -> "Need":
        """The need after "show me more": the items are not shown again for what they were shown for."""
        together = self.together
        refused = {
            id(want): want.model_copy(update={"refused_ids": tuple(dict.fromkeys((*want.refused_ids, *item_ids)))})
            for want in together
        }
        return self.model_copy(update={"wants": tuple(refused.get(id(want), want) for want in self.wants)})

    def tags(self, *, several: bool = False) -> tuple[Tag, ...]:
        """The current want's parts as the shopper sees them; an id names the same part in every turn.

        ``several``: of all that was asked for together, each part under the name of its thing; the ids are good until
        the need changes.
        """
        if not several:
            return self._tags_of(self.current)
        tags: list[Tag] = []
        for want in self.together:
            place = next(n for n, held in enumerate(self.wants) if held is want)
            for n, tag in enumerate(self._tags_of(want)):
                label = tag.label if n == 0 else f"{want.name}: {tag.label}"
                tags.append(Tag(id=f"{place}/{tag.id}", label=label, want=want.name))
        return tuple(tags)

    def _tags_of(self, want: Want) -> tuple[Tag, ...]:
        limits = want.filter
        tags = [Tag(id=f"category:{_joined(path)}", label=path[-1]) for path in _by_leaf(limits.categories)]
        if want.words and not (limits.categories and singular(want.words) == want.topic):
            tags.append(Tag(id="words", label=want.words))
        tags += [Tag(id=f"brand:{brand}", label=brand) for brand in limits.brands]
        tags += [
            Tag(id=f"attribute:{name}:{'|'.join(values)}", label=value_label(name, values))
            for name, values in limits.attributes.items()
        ]
        tags += [Tag(id=f"one_of:{_joined_group(group)}", label=group_label(group)) for group in limits.one_of]
        if label := price_label(limits, self.currency):
            which = "price" if limits.lowest is not None and limits.highest is not None else ""
            which = which or ("price_max" if limits.highest is not None else "price_min")
            tags.append(Tag(id=which, label=label))
        if limits.rating_min is not None:
            tags.append(Tag(id="rating_min", label=f"{limits.rating_min:g} stars and up"))
        tags += [Tag(id=f"excluded_brand:{brand}", label=f"not {brand}") for brand in limits.excluded_brands]
        tags += [Tag(id=f"excluded:{term}", label=f"not {term}") for term in _excluded(limits)]
        if not limits.in_stock_only:
            tags.append(Tag(id="in_stock_only", label="sold-out items too"))
        if want.order:
            tags.append(Tag(id="order", label=_ORDER_LABELS[want.order]))
        if want.similar_to:
            tags.append(Tag(id="similar_to", label="like one you saw"))
        if refused := len(want.refused_ids):
            tags.append(Tag(id="refused", label=f"not {'one' if refused == 1 else refused} you saw"))
        return tuple(tags)

    def without(self, tag_id: str) -> "Need":
        """The need less the part that the tag names; unchanged where no tag has this id."""
        place, slash, inside = tag_id.partition("/")
        if slash and place.isdigit():
            return self._without_in(int(place), inside)
        want, limits = self.current, self.current.filter
        kind, _, rest = tag_id.partition(":")
        filter_update: dict[str, object] = {}
        want_update: dict[str, object] = {}
        match kind:
            case "category":
                gone = rest.split(" > ")[-1].lower()
                filter_update["categories"] = tuple(p for p in limits.categories if p[-1].lower() != gone)
            case "words":
                want_update |= {"words": "", "topic": "", "descriptions": ()}
            case "brand":
                filter_update["brands"] = tuple(brand for brand in limits.brands if brand != rest)
            case "attribute":
                name = rest.partition(":")[0]
                filter_update["attributes"] = {n: v for n, v in limits.attributes.items() if n != name}
            case "one_of":
                filter_update["one_of"] = tuple(group for group in limits.one_of if _joined_group(group) != rest)
            case "price":
                filter_update |= dict.fromkeys(PRICE_BOUNDS)
            case "price_max":
                filter_update |= {"price_max": None, "price_below": None}
            case "price_min":
                filter_update |= {"price_min": None, "price_above": None}
            case "rating_min":
                filter_update["rating_min"] = None
            case "excluded_brand":
                filter_update["excluded_brands"] = tuple(b for b in limits.excluded_brands if b != rest)
            case "excluded":
                filter_update |= without_excluded(limits, rest)
            case "in_stock_only":
                filter_update["in_stock_only"] = True
            case "order":
                want_update["order"] = ""
            case "similar_to":
                want_update |= {"similar_to": (), "descriptions": ()}
            case "refused":
                want_update["refused_ids"] = ()
        if filter_update:
            want_update["filter"] = limits.model_copy(update=filter_update)
        return self.with_current(want.model_copy(update=want_update)) if want_update else self

    def _without_in(self, place: int, tag_id: str) -> "Need":
        """The need less a part of the want at that place; without what it is, the want goes altogether."""
        if place >= len(self.wants):
            return self
        alone = Need(wants=(self.wants[place],)).without(tag_id).current
        kept = () if tag_id.startswith(("category:", "words")) else (alone,)
        return self.model_copy(update={"wants": (*self.wants[:place], *kept, *self.wants[place + 1 :]) or (Want(),)})


def without_excluded(limits: Filter, term: str) -> dict[str, object]:
    """The fields of the filter that change when the term, in any of its forms, is no longer refused."""
    gone = singular(term.lower())
    attributes = {
        name: kept
        for name, values in limits.excluded_attributes.items()
        if (kept := tuple(value for value in values if not _is_one(value, gone)))
    }
    terms = tuple(held for held in limits.excluded_terms if not _is_one(held, gone))
    return {"excluded_attributes": attributes, "excluded_terms": terms}


def _is_one(held: str, word: str) -> bool:
    """True if what is held is the word or one of its kind: lambswool is wool."""
    said = singular(held.lower())
    return said == word or (len(word) > 3 and said.endswith(word) and " " not in said)


def price_label(limits: Filter, currency: str, *, within: bool = False) -> str:
    """The bound on price in words, e.g. "under $150"; empty where there is none.

    ``within``: the words may follow "costs", e.g. "between $20 and $50".
    """
    low, high = limits.lowest, limits.highest
    if low is not None and high is not None:
        join = ("between ", " and ") if within else ("", " to ")
        return f"{join[0]}{_short(low, currency)}{join[1]}{_short(high, currency)}"
    if high is not None:
        return f"under {_short(high, currency)}"
    return f"over {_short(low, currency)}" if low is not None else ""


def value_label(name: str, values: tuple[str, ...]) -> str:
    """An attribute constraint in words: "red", "size 10", "waterproof"."""
    lowered = {value.lower() for value in values}
    if lowered <= {"yes", "true"}:
        return name
    named = [value for value in values if value.lower() != "unisex"] or list(values)
    shown = " or ".join(dict.fromkeys(named))
    plain = all(len(value) > 2 and not value[0].isdigit() for value in values)
    return shown if plain else f"{name} {shown}"


def group_label(group: tuple[tuple[str, str], ...]) -> str:
    """A group of alternatives in words: "waterproof or windproof", "500 ml"."""
    said = (name if value.lower() in ("yes", "true") else value for name, value in group)
    return " or ".join({label.lower(): label for label in said}.values())


def _joined_group(group: tuple[tuple[str, str], ...]) -> str:
    return "|".join(f"{name}={value}" for name, value in group)


def _short(amount: Decimal, currency: str) -> str:
    return price_text(amount, currency, short=True)


def _joined(path: tuple[str, ...]) -> str:
    return " > ".join(path)


def _by_leaf(paths: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """One path for each name at the end: "Jackets" of two departments is one tag."""
    return list({path[-1].lower(): path for path in paths if path}.values())


def _excluded(limits: Filter) -> list[str]:
    """What is refused, each once: a term and its plural, or an attribute's value and the same word, are one."""
    terms = [*(value for values in limits.excluded_attributes.values() for value in values), *limits.excluded_terms]
    return list({singular(term.lower()): term for term in reversed(terms)}.values())[::-1]
