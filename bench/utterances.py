"""How many of the constraints that shoppers state are read exactly: the corpus of ``tests/chat/utterances``.

Each case is a message, the messages before it, and its right reading, labelled from the catalogue alone. ``seen``
and ``seen2`` to ``seen4`` are the parts that the rules were developed on; ``unseen``, where there is such a file, was
written without sight of the rules, and they were not tuned on it. A unit is one constraint of one case: a stated one
that is read exactly is right, one that is read and was not stated is a wrong unit too. A narrower value that fulfils
the stated one is right ("merino wool" for wool).
Knows the demo shop's catalogue, and no page, no LLM and no search.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import yaml

from bench.report import parser, report
from chat.acts import read_acts
from chat.need import Need
from chat.reading import Reading
from chat.want import Want
from chat.words import singular, tokens
from demo import assortment, catalogue
from demo.__main__ import SEED
from retrieval.columns import Columns
from retrieval.facts import Vocabulary, vocabulary_of
from retrieval.items import Item

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "chat" / "utterances"
HALVES = ("seen", "seen2", "seen3", "seen4", "unseen")  # a part whose file is missing is not reported
GROWN = 14  # years: who is younger is a child
ABOUT = Decimal("0.5")  # "around 40" is read right where 40 lies inside the bounds, and they within half of it
OWN_WORD = (
    0.6  # of the items that have the thing's word in their titles: so many in one kind, and the word says that kind
)
# What the labels call an act, and the intents and inquiries that answer it.
SAME_ACTS = {"search": ("search", "refine"), "refine": ("refine", "search"), "order_status": ("order",)}


_SAME_SIZES = ({"S", "small"}, {"M", "medium"}, {"L", "large"}, {"XL", "extra large"})


@dataclass(frozen=True)
class Shop:
    """The demo shop, as far as reading needs it."""

    vocabulary: Vocabulary
    by_title: dict[str, Item]

    def says(self, word: str, category: str) -> bool:
        """True if the shop itself uses the word for things of this category, and hardly for others."""
        holding = [item for item in self.by_title.values() if word in _singulars(item.title)]
        inside = sum(item.category[-1] == category for item in holding)
        return bool(holding) and inside >= OWN_WORD * len(holding)


@dataclass
class Score:
    """What was read of one case: for each unit its kind and whether it is right."""

    case: str
    units: list[tuple[str, bool, str]] = field(default_factory=list)  # kind, right, what was wrong
    act: bool | None = None  # None where the case names none

    @property
    def exact(self) -> bool:
        return all(right for _, right, _ in self.units)

    def add(self, kind: str, right: bool, said: object = "") -> None:
        """Count a unit."""
        self.units.append((kind, right, "" if right else f"{kind}: {said}"))


def shop() -> Shop:
    """The demo shop, made from its seed."""
    items = catalogue.items(assortment.departments(), SEED)
    columns = Columns.empty().applied(
        (
            number, item.id, item.brand, json.dumps(item.category), json.dumps(item.attributes), str(item.price),
            item.currency, item.stock, item.rating, item.rating_count,
        )
        for number, item in enumerate(items)
    )  # fmt: skip
    return Shop(vocabulary_of(columns), {item.title: item for item in items})


def cases(half: str) -> list[dict[str, Any]]:
    """The cases of one half; none where it is not there."""
    path = FOLDER / f"{half}.yaml"
    held: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    return held


def read_case(case: Mapping[str, Any], shop: Shop) -> Reading:
    """The reading of the case's message, after those before it; the last of them showed what the case says."""
    shown = [shop.by_title[title] for title in case.get("shown", ())]
    need = Need()
    for message in case["before"]:
        need = read_acts(message, need, shop.vocabulary, ()).need
    return read_acts(case["message"], need, shop.vocabulary, shown)


def score(case: Mapping[str, Any], shop: Shop) -> Score:
    """The case's units."""
    made, reading = Score(case["id"]), read_case(case, shop)
    labels = [case.get("want") or {}, *case.get("others", ())]
    if len(labels) == 1:
        held: Sequence[Want] = [reading.need.current]
    else:
        held = [want for want in reading.need.wants if not want.is_empty]
        held = [*held, *[Want()] * (len(labels) - len(held))]
    # The wants that fit the labels best: which of several comes first is not a matter of right or wrong.
    tries = (
        [unit for label, want in zip(labels, chosen, strict=True) for unit in _units(label, want, shop, reading)]
        for chosen in permutations(held, len(labels))
    )
    for kind, right, said in max(tries, key=lambda units: sum(right or -1 for _, right, _ in units)):
        made.add(kind, right, said)
    if "refers" in case:
        right_ids = {shop.by_title[title].id for title in case["refers"]}
        made.add("reference", set(reading.references) == right_ids, reading.references)
    if case.get("currency_note") or labels[0].get("currency_note"):
        made.add("currency", any("prices are in" in note for note in reading.notes), reading.notes)
    if "act" in case:
        said = "range" if reading.inquiry and reading.inquiry.kind != "extreme" else reading.intent
        made.act = said in SAME_ACTS.get(case["act"], (case["act"],))
    return made


