"""Answers what is asked of the shop itself: passages of its policies word for word, and its contact for all else.

Knows sections and how alike a question and a passage are. Says nothing of its own on what holds: where the merchant
wrote nothing, "the shop doesn't say". Never claims that anything was done.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from chat.policies import TOPICS, Policy
from chat.policy_question import Asked, Kind, asked_of_shop, is_question, stem
from chat.references import find_references, words_of
from chat.words import content_words, singular, tokens
from retrieval.encoder import Encoder
from retrieval.items import Item

LONGEST_ANSWER = 450  # characters quoted on one topic
MOST_TOPICS = 2  # answered in one turn
CLOSE = 0.06  # a passage this little below the best one is quoted too
# "What's the cheapest tent you have?" asks for items, however much a passage speaks of tents.
_SUPERLATIVE = re.compile(
    r"\b(?:cheap|light|small|bigg|larg|new|old|heavi)est|most expensive|(?:best|highest)[- ]rated\b", re.IGNORECASE
)
ALIKE = 0.5  # cosine from which a question in no known wording is taken to be on a passage; see docs/policies.md
OF_KIND, OF_WORD, MOST_OF_WORDS = 0.25, 0.1, 0.3  # what a passage of the asked kind, and each word shared, is worth
MOST_HELD = 2_000  # passages whose vectors are kept; a file has a few dozen

NO_CONTACT = (
    "The shop has left me no contact: look for one on its own pages, or answer the message that confirmed your order."
)
# For the merchant: why a contact matters, and how it is given.
CONTACT_MISSING = (
    "No contact is known: shoppers who ask for an order or complain can't be told whom to write to. Put one into your "
    "policies under a heading such as “Contact”, and load them: shoptalk policies FILE"
)
_LABELS = {
    "price_match": "price matching", "visit": "visiting it", "offers": "discounts",
}  # fmt: skip
_KINDS = (
    # Asked for a time, a sum, a place; and what a passage that answers holds.
    (
        re.compile(r"\b(?:how (?:long|soon|fast|quick\w*|many \w*days)|when|until|before|by|days?|weeks?)\b", re.I),
        re.compile(
            r"(?<!for )\b\d+ ?(?:\w+ )?(?:hour|day|week|month|year)s?\b|\b(?:same|next)[- ]day\b|\btomorrow\b", re.I
        ),
    ),
    (
        re.compile(r"\b(?:how much|costs?|free|price|fees?|charges?|pay for)\b", re.I),
        re.compile(
            r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|[A-Z]{3}\b)|\bfree\b|\bwe pay\b|\bat (?:our|your) (?:own )?cost\b", re.I
        ),
    ),
    (
        re.compile(r"\b(?:to [A-Z]?\w+|abroad|international\w*|countr\w+|where|worldwide|overseas)\b", re.I),
        re.compile(
            r"\b(?:(?:deliver|ship|send|post)\w* (?:\w+ ){0,3}to|countr\w+|worldwide|international\w*|abroad)\b", re.I
        ),
    ),
    (
        re.compile(r"\b(?:collect|pick\w* (?:\w+ )?up|come and get)\b", re.I),
        re.compile(r"\b(?:collect\w*|pick\w* (?:\w+ )?up)\b", re.I),
    ),
)
_OF_ALL = re.compile(
    r"\b(?:fit|suits?|likes?|change my mind|changed my mind|can i return (?:it|them|this|that))\b", re.I
)
_REACHED_BY = re.compile(r"\S@\S|https://|\d[\d /()+-]{5,}\d", re.IGNORECASE)
_ON_FAULTS = re.compile(r"\b(?:broken|damag\w+|fault\w*|defect\w*|wrong|missing|replac\w+)\b", re.IGNORECASE)
_RECORDS = {"warranty": re.compile(r"warrant|guarantee", re.I), "delivery": re.compile(r"deliver|shipping", re.I),
            "returns": re.compile(r"\breturn", re.I)}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the shop says to a message, and what is left of the message."""

    asked: tuple[Asked, ...] = ()
    lines: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()  # those that the lines quote
    rest: str = ""
    chips: tuple[str, ...] = ()


@dataclass
class _Answer:
    lines: list[str] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)

    def quote(self, opening: str, passage: str) -> None:
        if passage not in self.passages:
            self.passages.append(passage)
            self.lines.append(f"{opening} {quoted(passage)}")


