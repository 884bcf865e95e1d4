"""What is asked of a shown item, answered from its record in one sentence: yes, no, the value, or that it is silent.

Pure. That a record lacks a thing is never a "no": only what denies it is. Knows nothing of how items are found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat.facets import (
    BRAND,
    PRICE,
    RATING,
    STOCK,
    attributes_of,
    canonical,
    likely_name,
    own_spoken_of,
    spoken_of,
)
from chat.money import price_text
from chat.record import EXCLUSIVE, NUMBER_WORDS, stem
from chat.references import ORDINALS
from chat.several import listed
from chat.words import FILLERS, plain, tokens, word_set
from retrieval.items import Item
from retrieval.variants import varying

MOST_VALUES = 8  # of one attribute in a sentence
LONGEST_ECHO = 60  # characters of the shopper's words that are said back
LONGEST_QUOTE = 200  # characters of a description
_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false", "none"})
_DENYING = word_set("no not non without free never none less")
# Words of a question that name no property of what it asks about.
_EMPTY = (FILLERS - _DENYING) | word_set(
    "comes made suitable suited okay safe usable use used have has had feature features featured included include "
    "includes offered actually both real really true kind lot listed also already enough meant designed intended"
)
_LEAD = r"^\W*(?:(?:and|so|ok|okay|but|also|then|hm+|well|great|nice|please|thanks|oh|hey|tell me|do you know)\W+)*"
_SUBJECT = (
    r"(?:(?:it|they)\b|(?:this|that|these|those)(?: (?:ones?|two|three|item|product))?\b"
    rf"|(?:the |number |no\.? |#|item |option )?(?:{'|'.join(ORDINALS)}|\d|one|two|three)"
    r"(?: (?:ones?|items?|products?))?\b"
    r"|the [\w'-]+(?: [\w'-]+){0,2}? ones?\b|the (?:cheapest|most expensive|best rated|dearest)\b(?: ones?\b)?)"
)
_YES_NO = re.compile(
    rf"{_LEAD}(?P<verb>is|are|was|were|isn't|aren't|does|do|doesn't|don't|did|has|have|hasn't|haven't|can|could|will"
    rf"|would|should)\b(?P<rest>.+)$",
    re.IGNORECASE,
)
_WHICH_IS = re.compile(r"\b(?:which|what)\b.*?\b(?:is|are|has|have|comes?)\b(?P<rest>.+)$", re.IGNORECASE)
_ENDS = re.compile(r"[\s?!.]+$|\b(?:please|or not|too|as well|at all|by any chance|actually)\W*$", re.IGNORECASE)
_WH = re.compile(rf"{_LEAD}(?:how|what|which|where|who|when|whose)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    rf"{_LEAD}(?:is|does|has|can|will|would|could|isn't|doesn't)\s+(?:it|this|that)(?: one)?\b"
    r"(?!\s+(?:possible|ok|okay|true|alright|all right|correct|everything|there|your|matter|mean|a shop|clear|me"
    r"|the shop))"
    rf"|{_LEAD}(?:how|what|which|where|who|when|whose)\b(?:'s)?(?![^?]*\b(?:work|help|chat|you|we|i|me)\b)"
    r"[^?,.]*\b(?:it|this one|that one)(?=\W|$)"
    rf"|{_LEAD}(?:how|what)(?:'s| is| are|[\w ]{{1,20}} (?:is|does|do))[\w ]* (?:this|that)\W*$",
    re.IGNORECASE,
)
_THE = rf"{_LEAD}(?:(?:what|which|how) [\w ]{{1,20}} )?(?:is|does|has|can|will) the "
_PLURAL = re.compile(
    rf"{_LEAD}(?:are|do|have|can|will|would|could|does|is) (?:they|these|those|any of (?:them|these|those)"
    r"|all of (?:them|these|those)|both)\b(?!\s+(?:sell|carry|stock|offer|have (?:any|other)|open|real))",
    re.IGNORECASE,
)


def asks_of_shown(text: str, topic: str = "") -> str:
    """Whether a question is of what was just shown, by its pronoun: "one", "all", or "" where it is not.

    ``topic``: what is being looked for, which "the tent" means too.
    """
    if _PLURAL.search(text):
        return "all"
    if topic and re.search(rf"{_THE}{re.escape(topic)}(?!\w)", text, re.IGNORECASE):
        return "one"
    return "one" if _PRONOUN.search(text) else ""


@dataclass(frozen=True)
class Verdict:
    """What a record says to a question of yes or no; ``why``: the attribute and the value that say it."""

    yes: bool
    name: str = ""
    value: str = ""


def variant_meant(message: str, item: Item, variants: Sequence[Item]) -> Item | None:
    """The one of another colour or size that a question is after ("does it come in red?"), of a thing that is not so
    itself; None where there is none.

    ``variants``: the others of its product in stock.
    """
    text = _without_title(plain(message), item)
    content = _content(_predicate(text) or "")
    if not content or own_spoken_of(text) or judge(content, item):
        return None
    for other in variants:
        if any(_stems(value) == content for values in varying(other).values() for value in values):
            return other
    return None


def answer(message: str, item: Item, currency: str, known: Mapping[str, Sequence[str]]) -> str:
    """The one sentence; "" where nothing in particular is asked ("tell me more about it").

    ``known``: the catalogue's attributes with their values.
    """
    text = _without_title(plain(message), item)
    title, held = plain(item.title), attributes_of(item)
    predicate = _predicate(text)
    if predicate is None and not _WH.search(text):
        return ""
    for key in own_spoken_of(text):
        return _own(key, item, currency)
    content = _content(predicate or "")
    if predicate is not None and content and (verdict := judge(content, item)):
        return _told(verdict, title)
    for name in [*spoken_of(text, held), *filter(None, [_exclusive(content, held)])][:1]:
        return _given(name, held[name], title)
    if predicate is not None and content:
        for name, values in known.items():
            if canonical(name) in held and any(_stems(value) == content for value in values):
                return _given(canonical(name), held[canonical(name)], title)
    if quote := _quote(content or _content(text), item):
        return f"The shop says of {title}: “{quote}”"
    if predicate is not None:
        return _silent_on(text, predicate, title)
    name = likely_name(text)
    verb = "are" if name.endswith("s") else "is"
    return f"The shop doesn't say what the {name} of {title} {verb}." if name else ""


def judge(content: frozenset[str], item: Item) -> Verdict | None:
    """What the record says to whether the item is, or has, all of these (stems of words); None where it is silent."""
    denied = content & _DENYING
    if denied and (told := judge(content - denied, item) if content > denied else None):
        return Verdict(not told.yes, told.name, told.value)
    held = attributes_of(item)
    exclusive = _exclusive(content, held)
    for name, values in ((exclusive, held[exclusive]),) if exclusive else held.items():
        named = _stems(name)
        if content <= named and len(values) == 1 and values[0].lower() in _YES | _NO:
            return Verdict(values[0].lower() in _YES, name)
        for value in values:
            words = _stems(value)
            denies = bool(words & _DENYING)
            # A "leather-look bottle" is not of leather: of a colour or a material the value says nothing else.
            alone = not _is_exclusive(content) or words <= content or denies
            if content <= words | named and content & words and alone:
                return Verdict(not denies, name, value)
    if not exclusive:
        for name, text in ((BRAND, item.brand), ("", item.title), *(("", part) for part in item.category[-1:])):
            if text and content <= _stems(text):
                return Verdict(True, name, text)
    return None


def _is_exclusive(content: frozenset[str]) -> bool:
    return any(content <= {stem(word) for word in kind} for _, kind in EXCLUSIVE)


def _exclusive(content: frozenset[str], held: Mapping[str, Sequence[str]]) -> str:
    """The attribute that alone can say it: what has a colour of its own is not red because of a red handle."""
    for names, kind in EXCLUSIVE:
        if content and content <= {stem(word) for word in kind}:
            return next((name for name in map(canonical, sorted(names)) if name in held), "")
    return ""


def of_several(message: str, items: Sequence[Item]) -> str:
    """The answer to a question of yes or no about several items, in one sentence; "" where it is no such question."""
    predicate = _predicate(plain(message), several=True)
    content = _content(predicate or "")
    if not content or own_spoken_of(message):
        return ""
    found = [(plain(item.title), judge(content, item)) for item in items]
    yes = [title for title, verdict in found if verdict is not None and verdict.yes]
    no = [title for title, verdict in found if verdict is not None and not verdict.yes]
    silent = [title for title, verdict in found if verdict is None]
    if not yes and not no:
        return ""
    parts = [f"{word} {listed(titles)}" for word, titles in (("yes for", yes), ("no for", no)) if titles]
    parts += [f"the shop doesn't say for {listed(silent)}"] if silent else []
    line = "; ".join(parts)
    return f"{line[:1].upper()}{line[1:]}."


def _predicate(text: str, *, several: bool = False) -> str | None:
    """What a question of yes or no says of its subject: "waterproof", "come in red"; None where it is none."""
    if (match := _YES_NO.search(text)) is None:
        which = _WHICH_IS.search(text) if several else None
        return _ended(which["rest"]) if which else None
    rest = match["rest"].strip()
    subject = re.match(_SUBJECT, rest, re.IGNORECASE)
    rest = rest[subject.end() :] if subject else re.sub(r"^(?:any|all|both) of (?:them|these|those)\b", "", rest)
    return _ended(re.sub(r"^(?:not|n't)\s+", "", rest.strip(), flags=re.IGNORECASE))


def _ended(text: str) -> str:
    while (shorter := _ENDS.sub("", text)) != text:
        text = shorter
    return text.strip(" ,")


def _without_title(text: str, item: Item) -> str:
    return re.sub(rf"\b(?:the )?{re.escape(plain(item.title))}(?!\w)", "it", text, flags=re.IGNORECASE)


def _content(text: str) -> frozenset[str]:
    """The stems of the words that name a property; numbers too."""
    words = (token.text for part in tokens(text) for token in tokens(part.text.replace("-", " ")))
    return frozenset(stem(NUMBER_WORDS.get(word, word)) for word in words if word not in _EMPTY)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(token.text) for part in tokens(text) for token in tokens(part.text.replace("-", " ")))


def _told(verdict: Verdict, title: str) -> str:
    word = "Yes" if verdict.yes else "No"
    if not verdict.name:
        return f"{word}: it is {plain(verdict.value)}."
    if verdict.name == BRAND:
        return f"{word}: it is by {plain(verdict.value)}."
    if not verdict.value:
        return f"{word}: {title} is {'' if verdict.yes else 'listed as not '}{verdict.name}."
    value = plain(verdict.value)
    if verdict.name == "colour":
        return f"{word}: {title} comes in {value}."
    if verdict.name in ("material", "fabric"):
        return f"{word}: {title} is made of {value}."
    return f"{word}: the shop lists {title} as “{value}” ({verdict.name})."


def _given(name: str, values: Sequence[str], title: str) -> str:
    shown = [plain(value) for value in values[:MOST_VALUES]]
    more = len(values) - len(shown)
    said = listed([*shown, f"{more} more"] if more else shown)
    if values[0].lower() in _YES | _NO and len(values) == 1:
        return f"{'Yes' if values[0].lower() in _YES else 'No'}: the shop gives “{name}” of {title} as {said}."
    if name == "colour":
        return f"The shop lists {title} in {said}."
    if name in ("material", "fabric"):
        return f"{title} is made of {said}."
    return f"The shop gives the {name} of {title} as {said}."


def _own(key: str, item: Item, currency: str) -> str:
    title = plain(item.title)
    if key == PRICE:
        if item.price is None:
            return f"The shop doesn't say what {title} costs."
        return f"{title} costs {price_text(item.price, item.currency or currency)}."
    if key == RATING:
        if item.rating is None:
            return f"The shop doesn't say how {title} is rated."
        by = f" by {item.rating_count:,} shoppers" if item.rating_count else ""
        return f"{title} is rated {item.rating:g} out of 5{by}."
    if key == BRAND:
        return f"{title} is by {plain(item.brand)}." if item.brand else f"The shop doesn't say who makes {title}."
    if key == STOCK:
        if item.stock is None:
            return f"The shop doesn't say whether {title} is in stock."
        return f"Yes: {title} is in stock." if item.in_stock else f"No: {title} is out of stock."
    return ""


def _quote(content: frozenset[str], item: Item) -> str:
    """The description's sentence that speaks of all of it, as it stands there."""
    if not content:
        return ""
    for sentence in re.split(r"(?<=[.!?])\s+|\n", plain(item.description)):
        if content <= _stems(sentence) and len(sentence) <= LONGEST_QUOTE:
            return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
    return ""


def _silent_on(text: str, predicate: str, title: str) -> str:
    """ "The shop doesn't say whether X comes in red", where the shopper's words are few and plain; else shorter."""
    match = _YES_NO.search(text)
    if match is None or not re.fullmatch(r"[^\W\d][^\d<>&_]*", predicate) or len(predicate) > LONGEST_ECHO:
        return f"The shop doesn't say that of {title}."
    verb = match["verb"].lower().replace("n't", "")
    if verb in ("is", "are", "was", "were"):
        said = f"is {predicate}"
    elif verb in ("has", "have"):
        said = f"has {predicate}"
    elif verb in ("does", "do", "did"):
        first, _, rest = predicate.partition(" ")
        said = f"{_third(first)} {rest}".strip()
    else:
        said = f"{verb} {predicate}"
    return f"The shop doesn't say whether {title} {said}."


def _third(verb: str) -> str:
    """The verb as it follows "it": "come" → "comes", "wash" → "washes"."""
    lowered = verb.lower()
    if lowered in ("have", "do", "go"):
        return {"have": "has", "do": "does", "go": "goes"}[lowered]
    if re.search(r"(?:s|x|z|ch|sh|o)$", lowered):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", lowered) else f"{verb}s"
