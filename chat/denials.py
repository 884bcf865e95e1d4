"""What a sentence denies of an item: "isn't electric", "has no palm oil", "free of silicones", "needs no glue".

Pure. Silence is no denial: a record that does not speak of a thing carries neither that it has it nor that it lacks it.
"""

import re
from collections.abc import Sequence

from chat.plain_talk import HARMLESS
from chat.pointers import BLANK
from chat.record import EXCLUSIVE, Record, stem
from chat.words import FILLERS, tokens

_DENIED = re.compile(
    r"(?:\b(?:not|no|never|without|cannot|doesn't|don't|isn't|aren't|won't|can't|needn't|free (?:of|from))\b"
    r"|\b(?:need|needs)\s+no\b)(?P<what>[^,.;:!]*?)(?=[,.;:!]|\s(?:but|while|so|although|though|because|and "
    r"(?:is|are|has|have|comes?|costs?|can|it|they|also))\b|$)",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:none|neither|nor|lacks?|unlike|except|unless|if|(?<![-–])may|might|probably|perhaps|seems?|used to be|nobody"
    r"|nothing|hardly|barely)\b|n't\b",
    re.IGNORECASE,
)


def check_denials(part: str, records: Sequence[Record], shown: Sequence[Record]) -> tuple[str, str]:
    """The stretch with its true denials blanked out, and why it has to go ("" if it need not)."""
    for match in _DENIED.finditer(part):
        words = [token.text for token in tokens(match["what"]) if token.text not in FILLERS and token.text != "own"]
        words = [word for word in words if word not in HARMLESS] or words
        lacked = bool(words) and all(_lacks(record, words, shown) for record in records)
        # "No laces", "hot without a cord": the record's own words in its own order.
        if not lacked and not _carried(match[0], records):
            return part, f"a denial: {match[0].replace(BLANK, '').strip()}"
        part = part[: match.start()] + BLANK * (match.end() - match.start()) + part[match.end() :]
    if guess := _GUESS.search(part):
        return part, f"a denial or a guess: {guess[0]}"
    return part, ""


def _carried(said: str, records: Sequence[Record]) -> bool:
    return len(tokens(said)) > 1 and all(record.carries_phrase(said) for record in records)


def _lacks(record: Record, words: Sequence[str], shown: Sequence[Record]) -> bool:
    if record.denies(words):
        return True
    # "free of silicones and sulphates": each is denied by a value of its own.
    if all(record.denies([word]) for word in words):
        return True
    return len(words) == 1 and _is_another(record, words[0], shown)


def _is_another(record: Record, word: str, shown: Sequence[Record]) -> bool:
    """True if the word is a value of an attribute of which this item has another, and only one: type, colour, roast."""
    base = stem(word)
    if record.carries(word):
        return False
    for name, held in record.attribute_words.items():
        values = record.item.attributes.get(name) or next(
            (values for key, values in record.item.attributes.items() if key.lower() == name), ()
        )
        if name in _MANY or len(values) != 1 or base in held:
            continue
        known = any(base in other.attribute_words.get(name, frozenset()) for other in shown)
        if known or any(name in names and base in {stem(one) for one in kind} for names, kind in EXCLUSIVE):
            return True
    return False


_MANY = frozenset({"features", "feature", "diet", "allergens", "suits", "uses"})  # of these an item may have several
