"""What a message does to the need: the rules that own numbers, brands, negation, references and starting over.

Pure functions, no I/O: the same message, need, vocabulary and cards give the same reading. The LLM only adds
descriptions afterwards (``chat.reading``), or says of what no rule could read that it is talk (``chat.acts``); where it
speaks of numbers it is not heard.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chat import intents
from chat.carrying import next_want
from chat.comparison import MOST_COMPARED
from chat.constraints import Constraints, read_constraints, without_who
from chat.events import Tag
from chat.idioms import said_plainly
from chat.inquiry import Inquiry, asks_for_any, read_inquiry, without_which
from chat.intents import TALK, Intent
from chat.item_questions import asks_of_shown
from chat.limits import constrained
from chat.mentions import Mention
from chat.openings import departments
from chat.phrases import (
    CONNECTORS,
    LONGEST_WORDS,
    PRONOUNS,
    asked_part,
    asks_for_anything,
    head_of,
    words_of_request,
)
from chat.pointing import to_compare
from chat.reading import MOST_TOGETHER, Reading
from chat.references import WHOLE_SHOP, Reference, find_references
from chat.several import EACH, TOTAL, listed, parted
from chat.spoken import in_plain_words
from chat.switching import come_back, let_go
from chat.things import opens_new_want, owner, turned_to, wanted_category
from chat.want import Need, Want, price_label
from chat.words import content_words, plain, singular, word_set
from retrieval.filters import PRICE_BOUNDS, Filter
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

__all__ = ["Need", "Tag", "Want", "read_message"]

MOST_CHIPS = 4  # departments offered where the shopper has named nothing
MOST_LISTED = 12  # departments named in answer to "what do you sell?"
MOST_WANTS = 6  # remembered in a session; the oldest goes first
LONGEST_QUOTED = 60  # characters of a message that is said back

_ASKS_ABOUT = re.compile(
    r"\W*(?:and |so |ok )?(?:can(?! (?:you|i|we|it)\b)|do (?=the|th[eo]se)|is|are|does|has|how|who|why|what"
    r"|which|where|when|will|would|can it|tell me|more about)\b(?! (?:there|about)\b)",
    re.IGNORECASE,
)
_ASKS_OF_IT = re.compile(
    r"[.,;:!?]\s*(?:and |so |but )?(?:is|are|does|do|has|how (?:much|many|long|big|heavy)|can|will|would"
    r"|what(?:'s| is| does| do)) (?:it|they|this|that|he|she)\b"
    r"|[.,;:!?]\s*how (?:much|many|long|big|heavy)\b",
    re.IGNORECASE,
)
_THINGS = re.compile(r"\b(?:things?|items?|products?|articles?|stuff)\b", re.IGNORECASE)
_SORTED = re.compile(r"\b(?:sort(?:ed)?|order(?:ed)?|first)\b", re.IGNORECASE)
_OF_SHOWN = re.compile(r"\b(?:does|is|has|will) the\b", re.IGNORECASE)  # "what colours does the tent come in?"
_ALL_OF_THE_SHOP = re.compile(
    r"\byour (?:[\w-]+ ){0,3}(?:things?|items?|products?)\b"
    r"|\b(?:things?|items?|products?|anything) (?:that )?(?:you|the shop|the store)"
    r" (?:have|has|sells?|carry|carries|offers?|stocks?)\b",
    re.IGNORECASE,
)
_KINDS = re.compile(r"(?:different )?(?:kinds|types|sorts|categories|departments)", re.IGNORECASE)
_OF_THE_SHOP = re.compile(
    r"\b(?:do|have) you\b|\byou (?:have|sell|carry|stock|offer)\b"
    r"|\b(?:the|this|your) (?:whole |entire )?(?:shop|store)\b",
    re.IGNORECASE,
)
_CONTAINERS = word_set(
    "bag bags pack packs packet packets box boxes bottle bottles jar jars tin tins tub tubs pouch size"
)


def read_message(
    message: str, need: Need, vocabulary: "Vocabulary", shown: Sequence[Item], spoken_of: Sequence[str] = ()
) -> Reading:
    """The need after this message, and what kind of message it is. Never raises, whatever the text.

    ``shown``: the items of the latest cards, in their order; references resolve against them. ``spoken_of``: ids of
    those that the latest answer was about, which "it" means before all others.
    """
    text = in_plain_words(said_plainly(plain(message), shown), vocabulary, shown)
    need = need.model_copy(update={"turns": need.turns + 1, "currency": need.currency or vocabulary.currency})
    started_over = False
    if (match := intents.is_start_over(text)) and not intents.hint(text, shown=bool(shown), pointed=0):
        text = text[match.end() :]
        need = _fresh(need)
        shown, started_over = (), True
        if not content_words(text):
            return Reading(need, "start_over")
    if len(need.wants) > 1 or not need.current.is_empty:
        if gone := let_go(text, need):
            need, text, want = gone
            shown = [item for item in shown if owner(item, (want,)) is None]
            if not content_words(text):
                intent: Intent = "start_over" if need.current.is_empty else "refine"
                return Reading(need, intent, dropped=(want.name,), several=len(need.together) > 1)
        elif back := come_back(text, need):
            (need, text), shown = back, ()
            if not content_words(text):
                return Reading(need, "refine")
    found = find_references(text, shown)
    compared = to_compare(text, shown)
    if len(compared) == len(shown) > len(found) > 0:
        compared = _all_of(found) if len(found) > 1 else ()  # "which of those is the cheapest": that one
    if compared:
        many = len(compared) > MOST_COMPARED
        notes = (f"Side by side I can show {MOST_COMPARED}, so these are the first of them.",) if many else ()
        return Reading(need, "compare", references=compared[:MOST_COMPARED], notes=notes)
    points = bool(found)
    if shown and not points and (manner := asks_of_shown(text, need.current.topic)):
        meant = [item.id for item in shown if item.id in spoken_of] or [item.id for item in shown]
        if manner == "all" and len(meant) > 1:
            return Reading(need, "compare", references=tuple(meant[:MOST_COMPARED]))
        return Reading(need, "about_item", references=tuple(meant[:1]))
    if (asked := _asked_of_catalogue(text, vocabulary, shown)) and not points:
        inquiry, thing, everything = asked
        if _KINDS.fullmatch(thing):
            inquiry, thing, everything = Inquiry("kinds"), "", True
        read = read_constraints(thing, vocabulary, shown)
        whole = everything or (inquiry.kind == "brands" and not thing)
        if whole and _OF_THE_SHOP.search(text) and not need.current.is_empty and not read.any_set:
            fresh = need.model_copy(update={"wants": (Want(),)})
            return replace(_search("", fresh, read, shown, started_over, True, inquiry), inquiry=inquiry, held=need)
        need = turned_to(need, thing, ())
        return replace(_search(thing, need, read, shown, started_over, everything, inquiry), inquiry=inquiry)
    if not points and len(parts := parted(text, vocabulary)) > 1:
        return _each(parts, need, vocabulary)
    return _one(without_which(text), need, vocabulary, shown, started_over)


def not_understood(need: Need, text: str, vocabulary: "Vocabulary") -> Reading:
    """The reading of a message in a script that the catalogue lacks: the need stays, nothing is looked for."""
    need = need.model_copy(update={"turns": need.turns + 1, "currency": need.currency or vocabulary.currency})
    said = text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"
    note = f"I did not understand “{said}”: the shop's catalogue is in another script."
    return Reading(need, "foreign", notes=(note,), chips=departments(vocabulary)[:MOST_CHIPS])


def _asked_of_catalogue(text: str, vocabulary: "Vocabulary", shown: Sequence[Item]) -> tuple[Inquiry, str, bool] | None:
    """What is asked of the catalogue, the words for what it asks about, and whether that is the whole shop."""
    found = read_inquiry(text, vocabulary)
    if found is None or (shown and _OF_SHOWN.search(text)):
        return None
    inquiry, thing = found
    if inquiry.kind != "brands" and intents.hint(text, shown=bool(shown), pointed=0) in TALK:
        return None
    if not inquiry.sure:
        read = read_constraints(thing, vocabulary, ())
        if wanted_category(read, head_of(read.rest), (0, len(read.rest))) is None:
            return None
    everything = _THINGS.search(thing) is not None or (not thing and WHOLE_SHOP.search(text) is not None)
    return inquiry, thing, everything


def _one(text: str, need: Need, vocabulary: "Vocabulary", shown: Sequence[Item], started_over: bool) -> Reading:
    """The message as one wish, or as talk that needs none."""
    references = find_references(text, shown)
    pointed = [item for item in shown if item.id in {reference.item_id for reference in references}]
    need = turned_to(need, text, pointed)
    read = read_constraints(
        text, vocabulary, shown, [item for item in shown if _is_for(item, need)], need.current.filter.categories
    )
    about = [reference for reference in read.references if reference.manner == "about"]
    measured = read.price_above is not None or read.price_below is not None  # "dearer than the wok, but less than …"
    intent = intents.hint(text, shown=bool(shown), pointed=0 if measured else len(about))
    if intent in TALK:
        names = departments(vocabulary)
        notes = (f"The shop has {listed(names[:MOST_LISTED])}.",) if intent == "range" and names else ()
        chips = () if intent in ("thanks", "farewell") else names[:MOST_CHIPS]
        return Reading(need, intent, notes=notes, chips=chips)
    if intent == "compare":
        compared = tuple(one.item_id for one in read.references if one.manner != "refuse")
        return Reading(need, "compare", references=compared)
    if intent == "choose":
        chosen = [reference.item_id for reference in about] or [item.id for item in shown if len(shown) == 1]
        return Reading(need, "choose", references=tuple(dict.fromkeys(chosen)))
    if intent == "more":
        several = len({id(owner(item, need.together)) for item in shown}) > 1
        return Reading(need.refusing([item.id for item in shown]), "more", several=several)
    everything = bool(read.order) and (_ALL_OF_THE_SHOP.search(text) or WHOLE_SHOP.search(read.rest)) is not None
    reading = _search(text, need, read, shown, started_over, everything)
    if not reading.needs_search or reading.references:
        return reading
    if read.order and not read.cheaper and not _SORTED.search(text):
        return replace(reading, inquiry=Inquiry("extreme"))
    if read.price and asks_for_any(text) and reading.need.current.is_exact:
        return replace(reading, inquiry=Inquiry("any"))
    return reading


def _is_for(item: Item, need: Need) -> bool:
    """True unless the item was shown for another thing than the current want."""
    return owner(item, need.together) in (need.current, None)


def _each(parts: Sequence[str], need: Need, vocabulary: "Vocabulary") -> Reading:
    """Every part as a want of its own, all asked for together; of more than can be shown at once, the first few."""
    number, whole = need.turns, " ".join(parts)
    readings = [_one(part, Need(turns=0, currency=need.currency), vocabulary, (), False) for part in parts]
    wants = [reading.need.current.model_copy(update={"asked_in": number}) for reading in readings]
    notes = [line for reading in readings for line in reading.notes]
    last = wants[-1].filter
    if TOTAL.search(whole) and last.lowest is not None and last.highest is not None:
        # "$300 in total" is no sum for the last of them: half-way between the bounds that are read of it lies the sum.
        bounds = dict.fromkeys(PRICE_BOUNDS) | {"price_max": (last.lowest + last.highest) / 2}
        last = last.model_copy(update=bounds)
        wants[-1] = wants[-1].model_copy(update={"filter": last})
    if last.highest is not None and (TOTAL.search(whole) or EACH.search(whole)):
        wants = [_capped(want, last) for want in wants]
        if TOTAL.search(whole):
            notes.append(
                f"I can't plan a sum for all of it, so each costs {price_label(last, need.currency, within=True)}."
            )
    if later := wants[MOST_TOGETHER:]:
        names = [f"the {want.name}" for want in later]
        notes.append(f"I begin with {MOST_TOGETHER} of them; ask me for {listed(names)} next.")
    before = () if need.current.is_empty else need.wants
    held = (*before, *later, *wants[:MOST_TOGETHER])[-MOST_WANTS:]
    need = need.model_copy(update={"wants": held})
    return Reading(need, "search", notes=tuple(dict.fromkeys(notes)), new_want=True, several=True)


def _capped(want: Want, limits: Filter) -> Want:
    if want.filter.lowest is not None or want.filter.highest is not None:
        return want
    bounds = {name: getattr(limits, name) for name in PRICE_BOUNDS}
    return want.model_copy(update={"filter": want.filter.model_copy(update=bounds)})


def _search(
    text: str,
    need: Need,
    read: Constraints,
    shown: Sequence[Item],
    started_over: bool,
    everything: bool,
    inquiry: Inquiry | None = None,
) -> Reading:
    if not need.current.is_empty:
        without_who(read)
    start, end = asked_part(read.rest)
    asked = read.rest[start:end]
    head = head_of(asked)
    words = words_of_request(asked)
    category = wanted_category(read, head, (start, end), first=need.current.is_empty)
    if not need.current.is_empty and head and set(head) <= _CONTAINERS and read.counted:
        words, head, category = "", [], None  # "the 500 g bag": a size of what is wanted already
    everything = everything and category is None
    if everything:
        words, head = "", []  # "the cheapest thing in the shop" is of no kind
    about = tuple(reference.item_id for reference in read.references if reference.manner == "about")
    # "Anything between 40 and 60" after "the cheapest boots" is no longer the cheapest, nor of that kind.
    anything = bool(need.current.order and read.price and not read.order) and asks_for_anything(text)
    opens = everything or (anything and not read.categories) or opens_new_want(text, need, head, category, read)
    if about and not read.any_set and not opens and not words:
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    asks_price = read.cheaper or read.price is not None or read.price_below is not None
    if about and not category and not asks_price and _asks_about(text):
        return Reading(need, "about_item", references=about, notes=tuple(read.notes))
    current = need.current
    if opens and not current.is_empty:
        wants = (*need.wants, Want())[-MOST_WANTS:]
        need, current = need.model_copy(update={"wants": wants}), next_want(text, current)
    if anything:
        current = current.model_copy(update={"order": ""})
    want, dropped = constrained(current, read, category)
    want = _worded(want, words, head, category)
    want = _resembling(want, read, shown)
    if not opens and not started_over and inquiry is None:
        want = want.having_seen([item.id for item in shown if _is_for(item, need)], passed=_passes_over(read))
    indifferent = [*read.relaxed, *(need.asked[-1:] if read.no_preference else ())]
    need = need.model_copy(update={"indifferent": tuple(dict.fromkeys((*need.indifferent, *indifferent)))})
    need = need.with_current(want)
    notes = (*read.notes, *(_stretched_note(read, current)))
    intent: Intent = "search" if opens or started_over or current.is_empty else "refine"
    if want.is_empty and not notes and inquiry is None:
        intent = "help"
    implied = category is not None and category is read.implied
    return Reading(need, intent, _all_ids(read), notes, opens, dropped, began=current.filter, implied=implied)


def _fresh(need: Need) -> Need:
    wants = need.wants if need.current.is_empty else (*need.wants, Want())[-MOST_WANTS:]
    return need.model_copy(update={"wants": wants, "asked": (), "indifferent": ()})


def _all_ids(read: Constraints) -> tuple[str, ...]:
    return _all_of(read.references)


def _all_of(references: Sequence[Reference]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.item_id for reference in references))


def _asks_about(text: str) -> bool:
    """True if the words ask after a thing's properties: "is the first waterproof?", and not for other things."""
    return (_ASKS_ABOUT.match(text) or _ASKS_OF_IT.search(text)) is not None


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


def _passes_over(read: Constraints) -> bool:
    """Whether the message asks for other things than those on show: cheaper ones, or more like one of them."""
    return read.cheaper or read.price_above is not None or any(one.manner == "like" for one in read.references)


def _stretched_note(read: Constraints, before: Want) -> tuple[str, ...]:
    if read.stretch and before.filter.price_max is None:
        return ("You had not set a limit on the price, so none is in the way.",)
    return ()
