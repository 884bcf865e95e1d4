"""The one question a turn may ask: that whose answer is expected to narrow the choice most, about use where it can be.

Pure. Knows the need and the items; never asks what the need holds, nor the same thing twice, nor on and on where nobody
answers. What an answer would tell is computed from the candidates themselves.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2
from statistics import quantiles

from chat.facets import attributes_of
from chat.money import price_text
from chat.want import Need, Want
from chat.words import singular, tokens
from retrieval.items import Item

MOST_CHIPS = 4
LEAST_GAIN = 0.8  # bits: below that the answer would hardly narrow the choice
LEAST_COVERAGE = 0.6  # share of the items that the suggested answers must speak of
LEAST_ITEMS = 3  # with fewer there is nothing to narrow
LONGEST_CHIP = 24  # characters
USE_WORTH = 1.3  # bits of a question about use count for more: a shopper knows the use, and seldom the attribute
GIFT_WORTH = 2.0  # and of one about the person whom a present is for
BRAND_WORTH = 0.8  # and of one about the maker for less: few know the makers of a shop that is new to them
MOST_IGNORED = 2  # questions that were not answered: after so many, no more are asked
REST_TURNS = 2  # turns from a question that was not answered to the next one

# Asked for what the thing is to do, for whom and when, rather than for what it is called in a record.
_USES: dict[str, str] = {
    "for": "Who is it for?",
    "gender": "Who is it for?",
    "recipient": "Who is it for?",
    "age": "What age is it for?",
    "activity": "What will you use it for?",
    "use": "What will you use it for?",
    "occasion": "What is the occasion?",
    "season": "When will you use it?",
    "temperature": "How cold will it get where you use it?",
    "players": "How many will play?",
    "room": "Which room is it for?",
    "skin": "What is the skin like that it is for?",
    "hair": "What is the hair like that it is for?",
    "sow": "When would you like to sow?",
    "carries": "How heavy is what it must carry?",
    "connection": "What will you connect it to?",
    "diet": "Is there a diet to keep to?",
    "allergens": "Is there something that must not be in it?",
}
_TEXTS: dict[str, str] = {
    "colour": "Is there a colour you would like?",
    "size": "Which size do you need?",
    "material": "Do you have a material in mind?",
    "brand": "Is there a brand you like?",
    "price": "Do you have a budget in mind?",
    "features": "Is there a feature that matters to you?",
    "capacity": "How much should it hold?",
    "type": "Which type do you have in mind?",
    "scent": "Is there a scent you like?",
    "flavour": "Is there a flavour you like?",
    "power": "Where will its power come from?",
    "weight": "How heavy may it be?",
    "roast": "How dark do you like the roast?",
}
_PEOPLE = re.compile(r"\b(?:people|persons?)\b", re.IGNORECASE)
WHAT_FOR, KIND = "use", "kind"
# What things are used for, as a shopper would say it, and the words of records that tell of it.
_PURPOSES: tuple[tuple[str, str], ...] = (
    ("camping", r"camp(?:ing|ers?|sites?)"),
    ("hiking", r"hik(?:e|es|ing|ers?)|trails?|trek(?:s|king)?"),
    ("travel", r"travel(?:s|ling|lers?)?|journeys?|flights?|hand luggage"),
    ("commuting", r"commut\w*|bicycles?|bikes?|cycling"),
    ("work", r"office|working days?|home working|work"),
    ("school", r"schools?|homework|classrooms?"),
    ("sport", r"sports?|gym|running|runners?|yoga|workouts?"),
    ("the beach", r"beach(?:es)?|swim\w*"),
    ("rain", r"rain\w*|downpours?|wet (?:days|weather|hills|feet)"),
    ("cold days", r"winter\w*|snow\w*|frosts?|cold (?:days|nights|mornings|weather)"),
    ("hot days", r"summer\w*|heat ?waves?|sunny days|hot (?:days|nights|weather)"),
    ("festivals", r"festivals?|concerts?"),
    ("parties", r"part(?:y|ies)|celebrat\w*|weddings?"),
    ("everyday", r"every ?day"),
    ("the whole family", r"famil(?:y|ies)"),
    ("the garden", r"gardens?|balcon(?:y|ies)|terraces?|patios?"),
    ("reading", r"reading|readers?"),
    ("sensitive skin", r"sensitive skin|sensitive"),
    ("breakfast", r"breakfasts?"),
    ("baking", r"bak(?:e|es|ing|ers?)"),
)
_PURPOSE_RE = tuple((label, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for label, words in _PURPOSES)
# In a description only what it is for counts: "for a festival or a canoe trip", and not a hill that somebody saw.
_MEANT_FOR = re.compile(r"\bfor\b[^.;!?]{0,60}", re.IGNORECASE)
_GIFT = re.compile(r"\b(?:presents?|gifts?)\b", re.IGNORECASE)
_BROAD = 0.7  # share of the candidates: what so many are used for tells them apart no better than nothing


@dataclass(frozen=True)
class Question:
    """A question with suggested answers; ``key`` is what the need remembers it by."""

    key: str
    text: str
    chips: tuple[str, ...]


def next_question(need: Need, candidates: Sequence[Item]) -> Question | None:
    """The question whose answer tells most, or None where no answer would help or nobody answers.

    ``candidates``: the items that satisfy the need, best first; the more of them, the better the choice of question.
    """
    if len(candidates) < LEAST_ITEMS or need.current.is_empty or _is_tiring(need):
        return None
    options: list[tuple[float, Question]] = []
    closed = _held(need.current, need) | {name.lower() for name in need.asked}
    total = len(candidates)
    held = [attributes_of(item) for item in candidates]
    for name in sorted({name for attributes in held for name in attributes} - closed):
        if _is_said(need.current.words, [value for attributes in held for value in attributes.get(name, ())]):
            continue
        answers = Counter(attributes[name][0] for attributes in held if name in attributes)
        text = _text(name, answers)
        _offer(options, Question(name, text, ()), answers, total, USE_WORTH if text in _USES.values() else 1.0)
    if WHAT_FOR not in closed:
        _offer_purposes(options, need, candidates)
    if KIND not in closed and is_for_a_gift(need):
        # Who looks for a present knows the person, and not yet the thing.
        departments = Counter(item.category[0] for item in candidates if item.category)
        _offer(options, Question(KIND, "What is it that they enjoy?", ()), departments, total, GIFT_WORTH)
    elif KIND not in closed and not need.current.filter.categories:
        kinds = Counter(item.category[-1] for item in candidates if item.category)
        _offer(options, Question(KIND, "What kind of thing do you have in mind?", ()), kinds, total, 1.0)
    if "brand" not in closed:
        brands = Counter(item.brand for item in candidates if item.brand)
        _offer(options, Question("brand", _TEXTS["brand"], ()), brands, total, BRAND_WORTH)
    if "price" not in closed:
        _offer_price(options, candidates, need.currency)
    return max(options, key=lambda option: option[0])[1] if options else None


def is_for_a_gift(need: Need) -> bool:
    """True if what is wanted is a present, of whatever kind: the shop carries those, though nothing is called so."""
    return _GIFT.search(need.current.words) is not None


def expected_gain(groups: Mapping[str, int], total: int) -> float:
    """Bits by which an answer is expected to narrow ``total`` items, if shoppers want what the items offer.

    ``groups``: how many items each suggested answer would leave; an item may be in several, or in none.
    """
    named = sum(groups.values())
    if not named:
        return 0.0
    gain = sum(left / named * log2(total / left) for left in groups.values() if left)
    return gain * min(1.0, named / total)


def _is_tiring(need: Need) -> bool:
    """True if questions went unanswered: the next one waits a little, and after some there is none."""
    answered = set().union(*(_held(want, need) for want in need.wants))
    if any(pattern.search(want.words) for want in need.wants for _, pattern in _PURPOSE_RE):
        answered.add(WHAT_FOR)
    ignored = sum(1 for key in need.asked if key.lower() not in answered)
    return ignored >= MOST_IGNORED or (ignored > 0 and need.turns - need.asked_at < REST_TURNS)


def _held(want: Want, need: Need) -> set[str]:
    """Keys of the questions that the want answers already, or that the shopper does not mind."""
    limits = want.filter
    held = {name.lower() for name in limits.attributes} | {pair[0].lower() for group in limits.one_of for pair in group}
    held |= {name.lower() for name in need.indifferent}
    held |= {"brand"} if limits.brands else set()
    held |= {"price"} if limits.highest is not None or limits.lowest is not None else set()
    held |= {KIND} if limits.categories else set()
    return {name.replace("color", "colour") for name in held}


def _is_said(words: str, values: Sequence[str]) -> bool:
    """True if the want's words hold one of the values whole: nobody is asked for what they said."""
    said = f" {_singulars(words)} "
    return any(f" {_singulars(value)} " in said for value in values if value.strip())


