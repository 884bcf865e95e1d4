"""Whether a value of the catalogue, where it stands in a message, is asked of the thing that is wanted.

Pure. Knows the text and what of the catalogue it names; knows nothing of the need.
"""

import re
from collections.abc import Sequence

from chat.lexicon import SIZES
from chat.mentions import Mention
from chat.phrases import asked_part
from chat.refusals import BLANK
from chat.words import FILLERS, tokens, word_set

SHORT = 5  # words: in so few, nothing is said in passing
_TYING = word_set(
    "in with of be is are it's for only just prefer want wants need needs like likes love loves made size and or "
    "same matching imagining picturing "
    "them it but that's which's good great proper decent new real with colour color must preferably ideally something"
)
_WITH_A = re.compile(r"\b(?:with|has|have|having) (?:an?|the|some|its own)\W*$|, so $", re.IGNORECASE)  # a part of it
_EITHER = re.compile(r"\s*(?:,|/|\bor\b|\band\b)\s*(?:in |a |an )?", re.IGNORECASE)
# "Every single day", "last summer": a time and no property of a thing.
_TELLING = word_set("every each last next this that these those one all")


def is_head(text: str, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """True if the value stands where the thing itself stands ("a glass", "camping"): that is left to the search.

    A value is a constraint before a noun ("red shoes"), after "in", "with" or "of", or alone with nothing else.
    """
    before = re.search(rf"([\w']+)[^\w{BLANK}]*$", text[: mention.span[0]])
    word = before[1].lower() if before else ""
    if word in ("it's", "that's", "they're"):
        return False
    if _WITH_A.search(text[: mention.span[0]]):
        return False
    if re.search(r"\d", mention.text) or mention.text.startswith("size"):
        return word == "for" and not re.search(r"[a-z]", mention.text)
    if (
        mention.attribute.lower() in SIZES
        and word in ("a", "an", "the", "size")
        and not re.search(r"^\W*\w", text[mention.span[1] :])
    ):
        return False  # "make it a medium"
    if word in ("in", "with", "of", "be", "is", "are", "only", "them", "it", "size", "but", "colour", "color"):
        return False
    after = tokens(text[mention.span[1] :])[:1]
    gap = text[mention.span[1] : mention.span[1] + (after[0].start if after else 0)]
    followed = bool(after) and BLANK not in gap and not re.search(r"[.,;!?]", gap)
    if followed and (after[0].text not in FILLERS or after[0].text in ("one", "ones", "thing", "things")):
        return False
    if word == "for":
        return " " not in mention.text  # "for camping" is a use, "for sensitive skin" a property
    if any(other is not mention and other.kind == "category" for other in mentions):
        return False
    if word in ("a", "an", "some", "any", "the", "my"):
        return True
    # "a wine glass": the value ends a phrase that another word began.
    joined = re.fullmatch(r"[ -]+", text[before.end(1) : mention.span[0]]) if before else None
    return bool(word) and joined is not None and word not in FILLERS


def is_tied(text: str, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """True if the value belongs to a thing; False where a story only happens to hold the word.

    A value of several words, or one that counts something, is rarely said in passing. A single word must stand before
    a noun, after a word that asks for it, or in few words altogether; and not in the story that leads to the question.
    """
    if mention.span[1] <= asked_part(text)[0]:
        return False
    if re.search(r"[\s\d]", mention.text):
        return True
    before = re.search(r"([\w']+)[^\w.;:!?]*$", text[: mention.span[0]])
    word = before[1].lower() if before else ""
    if _WITH_A.search(text[: mention.span[0]]):
        return True
    if word in _TELLING and re.search(r"\w $", text[: mention.span[0]]):
        return False
    if mention.attribute.lower() in SIZES and re.search(
        r"\b(?:in an?|wears?|takes?|i'm an?) $", text[: mention.span[0]], re.I
    ):
        return True
    if any(
        _EITHER.fullmatch(text[mention.span[1] : other.span[0]]) and other.attribute == mention.attribute
        for other in mentions
        if other.span[0] > mention.span[1]
    ):
        return True  # "red or yellow", of which the yellow stands before the noun
    start = max((text.rfind(mark, 0, mention.span[0]) for mark in ".;:!?,"), default=-1) + 1
    ends = [place for mark in ".;:!?," if (place := text.find(mark, mention.span[1])) >= 0]
    if len(tokens(text[start : min(ends, default=len(text))])) <= SHORT or word in _TYING:
        return True
    if any(other is not mention and 0 <= mention.span[0] - other.span[1] < 3 for other in mentions):
        return True
    after = tokens(text[mention.span[1] :])[:1]
    gap = text[mention.span[1] : mention.span[1] + after[0].start] if after else BLANK
    if after and after[0].text in ("one", "ones"):
        return True
    return re.fullmatch(r"[ -]+", gap) is not None and after[0].text not in FILLERS
