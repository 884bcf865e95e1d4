"""What a message does to the need: the rules that own numbers, brands, negation, references and starting over.

Pure functions, no I/O: the same message, need, vocabulary and cards give the same reading. The LLM only adds
descriptions afterwards (``merge_understanding``); where it speaks of numbers it is not heard.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from chat import intents
from chat.constraints import Constraints, read_constraints, without_who
from chat.events import Tag
from chat.intents import TALK, Intent
from chat.limits import constrained
from chat.mentions import Mention
from chat.phrases import CONNECTORS, LONGEST_WORDS, PRONOUNS, REQUEST, asked_part, head_of, words_of_request
from chat.references import WHOLE_SHOP
from chat.want import Need, Want
from chat.words import plain, singular, tokens, word_set
from retrieval.items import Item

if TYPE_CHECKING:
    from chat.understand import Understanding
    from retrieval.facts import Vocabulary

__all__ = ["Need", "Reading", "Tag", "Want", "merge_understanding", "read_message"]

MOST_CHIPS = 4  # departments offered where the shopper has named nothing
MOST_LISTED = 12  # departments named in answer to "what do you sell?"
_PARTING = re.compile(r"\b(?:and|plus)\b\s*", re.IGNORECASE)
MOST_WANTS = 6  # remembered in a session; the oldest goes first

# These open a refinement: what follows describes the thing already wanted.
_REFINING = re.compile(
    r"^\W*(?:(?:ok|okay|yes|no|and|but|well|hmm|actually|maybe|please)\W+)*(?:for|with|without|in|but|only|must"
    r"|should|it|it's|that|which|they|make it|more|less|not|no|from|preferably|ideally|something (?:more|less"
    r"|a bit|with|in|for|that)|anything (?:in|with|more)|cheaper|bigger|smaller|lighter|a (?:bit|little)"
    r"|the same|same)\b",
    re.IGNORECASE,
)
_ASKS_ABOUT = re.compile(
    r"\W*(?:and |so |ok )?(?:is|are|does|has|how|why|what|which|where|when|will|would|can it|tell me|more about)\b"
    r"(?! (?:there|about)\b)",
    re.IGNORECASE,
)
# A use that nothing named so far serves: "and what should I sleep in?", "also something to cook on".
_PURPOSE = re.compile(
    r"^\W*(?:(?:ok|okay|and|so|also|then|well|hmm|now|plus|yes)\W+)*"
    r"(?:what (?:else )?(?:should|shall|can|could|do|would) (?:i|we) (?!do\b|pay\b|get\b|buy\b|take\b|choose\b|pick\b"
    r"|need\b|look\b|go\b|expect\b)"
    r"|(?<=and )something to |(?<=also )something to |(?<=plus )something to )[^.,;:!?]*",
    re.IGNORECASE,
)
_POINTING = re.compile(r"\b(?:it|them|these|those|this|that|one|ones)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:what|which) (?:kinds? of |sorts? of |types? of )?$", re.IGNORECASE)
_CONTAINERS = word_set(
    "bag bags pack packs packet packets box boxes bottle bottles jar jars tin tins tub tubs pouch size"
)
_BARE_OPENING = re.compile(r"(?:\W|yes|no|ok|okay|and|well|so|please)*$", re.IGNORECASE)


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
    if len(parts := _own_parts(text, vocabulary)) > 1:
        return _each_in_turn(parts, need, vocabulary, shown)
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


def _own_parts(text: str, vocabulary: "Vocabulary") -> list[str]:
    """The parts of "a sweater under $60 and sneakers under $100": each names a thing, the first a price of its own."""
    places = [0, *(match.end() for match in _PARTING.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(places)][:MOST_WANTS]
    for part in parts:
        read = read_constraints(part, vocabulary, ())
        if _wanted_category(read, head_of(read.rest), (0, len(read.rest))) is None or (
            part is parts[0] and not read.price
        ):
            return [text]
    return parts


def _each_in_turn(parts: Sequence[str], need: Need, vocabulary: "Vocabulary", shown: Sequence[Item]) -> Reading:
    """Every part as a want of its own; the last is the current one, and that is said."""
    turns, readings = need.turns + 1, list[Reading]()
    for part in parts:
        readings.append(read_message(part, need, vocabulary, shown))
        need = readings[-1].need
    topics = [reading.need.current.words for reading in readings]
    note = f"I begin with the {topics[-1]}; ask me for {_listed([f'the {topic}' for topic in topics[:-1]])} next."
    notes = tuple(dict.fromkeys((*(line for reading in readings for line in reading.notes), note)))
    return replace(
        readings[-1], need=need.model_copy(update={"turns": turns}), intent="search", notes=notes, new_want=True
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _search(text: str, need: Need, read: Constraints, shown: Sequence[Item], started_over: bool) -> Reading:
    if not need.current.is_empty:
        without_who(read)
    start, end = asked_part(read.rest)
    asked = read.rest[start:end]
    head = head_of(asked)
    words = words_of_request(asked)
    category = _wanted_category(read, head, (start, end))
    if not need.current.is_empty and head and set(head) <= _CONTAINERS and read.counted:
        words, head, category = "", [], None  # "the 500 g bag": a size of what is wanted already
    everything = bool(read.order) and WHOLE_SHOP.search(read.rest) is not None and category is None
    if everything:
        words, head = "", []  # "the cheapest thing in the shop" is of no kind
    about = tuple(reference.item_id for reference in read.references if reference.manner == "about")
    opens = everything or _opens_new_want(text, need, head, category, read)
    if about and not read.any_set and not opens and not words:
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    asks_price = read.cheaper or read.price is not None or read.price_below is not None
    if about and not category and not asks_price and _asks_about(text):
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    current = need.current
    if opens and not current.is_empty:
        wants = (*need.wants, Want())[-MOST_WANTS:]
        need, current = need.model_copy(update={"wants": wants}), Want()
    want, dropped = constrained(current, read, category)
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


def _wanted_category(read: Constraints, head: list[str], asked: tuple[int, int]) -> Mention | None:
    """The category that names the thing wanted: it stands at the end of the first noun phrase, or after "which"."""
    inside = [mention for mention in read.categories if asked[0] <= mention.span[0] < asked[1]]
    for mention in inside:
        if _WHICH.search(read.rest[: mention.span[0]]):
            return mention
    if len(inside) == 1 and asked != (0, len(read.rest)):
        return inside[0]  # the only kind of thing in the sentence that asks
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
    if (purpose := _PURPOSE.match(text)) and not _POINTING.search(text[: purpose.end()]):
        return True
    if not head or head[-1] in PRONOUNS or singular(head[-1]) in known:
        return False
    if read.references or _REFINING.match(text):
        return False
    request = match[0] if (match := REQUEST.match(text)) else ""
    asks = re.search(r"[a-z]", request, re.I) is not None
    has_article = re.match(r"\W*(?:a|an|some)\b", text, re.IGNORECASE) is not None
    plural = singular(head[-1]) != head[-1]
    return (asks and not _BARE_OPENING.match(request)) or has_article or plural


def _within(paths: Sequence[tuple[str, ...]], held: Sequence[tuple[str, ...]]) -> bool:
    """True if a path narrows or widens one that is held already."""
    return any(a[: len(b)] == b or b[: len(a)] == a for a in paths for b in held)


def _worded(want: Want, words: str, head: list[str], category: Mention | None) -> Want:
    """The want with the message's words: added to what was there, or its first."""
    topic = singular(category.text if category else head[-1] if head and head[-1] not in PRONOUNS else "")
    if not words:
        return want if not category else want.model_copy(update={"topic": topic or want.topic})
    held = want.words.split()
    known = {singular(word) for word in held}
    added = [word for word in words.split() if singular(word) not in known or word in CONNECTORS]
    while added and added[-1] in CONNECTORS:
        added.pop()
    if not set(added) - CONNECTORS:
        return want
    joined = " ".join([*held, *added]) if held else words
    if len(joined) > LONGEST_WORDS:
        joined = joined[-LONGEST_WORDS:].partition(" ")[2]
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


def merge_understanding(reading: Reading, understanding: "Understanding") -> Need:
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