def _singulars(text: str) -> str:
    return " ".join(singular(token.text) for token in tokens(text))


def _text(name: str, answers: Counter[str]) -> str:
    if name == "capacity" and all(_PEOPLE.search(value) for value in answers):
        return "How many people is it for?"
    return _USES.get(name) or _TEXTS.get(name) or f"Do you have a preference for the {name}?"


def _offer(
    options: list[tuple[float, Question]], question: Question, answers: Counter[str], total: int, worth: float
) -> None:
    """Offer the question with its commonest answers as chips, where they part the items well enough."""
    usable = Counter({value: n for value, n in answers.items() if len(value) <= LONGEST_CHIP})
    if len(usable) < 2 or len(usable) > total * 0.8:
        return
    shown = dict(usable.most_common(MOST_CHIPS))
    if sum(usable.values()) / total < LEAST_COVERAGE or expected_gain(usable, total) < LEAST_GAIN:
        return
    # Many values are hard to choose among: the gain of more than the chips can show is not had.
    gain = expected_gain(shown, sum(usable.values())) * worth
    options.append((gain, Question(question.key, question.text, tuple(shown))))


def _offer_purposes(options: list[tuple[float, Question]], need: Need, candidates: Sequence[Item]) -> None:
    """Ask what it will be used for, where records tell of several uses and no use is nearly everything's."""
    texts = [" ".join((item.title, *_values(item), *_MEANT_FOR.findall(item.description))) for item in candidates]
    served = {
        label: {number for number, text in enumerate(texts) if pattern.search(text)} for label, pattern in _PURPOSE_RE
    }
    total = len(candidates)
    telling = {label: items for label, items in served.items() if 2 <= len(items) <= total * _BROAD}
    if any(pattern.search(need.current.words) for label, pattern in _PURPOSE_RE if label in telling):
        return  # the shopper has said it
    chosen: list[str] = []
    for label in sorted(telling, key=lambda label: (-len(telling[label]), label)):
        # Two uses of the very same items would be one answer twice.
        if all(len(telling[label] & telling[other]) < 0.6 * len(telling[label]) for other in chosen):
            chosen.append(label)
    chosen = chosen[:MOST_CHIPS]
    if len(chosen) < 2 or len(set().union(*(telling[label] for label in chosen))) / total < LEAST_COVERAGE:
        return
    gain = expected_gain({label: len(telling[label]) for label in chosen}, total)
    if gain >= LEAST_GAIN:
        chips = tuple(f"for {label}" for label in chosen)
        options.append((gain * USE_WORTH, Question(WHAT_FOR, "What will you use it for?", chips)))


def _values(item: Item) -> list[str]:
    return [value for values in item.attributes.values() for value in values]


def _offer_price(options: list[tuple[float, Question]], candidates: Sequence[Item], currency: str) -> None:
    prices = sorted(item.price for item in candidates if item.price is not None)
    if len(prices) < LEAST_ITEMS or prices[-1] < 2 * prices[0]:
        return
    cuts = quantiles(prices, n=3, method="inclusive")
    step = 5 if cuts[0] < 100 else 10 if cuts[0] < 1000 else 100
    rounded = sorted({ceil(cut / step) * step for cut in cuts})
    chips = tuple(f"under {price_text(type(prices[0])(cut), currency, short=True)}" for cut in rounded)
    options.append((1.1, Question("price", _TEXTS["price"], chips)))