def figures_of(scores: Sequence[Score]) -> dict[str, float]:
    """Shares of the units that are right, altogether and by kind; of the cases that are exact; of the acts."""
    units: dict[str, Counter[bool]] = defaultdict(Counter)
    for one in scores:
        for kind, right, _ in one.units:
            units[kind][right] += 1
    every = sum(units.values(), Counter())
    acts = [one.act for one in scores if one.act is not None]
    made: dict[str, float] = {"cases": len(scores), "constraints": every.total()}
    made["right"] = every[True] / max(every.total(), 1)
    made["exact_cases"] = sum(one.exact for one in scores) / max(len(scores), 1)
    made["acts"] = sum(acts) / max(len(acts), 1)
    made |= {f"{kind}.right": held[True] / held.total() for kind, held in sorted(units.items()) if kind != "invented"}
    return made | {"invented": float(units["invented"][False])}


def _units(label: Mapping[str, Any], want: Want, shop: Shop, reading: Reading) -> list[tuple[str, bool, object]]:
    limits = want.filter
    return [
        *_kind_units(label, want, shop),
        *_price_units(label, want),
        *_value_units(label, want),
        *_refusal_units(label, want),
        *_word_units(label, want, shop, reading),
        *[
            (name, limits_value == label[name], limits_value)
            for name, limits_value in (("rating_min", limits.rating_min), ("order", want.order))
            if name in label
        ],
        *[
            ("invented", False, f"rating {limits.rating_min}")
            for _ in "1"
            if limits.rating_min and "rating_min" not in label
        ],
        *[
            ("invented", False, want.order)
            for _ in "1"
            if want.order and "order" not in label and "cheaper" not in label
        ],
        *[("in_stock", limits.in_stock_only == value, "") for name, value in label.items() if name == "in_stock_only"],
    ]


def _kind_units(label: Mapping[str, Any], want: Want, shop: Shop) -> Iterable[tuple[str, bool, object]]:
    leaves = {path[-1] for path in want.filter.categories}
    if "category" not in label:
        if leaves:
            yield "invented", False, leaves
        return
    said = [singular(word) for word in (want.topic or want.words).split()]
    by_words = not leaves and any(shop.says(word, label["category"]) for word in said)
    yield "category", leaves == {label["category"]} or by_words, f"{leaves} {want.words!r}"


def _price_units(label: Mapping[str, Any], want: Want) -> Iterable[tuple[str, bool, object]]:
    limits = want.filter
    read = {"price_min": limits.price_min, "price_max": limits.price_max}
    read |= {"price_above": limits.price_above, "price_below": limits.price_below}
    if "price_about" in label:
        sum_ = Decimal(str(label["price_about"]))
        low, high = limits.price_min, limits.price_max
        near = low is not None and high is not None and sum_ * (1 - ABOUT) <= low <= sum_ <= high <= sum_ * (1 + ABOUT)
        yield "price", near, f"{low} {high}"
        return
    if label.get("cheaper"):
        yield "price", limits.price_below is not None or want.order == "cheapest", read
        return
    for name, value in read.items():
        if name in label:
            yield "price", value == Decimal(str(label[name])), f"{name} {value}"
        elif value is not None:
            yield "invented", False, f"{name} {value}"


def _value_units(label: Mapping[str, Any], want: Want) -> Iterable[tuple[str, bool, object]]:
    held: dict[str, set[str]] = defaultdict(set)
    groups: list[set[tuple[str, str]]] = [set(group) for group in want.filter.one_of]
    for name, values in want.filter.attributes.items():
        held[name] |= set(values)
    stated: dict[str, list[str]] = label.get("attributes", {})
    for name, wanted in stated.items():
        read = set(held.pop(name, ()))
        if not read or name in ("features", "diet"):
            for group in [group for group in groups if any((name, value) in group for value in wanted)]:
                read |= {value for other, value in group if other == name}
                groups.remove(group)
        right = all(any(_fulfils(one, value) for one in read) for value in wanted)
        right = right and all(any(_fulfils(one, value) for value in wanted) for one in read)
        yield _kind_of(name), right, f"{name} {sorted(read)}"
    if "recipient_age" in label:
        yield _age_unit(label["recipient_age"], held)
    own = {part for path in want.filter.categories for part in _singulars(path[-1])}
    for name, read in ((name, read) for name, read in held.items() if read):
        if {singular(value) for value in read} <= own:
            continue  # "honey", of a kind called Honey & Jam
        yield "invented", False, f"{name} {sorted(read)}"
    for group in groups:
        yield "invented", False, sorted(group)
    if "brands" in label:
        yield "brand", set(want.filter.brands) == set(label["brands"]), want.filter.brands
    elif want.filter.brands:
        yield "invented", False, want.filter.brands