class PolicyDesk:
    """Answers from one shop's policies, as they stand at each turn. Safe to use from several threads.

    ``policies``: gives them anew at every message; without any, what is asked is told not to be said. ``encoder``: None
    where there are none.
    """

    def __init__(self, policies: Callable[[], Sequence[Policy]] = tuple, encoder: Encoder | None = None) -> None:
        self._policies = policies
        self._encoder = encoder
        self._vectors: dict[str, np.ndarray] = {}  # of passages, by their text; the same text gives the same vector

    def told(self, message: str, shown: Sequence[Item] = ()) -> Told:
        """What the message asks of the shop with the answer; all of the message is left where it asks nothing."""
        policies = self._policies()
        asked, rest = asked_of_shop(message, policies)
        if not asked and (found := self._alike(message, policies)):
            asked, rest = [found], ""
        return self._told(asked, rest, policies, shown)

    def told_as(self, kind: Kind, message: str) -> Told:
        """The answer to a message in no known wording, of which somebody else says that it asks this of the shop."""
        return self._told([Asked(kind, message)], "", self._policies(), ())

    def _told(self, asked: Sequence[Asked], rest: str, policies: Sequence[Policy], shown: Sequence[Item]) -> Told:
        answer = _Answer()
        for one in asked:
            match one.kind:
                case "policy":
                    self._on_policy(answer, one, policies, shown)
                case "order":
                    _hand_over(answer, "I can't see orders, so I can't look into yours or change it.", policies)
                case "complaint" if one.of_answers:
                    answer.lines.append("I'm sorry that this was not what you meant.")
                case "complaint":
                    _hand_over(answer, "I'm sorry about that, and I can't put it right from here.", policies)
                    self._on_faults(answer, one, policies)
        if asked and not rest and all(one.of_answers for one in asked):
            answer.lines.append("Tell me what should be different, and I will look again.")
        grave = any(one.kind != "policy" and not one.of_answers for one in asked)
        can_return = grave and any("returns" in one.topics for one in policies)
        chips = ("What is the return policy?",) if can_return else ()
        return Told(tuple(asked), tuple(dict.fromkeys(answer.lines)), tuple(answer.passages), rest, chips)

    def warm(self) -> None:
        """Encode what no question was held against yet, so that the first one need not wait for it."""
        if self._encoder is None:
            return
        held, missing = self._missing([_text(one, passage) for one in self._policies() for passage in one.passages])
        if missing:
            held.update(zip(missing, self._encoder.encode(missing), strict=True))

    def _on_policy(self, answer: _Answer, asked: Asked, policies: Sequence[Policy], shown: Sequence[Item]) -> None:
        for topic in asked.topics[:MOST_TOPICS]:
            _say_record(answer, topic, asked.text, shown)
            sections = [(one, one.passages) for one in policies if topic in one.topics]
            if not sections:  # a line on it may stand under another heading
                spoken = [(one, tuple(filter(TOPICS[topic].search, one.passages))) for one in policies]
                sections = [(one, passages) for one, passages in spoken if passages]
            if topic == "contact" and (contact := contact_of(policies)):
                for passage in contact:
                    answer.quote("The shop says on contact:", passage)
            elif sections:
                self._quote(answer, asked.text, sections, _LABELS.get(topic, topic), is_known=True)
            else:
                _not_said(answer, _LABELS.get(topic, topic), policies)
        for heading in asked.headings[:MOST_TOPICS]:
            sections = [(one, one.passages) for one in policies if one.heading == heading]
            self._quote(answer, asked.text, sections, f"“{heading}”", is_known=False)

    def _quote(
        self,
        answer: _Answer,
        question: str,
        sections: Sequence[tuple[Policy, Sequence[str]]],
        label: str,
        *,
        is_known: bool,
    ) -> None:
        """The passages that come nearest to the question; of a question on the whole topic, its beginning."""
        passages = [(one, passage) for one, held in sections for passage in held]
        if _is_general(question, [one for one, _ in sections]):
            chosen = list(range(len(passages)))
        else:
            scores = self._scores(question, passages)
            near = [at for at in np.argsort(-scores, kind="stable") if scores[at] >= scores.max() - CLOSE]
            chosen = sorted(int(at) for at in near[:2])
        length = 0
        for number, at in enumerate(chosen):
            length += len(passages[at][1])
            if number and length > LONGEST_ANSWER:
                break
            answer.quote("It also says:" if number else f"The shop says on {label}:", passages[at][1])

    def _scores(self, question: str, passages: Sequence[tuple[Policy, str]]) -> np.ndarray:
        alike = self._cosines(question, [_text(one, passage) for one, passage in passages])
        said = {stem(word) for word in content_words(question)}
        for at, (one, passage) in enumerate(passages):
            shared = said & {stem(token.text) for token in tokens(passage)} - {
                stem(token.text) for token in tokens(one.heading)
            }
            alike[at] += min(OF_WORD * len(shared), MOST_OF_WORDS)
            alike[at] += sum(OF_KIND for asks, holds in _KINDS if asks.search(question) and holds.search(passage))
        return alike

    def _cosines(self, question: str, texts: Sequence[str]) -> np.ndarray:
        if self._encoder is None:
            return np.zeros(len(texts))
        held, missing = self._missing(texts)
        made = self._encoder.encode([question, *missing])
        held.update(zip(missing, made[1:], strict=True))
        cosines: np.ndarray = np.stack([held[text] for text in texts]) @ made[0]
        return cosines

    def _missing(self, texts: Sequence[str]) -> tuple[dict[str, np.ndarray], list[str]]:
        """The vectors that are held, and the texts that have none among them."""
        held = self._vectors
        missing = [text for text in dict.fromkeys(texts) if text not in held]
        if len(held) + len(missing) > MOST_HELD:
            self._vectors = held = {}
            missing = list(dict.fromkeys(texts))
        return held, missing

    def _alike(self, message: str, policies: Sequence[Policy]) -> Asked | None:
        """The message as a question on the section with the nearest passage, where that is near enough."""
        passages = [(one, passage) for one in policies for passage in one.passages]
        if not passages or not is_question(message) or not content_words(message) or _SUPERLATIVE.search(message):
            return None
        cosines = self._cosines(message, [_text(one, passage) for one, passage in passages])
        best = int(cosines.argmax())
        if cosines[best] < ALIKE:
            return None
        return Asked("policy", message, headings=(passages[best][0].heading,))

    def _on_faults(self, answer: _Answer, asked: Asked, policies: Sequence[Policy]) -> None:
        """What the shop says on broken and wrong goods, where the complaint is of such."""
        if not _ON_FAULTS.search(asked.text):
            return
        passages = [
            (one, passage)
            for one in policies
            if {"returns", "warranty"} & set(one.topics)
            for passage in one.passages
            if _ON_FAULTS.search(passage)
        ]
        if passages:
            best = passages[int(self._scores(asked.text, passages).argmax())]
            answer.quote(f"The shop says on {_LABELS.get(best[0].topics[0], best[0].topics[0])}:", best[1])


