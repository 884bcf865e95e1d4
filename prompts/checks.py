"""Whether a conversation went as its case says: pure checks over what was seen of it.

Knows plain data: cards, text and figures of a turn, as ``chat.evaluation`` saw them. Holds no conversation.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from prompts.cases import Checks
from prompts.expressions import evaluated

FIRST_FIVE = 5  # places of Hit@5
LEAST_TEXT = 20  # characters, below which no language is told
# Those that a text is told apart from: of all that the library knows, the rarer ones would be taken for a title.
LANGUAGES = ("ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "ja", "ko", "nl", "no", "pl", "pt",
             "ro", "ru", "sv", "tr", "uk", "zh")  # fmt: skip
CONSTRAINTS = frozenset({"price_at_most", "price_at_least", "never_shows", "need"})


@dataclass(frozen=True)
class SeenCard:
    """A card as it was shown."""

    id: str
    title: str
    price: float | None
    brand: str
    category: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]]
    outside: tuple[str, ...]  # what it breaks of what was asked, as the card says


@dataclass(frozen=True)
class SeenTurn:
    """One message and all that came of it.

    ``need``: what is understood, in plain data: ``words``, ``price_min``, ``price_max``, ``rating_min``, ``order``,
    ``brands``, ``categories`` (their last names), ``attributes`` (name to values), ``excluded``, ``tags`` (as the
    shopper sees them), ``wants`` (how many there are).
    """

    message: str
    cards: tuple[SeenCard, ...] = ()  # the final ones
    first_cards: tuple[SeenCard, ...] = ()
    text: str = ""
    question: str = ""
    need: dict[str, object] = field(default_factory=dict)
    by_llm: int = 0  # sentences of the LLM's in the text
    repaired: int = 0  # of those, mended before they were shown
    cut: int = 0  # sentences of the LLM's that were not shown
    questions: int = 0  # asked, and written by the LLM whether or not they were shown
    calls: int = 0  # of the LLM
    tokens: int = 0  # read and written by it
    first_word_ms: float | None = None
    ungrounded: tuple[str, ...] = ()  # what the text says that no record carries, in words
    llm_reached: bool = True
    failed: str = ""  # the error that the shopper was told of


@dataclass(frozen=True)
class Finding:
    """What became of one check; ``passed`` None: it cannot be said."""

    turn: int  # from 1
    check: str
    passed: bool | None
    why: str = ""  # where it did not pass


def judge(every: Checks, checks: Checks, seen: Sequence[SeenTurn]) -> list[Finding]:
    """Every stated check of the last turn seen, but the rubric. A turn that failed passes none."""
    number, turn = len(seen), seen[-1]
    found = []
    for stated in (every, checks):
        for name, why in _answers(stated, seen):
            why = f"the turn failed: {turn.failed}" if turn.failed else why
            found.append(Finding(number, name, not why, why))
    return found


def _answers(checks: Checks, seen: Sequence[SeenTurn]) -> Iterator[tuple[str, str]]:
    """The stated checks, each with what is wrong, "" for nothing."""
    turn = seen[-1]
    ever = {card.id: card for card in (*turn.first_cards, *turn.cards)}.values()
    for wanted in checks.shows:
        yield "shows", "" if _shown(wanted, turn.cards) else f"{wanted!r} is not among {_titles(turn.cards)}"
    if checks.shows_any:
        met = any(_shown(wanted, turn.cards) for wanted in checks.shows_any)
        yield "shows_any", "" if met else f"none of {_list(checks.shows_any)} is among {_titles(turn.cards)}"
    for refused in checks.never_shows:
        wrong = [card for card in ever if _is(refused, card)]
        yield "never_shows", f"{refused!r} is {_titles(wrong)}" if wrong else ""
    if checks.cards_at_least is not None:
        yield "cards_at_least", _bound(len(turn.cards), checks.cards_at_least, "cards", least=True)
    if checks.cards_at_most is not None:
        yield "cards_at_most", _bound(len(turn.cards), checks.cards_at_most, "cards")
    if checks.price_at_most is not None:
        highest = checks.price_at_most
        wrong = [card for card in ever if not card.outside and (card.price is None or card.price > highest)]
        yield "price_at_most", f"over {highest:g} and not marked: {_titles(wrong)}" if wrong else ""
    if checks.price_at_least is not None:
        lowest = checks.price_at_least
        wrong = [card for card in ever if not card.outside and (card.price is None or card.price < lowest)]
        yield "price_at_least", f"below {lowest:g} and not marked: {_titles(wrong)}" if wrong else ""
    for part, wanted in checks.need.items():
        held = turn.need.get(part)
        yield "need", "" if _same(wanted, held) else f"{part} is {held!r}, not {wanted!r}"
    if isinstance(checks.asks, bool):
        wrong_asks = "nothing is asked" if checks.asks else f"it asks: {turn.question}"
        yield "asks", "" if bool(turn.question) == checks.asks else wrong_asks
    elif checks.asks is not None:
        yield "asks", "" if _says(checks.asks, turn.question) else f"it asks: {turn.question or 'nothing'}"
    if checks.questions_at_most is not None:
        yield "questions_at_most", _bound(turn.questions, checks.questions_at_most, "questions")
    for words in checks.says:
        yield "says", "" if _says(words, turn.text) else f"{words!r} is not in: {turn.text}"
    if checks.says_any:
        met = any(_says(words, turn.text) for words in checks.says_any)
        yield "says_any", "" if met else f"none of {_list(checks.says_any)} is in: {turn.text}"
    for words in checks.never_says:
        yield "never_says", f"{words!r} is in: {turn.text}" if _says(words, turn.text) else ""
    if checks.written is not None:
        wrong_by = "no sentence of the LLM's is shown" if checks.written else "a sentence of the LLM's is shown"
        yield "written", "" if bool(turn.by_llm) == checks.written else wrong_by
    if checks.language:
        yield "language", _not_in(checks.language, turn.text)
    if checks.grounded:
        yield "grounded", "; ".join(turn.ungrounded)
    if checks.tokens_at_most is not None:
        yield "tokens_at_most", _bound(turn.tokens, checks.tokens_at_most, "tokens")
    if checks.words_at_most is not None:
        yield "words_at_most", _bound(len(turn.text.split()), checks.words_at_most, "words")
    for expression in checks.holds:
        holds, why = evaluated(expression, _names(seen))
        yield "holds", "" if holds else f"{expression}: {why}"


def _names(seen: Sequence[SeenTurn]) -> dict[str, object]:
    """What an expression may speak of: the turn's fields, and ``turns``, all so far with the same fields."""
    turns = [asdict(turn) for turn in seen]
    return {**turns[-1], "turns": turns}