def _age_unit(years: float, held: dict[str, set[str]]) -> tuple[str, bool, object]:
    """Whether the age was read; of a kind that has none, "kids" and a size in years say it. Takes what says it out."""
    read = held.pop("age", set())
    if years < GROWN and (children := held.get("for", set())) & {"kids", "babies"}:
        del held["for"]
        sizes = {value for value in held.get("size", ()) if "year" in value}
        held["size"] = held.get("size", set()) - sizes
        read = read or sizes or children
    right = bool(read) and all(not re.search(r"\d", value) or _holds_age(value, years) for value in read)
    return "age", right, f"age {sorted(read)}"


def _refusal_units(label: Mapping[str, Any], want: Want) -> Iterable[tuple[str, bool, object]]:
    limits = want.filter
    refused = {value for values in limits.excluded_attributes.values() for value in values}
    allowed: set[str] = set()
    for name, values in label.get("not_attributes", {}).items():
        read = set(limits.excluded_attributes.get(name, ()))
        yield "refusal", set(values) <= read, f"not {name} {sorted(read)}"
        allowed |= {word for value in values for word in _singulars(value)}
    for term in label.get("not_terms", ()):
        said = {singular(one) for one in limits.excluded_terms} | {singular(one) for one in refused}
        yield "refusal", singular(term) in said, f"not {sorted(said)}"
        allowed |= _singulars(term)
    for term in {singular(one.lower()) for one in (*refused, *limits.excluded_terms)}:
        if not any(word.endswith(tuple(allowed)) for word in _singulars(term)) if allowed else True:
            yield "invented", False, f"not {term}"
    if "not_brands" in label:
        yield "refusal", set(limits.excluded_brands) == set(label["not_brands"]), f"not {limits.excluded_brands}"
    elif limits.excluded_brands:
        yield "invented", False, f"not {limits.excluded_brands}"


def _word_units(
    label: Mapping[str, Any], want: Want, shop: Shop, reading: Reading
) -> Iterable[tuple[str, bool, object]]:
    text = " ".join([want.words, *want.descriptions])
    # What a pointed-at item is called is what is searched for: another variant of it comes first.
    pointed = [title for title, item in shop.by_title.items() if item.id in reading.references]
    for word in (word for term in label.get("words", ()) for word in term.split()):
        yield "words", singular(word) in _singulars(" ".join([text, *pointed])), f"{word} in {text!r}"


def _fulfils(read: str, stated: str) -> bool:
    """True if who asked for ``stated`` is served by ``read``: itself, unisex for a person, or a narrower value."""
    if {read, stated} in _SAME_SIZES:
        return True
    if read == stated or (read == "unisex" and stated in ("men", "women")):
        return True
    if (number := re.match(r"\d+", stated)) and re.match(r"\d+-\d+", read):
        return _holds_age(read, float(number[0])) and stated.split()[-1] == read.split()[-1]  # "2-5 players" for two
    return re.search(rf"(?:^|[ -]){re.escape(stated.lower())}$", read.lower()) is not None


def _holds_age(value: str, years: float) -> bool:
    numbers = [float(number) for number in re.findall(r"\d+", value)]
    months = "month" in value
    low, high = numbers[0], numbers[1] if len(numbers) > 1 else float("inf")
    return low <= years * (12 if months else 1) <= high


def _kind_of(name: str) -> str:
    kinds = {"colour": "colour", "material": "material", "for": "recipient", "age": "age", "size": "size"}
    return kinds.get(name, "quantity" if name in ("capacity", "pieces", "players", "playing time") else "value")


def _singulars(text: str) -> set[str]:
    return {singular(token.text) for token in tokens(text)} | {
        singular(part) for token in tokens(text) for part in token.text.split("-")
    }


def main() -> None:
    """The command."""
    arguments = parser(__doc__)
    arguments.add_argument("--wrong", action="store_true", help="list what was not read right")
    given = arguments.parse_args()
    demo_shop = shop()
    figures: dict[str, float] = {}
    for half in HALVES:
        if not (scores := [score(case, demo_shop) for case in cases(half)]):
            continue
        figures |= {f"{half}.{name}": value for name, value in figures_of(scores).items()}
        for one in scores if given.wrong else ():
            wrong = [said for _, _, said in one.units if said]
            if wrong:
                print(one.case, "; ".join(wrong))
    report("utterances", figures, json_path=given.json, quick=given.quick)


if __name__ == "__main__":
    main()
