"""What a message does to the need: the rules that own numbers, brands, negation, references and starting over.

Pure functions, no I/O: the same message, need, vocabulary and cards give the same reading. The LLM only adds
descriptions afterwards (``merge_understanding``); where it speaks of numbers it is not heard.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from chat import intents
from chat.constraints import BLANK, Constraints, read_constraints
from chat.events import Tag
from chat.intents import TALK, Intent
from chat.mentions import Mention
from chat.references import words_of
from chat.want import Need, Want, without_excluded
from chat.words import FILLERS, plain, singular, tokens, word_set
from retrieval.items import Item

if TYPE_CHECKING:
    from chat.understand import Understanding
    from retrieval.catalog import Vocabulary

__all__ = ["Need", "Reading", "Tag", "Want", "merge_understanding", "read_message"]

LONGEST_WORDS = 200  # characters of a want's words
MOST_CHIPS = 4  # departments offered where the shopper has named nothing
MOST_LISTED = 12  # departments named in answer to "what do you sell?"
MOST_WANTS = 6  # remembered in a session; the oldest goes first
STRETCH = Decimal("1.25")  # "a bit more" raises the cap by a quarter

_REQUEST = re.compile(
    r"^(?:\W|\b(?:hi|hello|hey|there|ok|okay|so|well|now|then|and|also|next|actually|please|thanks|yes|no|great"
    r"|instead"
    r"|i(?:'m| am)(?: also| now| still| just)? (?:looking|searching|after|hunting|shopping)(?: for)?|looking for"
    r"|searching for|in search of"
    r"|i(?:'d| would)? (?:also |now |really |just |still )?(?:need|want|like|love)(?: to (?:buy|get|see|find"
    r"|have|order))?|we (?:also )?(?:need|want)(?: to buy)?"
    r"|(?:can|could|would|will) (?:you|i|we) (?:please )?(?:show|find|get|see|have|recommend|suggest|help)(?: me"
    r"| us)?(?: to)?(?: find| choose| buy)?|(?:please )?(?:show|find|get|give|recommend|suggest|bring)(?: me| us)?"
    r"|do you (?:guys )?(?:also )?(?:have|sell|carry|stock|offer|know)|have you got|got|is there|are there"
    r"|what about|how about|any idea for)\b)+",
    re.IGNORECASE,
)
# These open a refinement: what follows describes the thing already wanted.
_REFINING = re.compile(
    r"^\W*(?:(?:ok|okay|yes|no|and|but|well|hmm|actually|maybe|please)\W+)*(?:for|with|without|in|but|only|must"
    r"|should|it|it's|that|which|they|make it|more|less|not|no|from|preferably|ideally|something (?:more|less"
    r"|a bit|with|in|for|that)|anything (?:in|with|more)|cheaper|bigger|smaller|lighter|a (?:bit|little)"
    r"|the same|same)\b",
    re.IGNORECASE,
)
_ASKS_ABOUT = re.compile(
    r"\W*(?:and |so |ok )?(?:is|are|does|has|how|what|which|where|when|will|would|can it|tell me|more about)\b"
    r"(?! (?:there|about)\b)",
    re.IGNORECASE,
)
_BARE_OPENING = re.compile(r"(?:\W|yes|no|ok|okay|and|well|so|please)*$", re.IGNORECASE)
_PRONOUNS = word_set("one ones it them that those these something anything thing things some any stuff")
# "A tent for two": records count people, so that the words to search with do too. Not "for two weeks".
_PARTY_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8"}
_PARTY = re.compile(
    rf"\bfor ({'|'.join(_PARTY_NUMBERS)}|[1-9])(?: people| persons?)?(?=\W*(?:$|[,.;!?]|(?:and|with|under|in)\b))",
    re.IGNORECASE,
)
_PREPOSITIONS = word_set(
    "for with without in on at by from of to under over as like that which who because since when where if so than "
    "about is are was and or but made while during he she they we i it my"
)
_CONNECTORS = word_set("for with of and to on")


@dataclass(frozen=True)
class Reading:
    """What a message was read as."""

    need: Need
    intent: Intent = "refine"
    references: tuple[str, ...] = ()  # ids of shown items that it points at, in the order of the message
    notes: tuple[str, ...] = ()  # said plainly to the shopper
    new_want: bool = False  # the message opened another want; its filter started empty
    dropped: tuple[str, ...] = ()  # names of constraints that the message lifted

    chips: tuple[str, ...] = ()  # suggested next messages, where the message is only answered

    @property
    def needs_search(self) -> bool:
        """True if items are to be looked for; False where the message is only answered."""
        return self.intent in ("search", "refine", "more", "start_over") and not self.need.current.is_empty

    @property
    def worth_describing(self) -> bool:
        """True if the LLM has something to describe that the shopper's words do not already name."""
        return self.needs_search and self.intent == "search" and bool(self.need.current.words)


