"""One message as the acts it holds: abuse, talk, questions to the shop, and the wish that may stand beside them.

Pure but for the policies, which are read as they stand. A message that mixes talk with a wish is a wish; what the rules
of ``chat.need`` read is what is left once the rest was heard.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chat import intents
from chat.backdrop import wish_first
from chat.birthdays import with_ages
from chat.courtesy import is_distress, without_abuse, without_greeting
from chat.intents import TALK, Intent
from chat.need import MOST_CHIPS, MOST_WANTS, Need, read_message
from chat.openings import OPENING, departments, openings
from chat.policy_desk import PolicyDesk, Told
from chat.policy_question import wishes, without_reason
from chat.reading import Reading
from chat.things import names_thing
from chat.want import Want
from chat.words import plain
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

# Kinds of message that need nothing of the shop's things to be answered: of these a taught model's word is taken.
TALKS: tuple[Intent, ...] = (
    "greeting", "thanks", "farewell", "identity", "help", "off_topic", "order", "complaint", "abuse",
)  # fmt: skip
OF_ANSWERS = "If this is about what I showed you: tell me what should be different, and I will look again."
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")


def read_acts(
    message: str,
    need: Need,
    vocabulary: "Vocabulary",
    shown: Sequence[Item],
    desk: PolicyDesk | None = None,
    spoken_of: Sequence[str] = (),
) -> Reading:
    """The need after this message, and what kind of message it is. Never raises, whatever the text.

    ``shown``: the items of the latest cards. ``desk``: answers what is asked of the shop; None: one without policies.
    ``spoken_of``: ids of the items of which the answer before spoke alone; what "it" is.
    """
    if is_distress(plain(message)):
        return Reading(_heard(need, vocabulary), "distress")
    text, abused = without_abuse(plain(message))
    if abused and not re.search(r"\w", text):
        return Reading(_heard(need, vocabulary), "abuse")
    text = wish_first(with_ages(text), vocabulary)
    told_less = without_reason(text)
    text = told_less if told_less == text or names_thing(told_less, vocabulary) else text
    text = _without_talk(without_greeting(text) if intents.hint(text, shown=False, pointed=0) is None else text)
    told = (desk or PolicyDesk()).told(text, shown)
    if told.asked:
        return _with_answers(told, need, vocabulary, shown, spoken_of)
    reading = read_message(text, need, vocabulary, shown, spoken_of)
    if reading.intent == "help":
        return _unsure(text, reading, need, vocabulary)
    if reading.intent == "choose" and not reading.references:
        return replace(reading, references=tuple(item.id for item in shown if item.id in spoken_of))
    says_nothing = reading.intent in ("help", "empty", "off_topic") or reading.need.wants == need.wants
    if abused and says_nothing and not wishes(text) and not reading.references:
        return Reading(_heard(need, vocabulary), "abuse")
    return reading


def left_unread(before: Need, reading: Reading) -> str:
    """What a message only added to the words of the want, the rules having made nothing else of it; "" at any other.

    >>> from chat.want import Want
    >>> want = Need(wants=(Want(words="tent"),))
    >>> left_unread(want, Reading(Need(wants=(Want(words="tent appreciated"),)), "refine"))
    'appreciated'
    """
    if reading.intent != "refine" or not _adds_only_words(before, reading):
        return ""
    known = set(before.current.words.split())
    return " ".join(word for word in reading.need.current.words.split() if word not in known)


def as_talk(
    message: str, before: Need, reading: Reading, vocabulary: "Vocabulary", act: str, desk: PolicyDesk | None = None
) -> Reading | None:
    """The message as the talk that a taught model took it for, where the rules only found it to be no other thing.

    To be asked where the shop has nothing that its words name. None where it is a wish after all: the ``act`` is none
    of TALKS, the rules made more of the message than words to search with, it plainly asks for something, or a
    question stands open that people answer in such tones. ``before``: the need before the message.
    """
    kind = next((one for one in TALKS if one == act), None)
    if kind is None or wishes(plain(message)) or not _adds_only_words(before, reading):
        return None
    if before.asked and before.asked_at == before.turns and kind in ("abuse", "off_topic", "help"):
        return None
    heard = _heard(before, vocabulary)
    if kind == "help":
        unsure = _unsure(plain(message), Reading(heard, "help"), before, vocabulary)
        return None if unsure.needs_search or unsure.ideas else unsure
    if kind == "order" or kind == "complaint":
        told = (desk or PolicyDesk()).told_as(kind, plain(message))
        notes = told.lines if kind == "order" or before.current.is_empty else (*told.lines, OF_ANSWERS)
        return Reading(heard, kind, notes=notes, passages=told.passages, chips=told.chips)
    return Reading(heard, kind, chips=() if kind in ("thanks", "farewell") else departments(vocabulary)[:MOST_CHIPS])


def _adds_only_words(before: Need, reading: Reading) -> bool:
    """Whether the rules made nothing of the message but words to search with, for this want or for a new one."""
    if reading.references or reading.notes or reading.passages or reading.dropped or reading.inquiry or reading.several:
        return False
    want, had, earlier = reading.need.current, before.current, before.wants[:-1]
    if reading.new_want and not had.is_empty:
        earlier = before.wants[-(MOST_WANTS - 1) :]
    if reading.new_want or had.is_empty:
        had = Want(filter=reading.began)
    same = [getattr(want, name) == getattr(had, name) for name in ("filter", "order", "similar_to", "refused_ids")]
    return all(same) and reading.need.wants[:-1] == earlier and reading.need.indifferent == before.indifferent


def _with_answers(
    told: Told, need: Need, vocabulary: "Vocabulary", shown: Sequence[Item], spoken_of: Sequence[str]
) -> Reading:
    """What the shop says first; and what is wished for besides, if anything is."""
    if re.search(r"\w", told.rest):
        reading = read_message(without_greeting(told.rest), need, vocabulary, shown, spoken_of)
        if reading.intent not in TALK:
            return replace(reading, notes=(*told.lines, *reading.notes), passages=told.passages)
    grave: list[Intent] = [one.kind for one in told.asked if one.kind != "policy"]
    intent: Intent = grave[0] if grave else "policy"
    return Reading(_heard(need, vocabulary), intent, notes=told.lines, passages=told.passages, chips=told.chips)


def _unsure(text: str, reading: Reading, need: Need, vocabulary: "Vocabulary") -> Reading:
    """Who does not know what they want is asked once who or what it is for; who asks for advice on a want gets that."""
    wanted = not need.current.is_empty
    if wanted and intents.asks_for_advice(text):
        return Reading(_heard(need, vocabulary), "refine")
    if wanted and need.asked and not need.asked[-1].startswith(OPENING) and intents.only_unsure(text):
        # "I don't know" answers the question of before.
        indifferent = tuple(dict.fromkeys((*need.indifferent, need.asked[-1])))
        return Reading(_heard(need, vocabulary).model_copy(update={"indifferent": indifferent}), "refine")
    times = sum(name.startswith(OPENING) for name in need.asked) + 1
    ideas = not wanted and intents.asks_for_ideas(text)
    need = reading.need.with_asked(f"{OPENING} {times}")
    return replace(reading, need=need, chips=openings(vocabulary), ideas=ideas)


def _without_talk(text: str) -> str:
    """The text without sentences off the topic, where a wish stands beside them."""
    sentences = [part for part in _SENTENCES.split(text) if re.search(r"\w", part)]
    kept = [part for part in sentences if intents.hint(part, shown=False, pointed=0) != "off_topic"]
    rest = " ".join(kept)
    return rest if 0 < len(kept) < len(sentences) and wishes(rest) else text


def _heard(need: Need, vocabulary: "Vocabulary") -> Need:
    """The need as it was, one turn later."""
    return need.model_copy(update={"turns": need.turns + 1, "currency": need.currency or vocabulary.currency})
