"""The one question a turn may ask: about what would best divide the items that were found.

Pure. Knows the need and the items; never asks what the need holds, nor the same thing twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2
from statistics import quantiles

from chat.money import price_text
from chat.want import Need
from retrieval.items import Item

MOST_CHIPS = 4
LEAST_GAIN = 0.8  # bits: below that the answer would hardly narrow the choice
LEAST_COVERAGE = 0.6  # share of the items that must carry the attribute
LEAST_ITEMS = 3  # with fewer there is nothing to narrow
LONGEST_CHIP = 24  # characters

_TEXTS = {
    "colour": "Is there a colour you would like?",
    "color": "Is there a colour you would like?",
    "size": "Which size do you need?",
    "gender": "Who is it for?",
    "for": "Who is it for?",
    "material": "Do you have a material in mind?",
    "brand": "Is there a brand you like?",
    "price": "Do you have a budget in mind?",
    "features": "Is there a feature that matters to you?",
    "capacity": "How much should it hold?",
    "age": "What age is it for?",
    "type": "Which type do you have in mind?",
    "season": "Which season is it for?",
    "temperature": "For which temperature?",
    "scent": "Is there a scent you like?",
    "diet": "Is there a diet to keep to?",
}


@dataclass(frozen=True)
class Question:
    """A question with suggested answers; ``key`` is what the need remembers it by."""

    key: str
    text: str
    chips: tuple[str, ...]


def next_question(need: Need, candidates: Sequence[Item]) -> Question | None:
    """The question whose answer tells most, or None where no answer would help.

    ``candidates``: the items that satisfy the need, best first; the more of them, the better the choice of question.
    """
    if len(candidates) < LEAST_ITEMS or need.current.is_empty:
        return None
    limits = need.current.filter
    held = {name.lower() for name in limits.attributes} | {pair[0].lower() for group in limits.one_of for pair in group}
    held |= {name.lower() for name in need.indifferent}
    closed = held | {name.lower() for name in need.asked}
    options: list[tuple[float, Question]] = []
    names = Counter(name for item in candidates for name in item.attributes)
    for name in sorted(names):
        if name.lower() in closed or names[name] / len(candidates) < LEAST_COVERAGE:
            continue
        if _is_said(need.current.words, [value for item in candidates for value in item.attributes.get(name, ())]):
            continue
        counts = Counter(item.attributes[name][0] for item in candidates if item.attributes.get(name))
        _offer(options, name, counts, len(candidates))
    if not limits.brands and "brand" not in closed:
        _offer(options, "brand", Counter(item.brand for item in candidates if item.brand), len(candidates))
    if "price" not in closed and limits.highest is None and limits.lowest is None:
        _offer_price(options, candidates, need.currency)
    return max(options, key=lambda option: option[0])[1] if options else None


def _is_said(words: str, values: Sequence[str]) -> bool:
    """True if the want's words hold one of the values whole: nobody is asked for what they said."""
    said = f" {words.lower()} "
    return any(f" {value.lower()} " in said for value in values)


def _offer(options: list[tuple[float, Question]], name: str, counts: Counter[str], total: int) -> None:
    usable = Counter({value: n for value, n in counts.items() if len(value) <= LONGEST_CHIP})
    if len(usable) < 2 or sum(usable.values()) / total < LEAST_COVERAGE or len(usable) > total * 0.8:
        return
    gain = _entropy(usable)
    if gain < LEAST_GAIN:
        return
    # Many values are hard to choose among: the gain of more than the chips can show is not had.
    chips = tuple(value for value, _ in usable.most_common(MOST_CHIPS))
    shown = sum(usable[value] for value in chips) / sum(usable.values())
    text = _TEXTS.get(name.lower(), f"Do you have a preference for the {name.lower()}?")
    options.append((min(gain, log2(MOST_CHIPS)) * shown, Question(name, text, chips)))


def _offer_price(options: list[tuple[float, Question]], candidates: Sequence[Item], currency: str) -> None:
    prices = sorted(item.price for item in candidates if item.price is not None)
    if len(prices) < LEAST_ITEMS or prices[-1] < 2 * prices[0]:
        return
    cuts = quantiles(prices, n=3, method="inclusive")
    step = 5 if cuts[0] < 100 else 10 if cuts[0] < 1000 else 100
    rounded = sorted({ceil(cut / step) * step for cut in cuts})
    chips = tuple(f"under {price_text(type(prices[0])(cut), currency, short=True)}" for cut in rounded)
    options.append((1.1, Question("price", _TEXTS["price"], chips)))


def _entropy(counts: Counter[str]) -> float:
    """Bits that the answer carries, if shoppers want what the items offer."""
    total = sum(counts.values())
    return -sum(n / total * log2(n / total) for n in counts.values() if n)