def read_message(message: str, need: Need, vocabulary: "Vocabulary", shown: Sequence[Item]) -> Reading:
    """The need after this message, and what kind of message it is. Never raises, whatever the text.

    ``shown``: the items of the latest cards, in their order; references resolve against them.
    """
    text = plain(message)
    need = need.model_copy(update={"turns": need.turns + 1, "currency": need.currency or vocabulary.currency})
    started_over = False
    if (match := intents.is_start_over(text)) and not intents.hint(text, shown=bool(shown), pointed=0):
        text = text[match.end() :]
        need = _fresh(need)
        shown, started_over = (), True
        if not re.search(r"\w", text):
            return Reading(need, "start_over")
    read = read_constraints(text, vocabulary, shown)
    pointed = [reference.item_id for reference in read.references]
    intent = intents.hint(text, shown=bool(shown), pointed=len([r for r in read.references if r.manner == "about"]))
    if intent in TALK:
        departments = tuple(dict.fromkeys(path[0] for path in vocabulary.categories if path))
        notes = (f"The shop has {_listed(departments[:MOST_LISTED])}.",) if intent == "range" and departments else ()
        chips = () if intent in ("thanks", "farewell") else departments[:MOST_CHIPS]
        return Reading(need, intent, notes=notes, chips=chips)
    if intent == "compare":
        return Reading(need, "compare", references=tuple(pointed))
    if intent == "more":
        for item in shown:
            need = need.refusing(item.id)
        return Reading(need, "more")
    return _search(text, need, read, shown, started_over)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _search(text: str, need: Need, read: Constraints, shown: Sequence[Item], started_over: bool) -> Reading:
    head = _head(read)
    words = _words(read.rest)
    category = _wanted_category(read, head)
    about = tuple(reference.item_id for reference in read.references if reference.manner == "about")
    opens = _opens_new_want(text, need, head, category, read)
    if about and not read.any_set and not opens and not words:
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    asks_price = read.cheaper or read.price is not None or read.price_max is not None
    if about and not category and not asks_price and _asks_about(text):
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    current = need.current
    if opens and not current.is_empty:
        wants = (*need.wants, Want())[-MOST_WANTS:]
        need, current = need.model_copy(update={"wants": wants}), Want()
    want, dropped = _constrained(current, read, category)
    want = _worded(want, words, head, category)
    want = _resembling(want, read, shown)
    indifferent = [*read.relaxed, *(need.asked[-1:] if read.no_preference else ())]
    need = need.model_copy(update={"indifferent": tuple(dict.fromkeys((*need.indifferent, *indifferent)))})
    need = need.with_current(want)
    notes = (*read.notes, *(_stretched_note(read, current)))
    intent: Intent = "search" if opens or started_over or current.is_empty else "refine"
    if want.is_empty and not notes:
        intent = "help"
    return Reading(need, intent, _all_ids(read), notes, opens, dropped)


def _fresh(need: Need) -> Need:
    wants = need.wants if need.current.is_empty else (*need.wants, Want())[-MOST_WANTS:]
    return need.model_copy(update={"wants": wants, "asked": (), "indifferent": ()})


def _all_ids(read: Constraints) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.item_id for reference in read.references))


def _asks_about(text: str) -> bool:
    """True if the words ask after a thing's properties: "is the first waterproof?", and not for other things."""
    return _ASKS_ABOUT.match(text) is not None


def _head(read: Constraints) -> list[str]:
    """The words of the first noun phrase after the request, e.g. ["family", "tent"] of "a family tent for two"."""
    rest = read.rest
    if match := _REQUEST.match(rest):
        rest = rest[match.end() :]
    phrase: list[str] = []
    previous = 0
    for token in tokens(rest):
        gap = rest[previous : token.start]
        ends = re.search(r"[.,;:!?()]", gap) or (BLANK in gap and phrase and _ends_phrase(rest, token.start))
        if ends and phrase:
            break
        if token.text in ("or", "and") and not phrase:
            continue  # "black or red boots", its colours read already
        if token.text in _PREPOSITIONS:
            break
        if token.text not in FILLERS or (token.text in _PRONOUNS and token.text not in ("any", "some")):
            phrase.append(token.text)
        previous = token.end
    return phrase


