"""Plain sentences of ours, true by construction: for talk that needs no search, and where the LLM gives none.

Pure. Everything said is computed from the records shown and the need.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chat.answering import answer, not_exact
from chat.found import Found, Group
from chat.money import price_text
from chat.need import Need
from chat.openings import OPENING, question
from chat.reading import Reading
from chat.relax import given_up
from chat.several import listed
from chat.telling import sentences_about
from chat.want import Want, price_label
from retrieval.facts import Facts
from retrieval.filters import PRICE_BOUNDS
from retrieval.items import Item


@dataclass(frozen=True)
class Sentence:
    """One sentence of the answer."""

    text: str
    by: Literal["llm", "template"]
    verdict: str = "kept"  # kept | repaired: what the check made of it


MOST_KINDS = 2  # named as the nearest to what the shop lacks
MOST_COMPARED = 4  # items in one answer
NOT_REACHED = "The assistant's language model can't be reached right now; here is what the shop has."
FOR_YOU = "Going by what you liked and bought here, these may suit you."
FOR_ANOTHER = "If it is for somebody else, tell me who, or what it is to be used for."
_TALK = {
    "greeting": "Hello! Tell me what you are looking for, or who it is for, and I will show you what the shop has.",
    "thanks": "You're welcome! Tell me if you would like to see anything else.",
    "farewell": "Goodbye, and thank you for stopping by!",
    "identity": "I am the shop's AI assistant: I show what its catalogue has, and can't help with much else.",
    "off_topic": "I can only help with what this shop sells: what would you like to find?",
    "range": "Name a kind of thing, a use or a person, and I will show you what there is for it.",
    "empty": "I could not read that: what are you looking for?",
    "abuse": "Let's keep it friendly: I am glad to go on looking with you.",
    "distress": "I am only a shop's assistant, and you deserve more than that: please talk to someone you trust, or "
    "call your local emergency number, right now.",
    "start_over": "All right, we start afresh: what are you looking for?",
}


def template_reply(
    found: Found, need: Need, reading: Reading, facts: Facts | None = None, about: Sequence[str] = ()
) -> list[Sentence]:
    """The plain answer to this turn, without its caveats.

    ``facts``: of the current want, where the message asked for them and the filter says all that it asked.
    ``about``: the sentences on what is shown, where the message asked something in particular about it.
    """
    shown = found.shown
    if facts is not None and reading.inquiry is not None:
        lines = answer(reading.inquiry, need, facts, shown[0] if shown else None)
    elif reading.intent in ("foreign", "policy", "order", "complaint"):
        lines = []  # the reading's notes say it
    elif reading.intent == "help" and not shown:
        lines = [question(sum(name.startswith(OPENING) for name in need.asked))]
    elif reading.intent == "help":
        lines = [FOR_YOU, FOR_ANOTHER]
    elif reading.intent in _TALK and not shown:
        lines = [_TALK[reading.intent]]
    elif about:
        lines = list(about)
    elif reading.intent == "choose":
        lines = _to_buy([item for item in shown if item.id in reading.references], need)
    elif reading.intent in ("about_item", "compare"):
        lines = _about(shown, need, reading)
    elif not shown:
        lines = [_nothing(need)]
    elif len(found.groups) > 1:
        lines = [of_groups(found.groups, need.currency)]
    else:
        lines = [_on_show(shown, need.currency)]
    return [Sentence(line, "template") for line in lines]


def caveats(
    found: Found, need: Need, reading: Reading, facts: Facts | None = None, *, llm_reached: bool = True
) -> list[Sentence]:
    """What must be said before anything else: how what is shown differs from what was asked for."""
    lines = list(reading.notes)
    if not llm_reached:
        lines.append(NOT_REACHED)
    # What is compared was shown before, with all that had to be said of it.
    for group in found.groups if reading.intent != "compare" else ():
        # Items that were only pointed at were found for no want; they are held against the current one.
        want = group.want if reading.needs_search else need.current
        # Said once: where the words are new.
        lines += _caveats_of(
            group,
            want,
            need.currency,
            says_corrected=reading.intent == "search",
            several=len(found.groups) > 1,
            again=reading.intent == "more",
        )
    if reading.inquiry is not None and facts is None and found.shown and all(group.carried for group in found.groups):
        lines.append(not_exact(need.current, reading.inquiry))
    return [Sentence(line, "template") for line in lines]


def _caveats_of(
    group: Group, want: Want, currency: str, *, says_corrected: bool, several: bool, again: bool
) -> list[str]:
    lines: list[str] = []
    shown = group.shown
    if shown and group.corrected and says_corrected:
        lines.append(f"Showing results for “{group.corrected}”.")
    broken = [set(want.filter.broken_by(item)) for item in shown]
    if shown and not group.carried and not again:
        name = named(want)
        opening = f"I don't see “{name}” in this shop" if name else "Nothing in the shop seems to be quite that"
        lines.append(f"{opening}; these come nearest{_kinds_of(shown)}.")
    of_it = f"{group.name[:1].upper()}{group.name[1:]}: " if several else ""
    priced_so = bool(shown) and all(names & set(PRICE_BOUNDS) for names in broken)
    if priced_so:
        lines.append(of_it + _nothing_priced_so(shown, want, currency))
    if left := tuple(name for name in group.gave_up if name != "price"):
        said = given_up(left, want.filter, currency)
        lines.append(f"{of_it}Nothing has all that you asked for, so I left out {said}.")
    elif not priced_so and any(names - set(PRICE_BOUNDS) for names in broken):
        lines.append(f"{of_it}Nothing has everything you asked for; each card says where it differs.")
    return lines


def _kinds_of(shown: Sequence[Item]) -> str:
    """Of what kind most of the items are: ", in Throws and Cushions"; "" where they have nothing in common."""
    leaves = Counter(item.category[-1] for item in shown if item.category).most_common(MOST_KINDS)
    return f", in {listed([leaf for leaf, _ in leaves])}" if leaves else ""


def of_groups(groups: Sequence[Group], currency: str) -> str:
    """What is on show for each of several wants, in one sentence."""
    parts = []
    for group in groups:
        prices = [item.price for item in group.shown if item.price is not None]
        count = f"{len(group.shown)} near" if group.near else f"{len(group.shown)} for"
        if not group.shown:
            parts.append(f"nothing for “{group.name}”")
        elif not prices:
            parts.append(f"{count} “{group.name}”")
        else:
            low, high = price_text(min(prices), currency), price_text(max(prices), currency)
            span = f"at {low}" if low == high else f"from {low} to {high}"
            parts.append(f"{count} “{group.name}” {span}")
    opening = "Here is" if len(groups[0].shown) < 2 else "Here are"
    return f"{opening} {listed(parts)}."


def named(want: Want) -> str:
    """The thing that is wanted where the words name one; else ""."""
    return want.words if want.names_a_thing else ""


def _nothing_priced_so(shown: Sequence[Item], want: Want, currency: str) -> str:
    """That nothing costs what was asked; all of ``shown`` cost less, or more, or have no price."""
    limits = want.filter
    prices = [item.price for item in shown if item.price is not None]
    nearest = ""
    if prices and limits.highest is not None and min(prices) >= limits.highest:
        nearest = f", from {price_text(min(prices), currency)}"
    elif prices:
        nearest = f", up to {price_text(max(prices), currency)}"
    budget = ", outside your budget" if limits.price_max is not None or limits.price_min is not None else ""
    return f"Nothing that fits costs {price_label(limits, currency, within=True)}; these come nearest{nearest}{budget}."


def _about(shown: Sequence[Item], need: Need, reading: Reading) -> list[str]:
    about = [item for item in shown if item.id in reading.references] or list(shown)
    if not about:
        return ["Which one do you mean? Its name or its place in the row is enough."]
    few = about[:MOST_COMPARED]
    return [line for item in few for line in sentences_about(item, need)[: 3 if len(few) == 1 else 2]]


def _to_buy(chosen: Sequence[Item], need: Need) -> list[str]:
    """How what was chosen is bought: the assistant has no basket, and says so."""
    if not chosen:
        return [
            "I can't order for you: open an item's page from its card, or press the card's button where it has one.",
            "Which one would you like? Its name or its place in the row is enough.",
        ]
    told = [sentences_about(item, need)[0] for item in chosen[:MOST_COMPARED]]
    gone = [item for item in chosen[:MOST_COMPARED] if not item.in_stock]
    if gone:
        return [*told, f"{listed([item.title for item in gone])} can't be bought right now."]
    which = "its card" if len(chosen) == 1 else "their cards"
    return [*told, f"I can't order for you: open the page from {which}, or press the card's button where it has one."]


def _nothing(need: Need) -> str:
    wanted = need.current.words or "that"
    return f"I found nothing in the shop for “{wanted}”; try other words, or take away one of the tags above."


def _on_show(shown: Sequence[Item], currency: str) -> str:
    prices = [(item.price, item) for item in shown if item.price is not None]
    if len(shown) == 1:
        return f"{shown[0].title} is what I found{_for(shown[0].price, currency)}."
    if len(prices) < 2:
        return f"Here are {len(shown)} to look at, {shown[0].title} first."
    low, high = min(prices, key=lambda pair: pair[0]), max(prices, key=lambda pair: pair[0])
    if low[0] == high[0]:
        return f"Here are {len(shown)} to look at, at {price_text(low[0], currency)}."
    span = f"from {price_text(low[0], currency)} to {price_text(high[0], currency)}"
    return f"Here are {len(shown)} to look at, {span}; {low[1].title} costs least."


def _for(price: Decimal | None, currency: str) -> str:
    return f", for {price_text(price, currency)}" if price is not None else ""