def _text(one: Policy, passage: str) -> str:
    """What is encoded of a passage."""
    return f"{one.heading}: {passage}"


def quoted(passage: str) -> str:
    """The passage in quotation marks, as a sentence ends."""
    return f"“{passage}”" if passage.endswith((".", "!", "?")) else f"“{passage}”."


def contact_of(policies: Sequence[Policy]) -> tuple[str, ...]:
    """The passages that say how the shop is reached; () where none does."""
    held = [passage for one in policies if "contact" in one.topics for passage in one.passages]
    reached = [passage for passage in held if _REACHED_BY.search(passage)]
    kept: list[str] = []
    for passage in reached or held:
        if kept and sum(map(len, kept)) + len(passage) > LONGEST_ANSWER:
            break
        kept.append(passage)
    return tuple(kept)


def _hand_over(answer: _Answer, opening: str, policies: Sequence[Policy]) -> None:
    contact = contact_of(policies)
    answer.lines.append(opening)
    if not contact:
        answer.lines.append(NO_CONTACT)
    for number, passage in enumerate(contact):
        answer.quote("It also says:" if number else "Please ask the shop itself:", passage)


def _not_said(answer: _Answer, label: str, policies: Sequence[Policy]) -> None:
    answer.lines.append(f"The shop doesn't say anything on {label}.")
    for number, passage in enumerate(contact_of(policies)):
        answer.quote("It also says:" if number else "You can ask it:", passage)


def _say_record(answer: _Answer, topic: str, question: str, shown: Sequence[Item]) -> None:
    """What the record of the item asked about says on the topic itself."""
    for item in _meant(question, shown):
        for name, values in item.attributes.items():
            if topic in _RECORDS and _RECORDS[topic].search(name) and values:
                answer.lines.append(f"The shop lists {name}: {', '.join(values)} for {item.title}.")


def _meant(question: str, shown: Sequence[Item]) -> list[Item]:
    """The shown items that the question is about: pointed at, or the only ones that its words name."""
    ids = [reference.item_id for reference in find_references(question, shown)]
    if ids:
        return [item for item in shown if item.id in ids]
    said = {singular(word) for word in content_words(question)}
    named = [item for item in shown if said & {singular(token.text) for token in tokens(item.title)}]
    return named if len(named) == 1 else [item for item in shown if len(shown) == 1 and said & words_of(item)]


def _is_general(question: str, sections: Sequence[Policy]) -> bool:
    """True if nothing but the topic is asked for: "what is your return policy?"."""
    if _OF_ALL.search(question):
        return True
    if any(asks.search(question) for asks, _ in _KINDS):
        return False
    said = {stem(word) for word in content_words(question)} - {stem(word) for word in ("policy", "information", "info")}
    names = {stem(token.text) for one in sections for token in tokens(f"{one.heading} {one.parent}")}
    topics = " ".join(word for word in content_words(question) if not any(p.search(word) for p in TOPICS.values()))
    return said <= names or not {stem(word) for word in content_words(topics)} - {stem("policy"), stem("information")}