def _ends_phrase(rest: str, start: int) -> bool:
    """A blanked word between two of a phrase parts it unless it stood as an adjective: directly, by one space."""
    return not re.search(rf"(?:^|\s|\w){BLANK}+ $", rest[:start])


def _wanted_category(read: Constraints, head: list[str]) -> Mention | None:
    """The category that names the thing wanted: it stands at the end of the first noun phrase."""
    if not head:
        return None
    end = singular(head[-1])
    for mention in sorted(read.categories, key=lambda m: -len(m.text)):
        named = [singular(token.text) for token in tokens(mention.text)]
        if named and named[-1] == end and len(named) <= len(head):
            return mention
    return None


def _opens_new_want(text: str, need: Need, head: list[str], category: Mention | None, read: Constraints) -> bool:
    """True if the message names another thing than the current want does."""
    current = need.current
    if current.is_empty:
        return False
    known = {singular(word) for word in current.words.split()} | set(current.topic.split())
    known |= {singular(part.lower()) for path in current.filter.categories for part in path}
    if category is not None:
        if singular(category.text.split()[-1]) in known:
            return False
        return not _within(category.paths, current.filter.categories)
    if not head or head[-1] in _PRONOUNS or singular(head[-1]) in known:
        return False
    if read.references or _REFINING.match(text):
        return False
    request = match[0] if (match := _REQUEST.match(text)) else ""
    asks = re.search(r"[a-z]", request, re.I) is not None
    has_article = re.match(r"\W*(?:a|an|some)\b", text, re.IGNORECASE) is not None
    plural = singular(head[-1]) != head[-1]
    return (asks and not _BARE_OPENING.match(request)) or has_article or plural


def _within(paths: Sequence[tuple[str, ...]], held: Sequence[tuple[str, ...]]) -> bool:
    """True if a path narrows or widens one that is held already."""
    return any(a[: len(b)] == b or b[: len(a)] == a for a in paths for b in held)


def _constrained(want: Want, read: Constraints, category: Mention | None) -> tuple[Want, tuple[str, ...]]:
    """The want with the message's constraints merged in: a new value replaces the old one of the same kind."""
    limits, dropped = want.filter, []
    update: dict[str, object] = {}
    low, high = limits.price_min, limits.price_max
    if "price" in read.relaxed:
        dropped.append("price")
        low = high = None
    if read.price:
        low, high = read.price.low, read.price.high
        if read.price.low is None and limits.price_min is not None and limits.price_min <= (high or 0):
            low = limits.price_min
        if read.price.high is None and limits.price_max is not None and limits.price_max >= (low or 0):
            high = limits.price_max
    if read.price_max is not None:
        high = read.price_max if high is None else min(high, read.price_max)
        low = None if low is not None and low > high else low
    if read.price_min is not None:
        low = read.price_min
        high = None if high is not None and high < low else high
    if read.stretch and limits.price_max is not None and not read.price:
        high = (limits.price_max * STRETCH).quantize(Decimal(1))
    update |= {"price_min": low, "price_max": high}
    brands = limits.brands if not read.brands else tuple(dict.fromkeys(read.brands))
    excluded_brands = tuple(dict.fromkeys((*limits.excluded_brands, *read.excluded_brands)))
    excluded_brands = tuple(brand for brand in excluded_brands if brand not in read.brands)
    attributes = {**limits.attributes, **{name: tuple(values) for name, values in read.attributes.items()}}
    for subject in read.relaxed:
        if subject in ("brand", "rating") or subject in attributes:
            dropped.append(subject)
        attributes.pop(subject, None)
    for name, values in (*read.optional.items(), *read.excluded_attributes.items()):
        attributes[name] = tuple(value for value in attributes.get(name, ()) if value not in values)
    update["brands"] = () if "brand" in read.relaxed else tuple(b for b in brands if b not in excluded_brands)
    update["excluded_brands"] = () if "brand" in read.relaxed and not read.excluded_brands else excluded_brands
    update["attributes"] = {name: values for name, values in attributes.items() if values}
    limits = limits.model_copy(update=update)
    for said in (value for values in read.attributes.values() for value in values):
        limits = limits.model_copy(update=without_excluded(limits, said))
    excluded = {name: list(values) for name, values in limits.excluded_attributes.items()}
    for name, values in read.excluded_attributes.items():
        excluded[name] = list(dict.fromkeys((*excluded.get(name, []), *values)))
    update = {
        "excluded_attributes": {name: tuple(values) for name, values in excluded.items()},
        "excluded_terms": tuple(dict.fromkeys((*limits.excluded_terms, *read.excluded_terms))),
        "rating_min": None if "rating" in read.relaxed else limits.rating_min,
    }
    if read.rating_min is not None:
        update["rating_min"] = read.rating_min
    if read.in_stock_only is not None:
        update["in_stock_only"] = read.in_stock_only
    if category is not None:
        update["categories"] = _narrowed(category.paths, limits.categories)
    want = want.model_copy(update={"filter": limits.model_copy(update=update), "order": read.order or want.order})
    return want, tuple(dropped)