def _shown(wanted: str, cards: Sequence[SeenCard]) -> bool:
    return any(_is(wanted, card) for card in cards)


def hit(checks: Checks, turn: SeenTurn) -> bool | None:
    """Whether something that should be shown is among the first five cards; None where nothing is stated."""
    wanted = (*checks.shows, *checks.shows_any)
    return any(_shown(one, turn.cards[:FIRST_FIVE]) for one in wanted) if wanted else None


def _is(words: str, card: SeenCard) -> bool:
    """Whether the card is that item: by its id, or by whole words of one of its texts."""
    if words == card.id:
        return True
    texts = (card.title, card.brand, *card.category, *(value for held in card.attributes.values() for value in held))
    return any(_says(words, text) for text in texts)


def _says(words: str, text: str) -> bool:
    """Whether the text holds the words whole; "tent" is not in "tents", "plastic" not in "plastic-free"."""
    pattern = rf"(?<!\w){re.escape(words.lower())}(?!\w)(?!-free\b)"
    return re.search(pattern, text.lower()) is not None


def _same(wanted: object, held: object) -> bool:
    """Equal, whatever the order of lists, the case of letters, and the kind of number."""
    if isinstance(wanted, dict):
        return isinstance(held, dict) and set(wanted) == set(held) and all(_same(wanted[k], held[k]) for k in wanted)
    if isinstance(held, list | tuple):
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        return sorted(map(_plain, values)) == sorted(map(_plain, held))
    return _plain(wanted) == _plain(held)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value or "").lower()


def _bound(count: int, bound: int, what: str, *, least: bool = False) -> str:
    broken = count < bound if least else count > bound
    return f"{count} {what}, {'fewer' if least else 'more'} than {bound}" if broken else ""


def _titles(cards: Sequence[SeenCard]) -> str:
    return "; ".join(card.title for card in cards) or "no cards"


def _list(words: Sequence[str]) -> str:
    return ", ".join(map(repr, words))


def _not_in(language: str, text: str) -> str:
    if len(text) < LEAST_TEXT:
        return ""
    told = _language()(text)
    return "" if told == language else f"the text reads as {told!r}: {text}"


@cache
def _language() -> Callable[[str], str]:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(LANGUAGES))
    return lambda text: str(identifier.classify(text)[0])
