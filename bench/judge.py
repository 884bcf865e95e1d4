"""Judges one turn against the catalogue's records: were the cards real and within what was asked, and the text true?

Knows records, events and the hand-written constraints of ``bench.turns``. Shares nothing with the code that it judges:
not how a message is understood, nor how Shoptalk checks its own sentences. Pure functions.

What it can't see: a false claim in words alone ("it is waterproof"). It judges names, prices, ratings and counts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from bench.turns import Shown, Turn
from chat.events import Card, CardsEvent, DoneEvent, TextEvent, TurnEvent
from chat.language import NOTES
from retrieval.items import Item

Kind = Literal["not_in_catalogue", "outside_unmarked", "text_differs"]


@dataclass(frozen=True)
class Violation:
    """One thing that must not be: its kind, and words for whoever looks into it."""

    kind: Kind
    detail: str


class Records(dict[str, Item]):
    """A catalogue's records by id, with what texts are held against read from them once; they must not change."""

    @classmethod
    def of(cls, records: Mapping[str, Item]) -> "Records":
        """These records; the same object where it is one already."""
        return records if isinstance(records, cls) else cls(records)

    @cached_property
    def titles_by_brand(self) -> Mapping[str, Sequence[str]]:
        """The titles of each brand, as the records spell it; "" holds those without."""
        held: dict[str, list[str]] = {}
        for record in self.values():
            held.setdefault(record.brand, []).append(record.title)
        return held

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The names of all categories, in small letters."""
        return frozenset(part.lower() for record in self.values() for part in record.category)

    @cached_property
    def extremes(self) -> frozenset[Decimal]:
        """Lowest and highest price of each leaf, each department and the whole, of what is in stock and of all."""
        ends: dict[object, tuple[Decimal, Decimal]] = {}
        for item in self.values():
            if item.price is not None:
                for group in ((), *(item.category[:depth] for depth in range(1, len(item.category) + 1))):
                    for key in ((group, False), (group, True)) if item.in_stock else ((group, False),):
                        low, high = ends.get(key, (item.price, item.price))
                        ends[key] = (min(low, item.price), max(high, item.price))
        return frozenset(price for pair in ends.values() for price in pair)


def judge(
    records: Mapping[str, Item],
    events: Sequence[TurnEvent],
    turn: Turn,
    shown: Shown = (),
    amounts: Iterable[Decimal] = (),
) -> list[Violation]:
    """Every violation of one turn.

    ``shown``: the final cards of the turns before, as records, in order. ``amounts``: sums that the shopper named so
    far, which the text may repeat (see ``Conversation.amounts``); those of ``turn`` are always allowed.
    """
    cards = [(event.stage, card) for event in events if isinstance(event, CardsEvent) for card in event.cards]
    found = [Violation("not_in_catalogue", wrong) for _, card in cards for wrong in card_differs(records, card)]
    for stage, card in cards:
        record = records.get(card.item_id)
        if record is not None and not card.outside and (broken := turn.broken_by(record, shown)):
            found.append(
                Violation("outside_unmarked", f"{stage} card {card.position}, {record.title!r}: {', '.join(broken)}")
            )
    here = [records[card.item_id] for _, card in cards if card.item_id in records]
    known = {item.id: item for item in [*(item for cards_ in shown for item in cards_), *here]}
    if turn.asks_of_all:
        # Then the text may also speak of what is not shown: of whatever the catalogue has of that kind.
        known |= {item.id: item for item in records.values() if turn.should.met_by(item) and not turn.broken_by(item)}
    allowed = set(amounts).union(*(must.amounts() for must in turn.must))
    if turn.should.price_about is not None:
        allowed.add(turn.should.price_about)
    prices = {item.price for item in known.values() if item.price is not None}
    for text in texts(events):
        text = _QUOTED.sub("", text)
        if _COMPARES.search(text):
            allowed |= {abs(one - other) for one in prices for other in prices}  # "is $12.45 cheaper than"
        found += [
            Violation("text_differs", wrong)
            for wrong in text_differs(records, text, list(known.values()), allowed, turn.say)
        ]
    return found


def final_items(records: Mapping[str, Item], events: Sequence[TurnEvent]) -> list[Item]:
    """The records of the last cards of a turn, in the order shown: what "the second one" of a later turn means."""
    last = [event for event in events if isinstance(event, CardsEvent)][-1:]
    return [records[card.item_id] for event in last for card in event.cards if card.item_id in records]


def texts(events: Sequence[TurnEvent]) -> list[str]:
    """Whatever the shopper reads of a turn: the sentences and the question, the latter once."""
    said = [event.text for event in events if isinstance(event, TextEvent)]
    asked = [event.question for event in events if isinstance(event, DoneEvent) and event.question]
    return said + [question for question in asked if question not in said]


def card_differs(records: Mapping[str, Item], card: Card) -> list[str]:
    """In what a card is not its record: unknown, or another title, brand, category, price, rating or picture."""
    record = records.get(card.item_id)
    if record is None:
        return [f"card {card.position}: no item has the id {card.item_id!r}"]
    wrong = [
        f"card {card.position} ({card.item_id}): {name} is {on_card!r}, the record says {in_record!r}"
        for name, on_card, in_record in (
            ("title", card.title, record.title),
            ("brand", card.brand, record.brand),
            ("category", card.category, record.category),
            ("price", card.price, record.price),
            ("rating", card.rating, record.rating),
            ("rating_count", card.rating_count, record.rating_count),
            ("page_url", card.page_url, record.page_url),
        )
        if on_card != in_record
    ]
    if {Decimal(number) for number in _numbers(card.price_text)} - {record.price}:
        wrong.append(
            f"card {card.position} ({card.item_id}): shows {card.price_text!r}, the record says {record.price}"
        )
    return wrong


# A quoted policy and what was asked for ("I left out “rated 4.5 and up”") are no claims about records, and
# the note in the language of the shopper says nothing of items.
_QUOTED = re.compile(
    r"The shop says on “[^”]*”: “[^”]*”?|I left out “[^”]*”|" + "|".join(map(re.escape, NOTES.values())), re.DOTALL
)
_COMPARES = re.compile(r"\b(?:cheaper|dearer|more|less) than\b")
_AMOUNT = re.compile(
    r"(?:US)?[$€£]\s?(\d[\d,]*(?:\.\d+)?)|(?<![\w.$])(\d[\d,]*(?:\.\d+)?)\s?(?:dollars?|bucks?|USD|euros?|EUR)\b", re.I
)
_RATING = re.compile(
    r"(?<![\w.$])(\d(?:\.\d+)?)[\s-]?(?:/\s?5\b|out of (?:5|five)\b|stars?\b|★)"
    r"|\b(?:rated|rating of|rating is|rating:)\s*(\d(?:\.\d+)?)\b",
    re.I,
)
_COUNT = re.compile(r"(?<![\w.$])(\d[\d,]*)\s(?:reviews?|ratings|customers?|shoppers?)\b", re.I)


def text_differs(
    records: Mapping[str, Item],
    text: str,
    shown: Sequence[Item],
    amounts: Iterable[Decimal] = (),
    said: str = "",
) -> list[str]:
    """What a text says that the shown records do not: amounts, ratings, names, and pairs that do not belong together.

    An amount may also be one of ``amounts``, or the lowest or highest price of a leaf, a department or the shop,
    as in "our tents start at $89". A name may repeat what the shopper ``said``.
    """
    wrong: list[str] = []
    allowed = set(amounts)
    prices = {item.price for item in shown if item.price is not None}
    ends = Records.of(records).extremes if _AMOUNT.search(text) else frozenset[Decimal]()
    for bare, sentence in _sentences_without_titles(text, shown):
        named = mentioned(sentence, shown)
        sums = {Decimal(amount) for amount in _found(_AMOUNT, bare)}
        for amount in sorted(sums - prices - allowed - ends):
            wrong.append(f"no shown item costs {amount}: {sentence!r}")
        own = {item.price for item in named}
        told = sums - allowed
        if named and len({_core(item) for item in named}) == 1 and len(told) == 1 and not told <= own:
            wrong.append(f"{named[0].title!r} does not cost {next(iter(told))}: {sentence!r}")
        scores = {float(score) for score in _found(_RATING, bare)}
        rated = {item.rating for item in named or shown}
        for score in sorted(scores - rated):
            if not (score.is_integer() and score in _wanted_scores(said)):
                wrong.append(f"no item that is meant is rated {score}: {sentence!r}")
        counts = {int(count) for count in _found(_COUNT, bare)}
        for count in sorted(counts - {item.rating_count for item in named or shown}):
            wrong.append(f"no item that is meant has {count} ratings: {sentence!r}")
    return wrong + names_differ(records, text, shown, said)


def _sentences_without_titles(text: str, shown: Sequence[Item]) -> list[tuple[str, str]]:
    """Each sentence with its titles as one mark each, and as it stands.

    A title's own figures are no claim of the text's ("Piece Set - $56 Value"), and its full stops end no sentence.
    """
    titles = {chr(0xE000 + n): item.title for n, item in enumerate(sorted(shown, key=lambda item: -len(item.title)))}
    for mark, title in titles.items():
        text = re.sub(re.escape(title), mark, text, flags=re.IGNORECASE)
    whole = re.compile("[\ue000-\uf8ff]")
    return [(bare, whole.sub(lambda mark: titles.get(mark[0], mark[0]), bare)) for bare in sentences(text)]


def names_differ(records: Mapping[str, Item], text: str, shown: Sequence[Item], said: str = "") -> list[str]:
    """Titles and brands of items that are not shown, and runs of capitalised words that no shown record holds.

    One of what a record names in the plural is no other thing: "Finger Paint" of "finger paints". A category's name is
    no item's name: "we have Camp Stoves" passes though none is shown.
    """
    wrong: list[str] = []
    records, rest = Records.of(records), text
    for item in sorted(shown, key=lambda item: -len(item.title)):
        rest = re.sub(re.escape(item.title), " ; ", rest, flags=re.IGNORECASE)
    lowered = rest.lower()
    own = {item.brand for item in shown}
    brands = [brand for brand in records.titles_by_brand if brand.lower() in lowered]
    titled = {title for brand in brands for title in records.titles_by_brand[brand] if title.lower() in lowered}
    for title in sorted(titled - {item.title for item in shown}):
        if title.lower() not in said.lower() and not _part_of(title, shown):
            wrong.append(f"names {title!r}, which is not shown")
    for brand in sorted(set(brands) - own):
        if _names_brand(rest, brand) and brand.lower() not in said.lower():
            wrong.append(f"names the brand {brand!r}, of which nothing is shown")
    vocabulary = {word for item in shown for word in _words(" ".join(_told(item)))}
    held = vocabulary | {word.removesuffix("s") for word in vocabulary} | set(_words(said))
    for run in _capitalised_runs(rest):
        words = _words(run)
        known = set(words) <= held or run.lower() in records.kinds or _allowed_name(words)
        if not known:
            wrong.append(f"names {run!r}, which no shown record holds")
    return wrong


def sentences(text: str) -> list[str]:
    """Sentences of a text; a decimal point ends none."""
    return [part.strip() for part in re.split(r"(?<=[.!?…])\s+|\n+", text) if part.strip()]


def mentioned(sentence: str, shown: Sequence[Item]) -> list[Item]:
    """Shown items that a sentence names: by title, else by title without its colour, else by a brand shown once."""
    lowered = sentence.lower()
    for name in (lambda item: item.title, _core):
        held = [item for item in shown if name(item).lower() in lowered]
        if held:
            longest = [item for item in held if not any(_inside(name(item), name(other)) for other in held)]
            return longest
    brands = [item.brand for item in shown]
    return [item for item in shown if brands.count(item.brand) == 1 and _names_brand(sentence, item.brand)]


def _inside(short: str, long: str) -> bool:
    return short.lower() != long.lower() and short.lower() in long.lower()


def _core(item: Item) -> str:
    """A title without the tail that tells variants apart: ", sage", " (sage)", " in sage"."""
    colour = item.attributes.get("colour", ("",))[0]
    tail = rf"(?:, {re.escape(colour)}| \({re.escape(colour)}\)| in {re.escape(colour)})$" if colour else r"$^"
    return re.sub(tail, "", item.title)


def _part_of(title: str, shown: Sequence[Item]) -> bool:
    return any(title.lower() in item.title.lower() for item in shown)


def _told(item: Item) -> list[str]:
    return [item.title, item.brand, *item.category, *(value for held in item.attributes.values() for value in held)]


def _names_brand(text: str, brand: str) -> bool:
    """True if the text names the brand. A brand of one word is only believed inside a sentence ("by Plover")."""
    place = re.search(rf"(?<!\w){re.escape(brand)}(?!\w)", text)
    if place is None or not brand:
        return False
    return " " in brand or not re.search(r"(?:^|[.!?…:;\n])\s*$", text[: place.start()])


# Words that begin sentences or are capitalised in any text.
_PLAIN = frozenset(
    re.findall(
        r"\S+",
        """
        a an the i i'm i'll i've it it's if in on at for from of to and or but so as with without this that these
        those they we you your our here there is are was has have do does did can could would should both each all any
        one two three four five six some none no not yes ok okay sure sorry thanks thank great good hello hi welcome
        please note what which when where who why how since because while although however also just only under over
        between about either neither let let's would january february march april may june july august september
        october november december monday tuesday wednesday thursday friday saturday sunday christmas usd ai english
        american british us usa harbour pine shoptalk
        """,
    )
)


def _allowed_name(words: Sequence[str]) -> bool:
    return all(word in _PLAIN for word in words)


def _capitalised_runs(text: str) -> list[str]:
    """Two or more neighbouring capitalised words; a plain word at a run's beginning is not of it."""
    runs = []
    for found in re.finditer(r"\b[A-Z][\w'’]*(?:(?: & | of | |-)(?=[A-Z])[A-Z][\w'’]*)+", text):
        words = found.group().split(" ")
        while words and words[0].lower() in _PLAIN:
            words = words[1:]
        if len(words) >= 2:
            runs.append(" ".join(words))
    return runs


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text.lower())


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [next(part for part in place.groups() if part).replace(",", "") for place in pattern.finditer(text)]


def _wanted_scores(said: str) -> set[float]:
    return {float(score) for score in _found(_RATING, said)}