def _narrowed(paths: tuple[tuple[str, ...], ...], held: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Of the named paths those inside what was wanted already, where there are such: "jackets" after "women"."""
    inside = tuple(path for path in paths if any(path[: len(prefix)] == prefix for prefix in held))
    return inside or paths


def _people(match: re.Match[str]) -> str:
    number = _PARTY_NUMBERS.get(match[1].lower(), match[1])
    return f"for {number} {'person' if number == '1' else 'people'}"


def _words(rest: str) -> str:
    """What is left to search for: the content words in their order, with the small words that join them."""
    if match := _REQUEST.match(rest):
        rest = rest[match.end() :]
    rest = _PARTY.sub(_people, rest)
    kept: list[str] = []
    for token in tokens(rest):
        if token.text in FILLERS and token.text not in _CONNECTORS:
            continue
        if token.text in _CONNECTORS and (not kept or kept[-1] in _CONNECTORS):
            continue
        if token.text in kept and token.text not in _CONNECTORS:
            continue
        kept.append(token.text)
    while kept and kept[-1] in _CONNECTORS:
        kept.pop()
    text = " ".join(kept)
    return text if len(text) <= LONGEST_WORDS else text[:LONGEST_WORDS].rsplit(" ", 1)[0]


def _worded(want: Want, words: str, head: list[str], category: Mention | None) -> Want:
    """The want with the message's words: added to what was there, or its first."""
    topic = singular(category.text if category else head[-1] if head and head[-1] not in _PRONOUNS else "")
    if not words:
        return want if not category else want.model_copy(update={"topic": topic or want.topic})
    held = want.words.split()
    known = {singular(word) for word in held}
    added = [word for word in words.split() if singular(word) not in known or word in _CONNECTORS]
    while added and added[-1] in _CONNECTORS:
        added.pop()
    if not set(added) - _CONNECTORS:
        return want
    joined = " ".join([*held, *added])[-LONGEST_WORDS:] if held else words
    return want.model_copy(update={"words": joined.strip(), "topic": want.topic or topic, "descriptions": ()})


def _resembling(want: Want, read: Constraints, shown: Sequence[Item]) -> Want:
    """The want after "something like the first" and "not the second": text to search with, ids to hide."""
    by_id = {item.id: item for item in shown}
    like = [by_id[r.item_id] for r in read.references if r.manner == "like" and r.item_id in by_id]
    refused = [r.item_id for r in read.references if r.manner == "refuse"]
    if like:
        texts = tuple(f"{item.title}. {' > '.join(item.category)}" for item in like)
        want = want.model_copy(update={"similar_to": tuple(item.id for item in like), "descriptions": texts})
    if refused:
        want = want.model_copy(update={"refused_ids": tuple(dict.fromkeys((*want.refused_ids, *refused)))})
    return want


def _stretched_note(read: Constraints, before: Want) -> tuple[str, ...]:
    if read.stretch and before.filter.price_max is None:
        return ("You had not set a limit on the price, so none is in the way.",)
    return ()


def merge_understanding(reading: Reading, understanding: "Understanding", vocabulary: "Vocabulary") -> Need:
    """The need with the LLM's descriptions. Nothing of the LLM's reaches a filter: rules own every constraint."""
    want = reading.need.current
    refused = {word for term in want.filter.excluded_terms for word in term.lower().split()}
    kept = [
        text
        for text in understanding.descriptions
        if not refused & {singular(token.text) for token in tokens(text)} | (refused & set(text.lower().split()))
    ]
    if not kept or want.similar_to:
        return reading.need
    return reading.need.with_current(want.model_copy(update={"descriptions": tuple(kept)}))


def relevant_words(item: Item, need: Need) -> frozenset[str]:
    """The words of the need that the item's record carries, in singular."""
    return words_of(item) & {singular(word) for word in need.current.words.split()}
