"""Several things wanted in one message: "a tent, a sleeping bag under $80 and a headlamp".

Pure. Parts the message so that each part names one thing, with its own constraints behind it; where that is not plain,
the message stays whole. What the parts ask for, ``chat.need`` reads.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from chat.constraints import read_constraints
from chat.phrases import PRONOUNS, REQUEST, head_of
from chat.refusals import refusals
from chat.things import wanted_category
from chat.words import tokens

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

MOST_WORDS = 40  # of a message that lists things; a longer one tells a story
MOST_PARTS = 6

_JOIN = re.compile(
    r"\s*(?:\s[+&]\s|,\s+(?:and\b|plus\b|also\b)?|;|\b(?:and|plus|as well as"
    r"|along with)\b)\s*(?:also\b\s*)?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\W*(?:an?|some|another|two|three|four|[2-9](?! of us)|something (?:to|for))\b", re.IGNORECASE)
# A part that begins so tells or asks something, and names no thing that is wanted.
_TELLING = re.compile(
    r"\W*(?:i|i'm|we|my|our|he|she|they|it|it's|you|your|is|are|do|does|can|will|what|which|how|where|when|why|who"
    r"|compare|the|this|that|these|those|his|her|not|no|don't)\b",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"[,;.]?\s*\b(?:both|all(?: of them| of it| three)?|each(?= in)|everything|the lot)(?: of them)? (?:(?:must"
    r"|should) be |to be |are )?"
    r"(?P<what>(?:in|of|from|made of|with|by) [^,.;!?]+|[\w-]+)\W*$",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(r"\b(?:for|with|of|to|from|in|on|like|likes|without)\b", re.IGNORECASE)
EACH = re.compile(r"\b(?:each|both|apiece|all of (?:them|it)|all under|all below|everything)\b", re.IGNORECASE)
TOTAL = re.compile(r"\b(?:in total|altogether|all together|combined|in all|total)\b", re.IGNORECASE)

_Named = Literal["category", "article", ""]


def parted(text: str, vocabulary: "Vocabulary") -> list[str]:
    """The parts of the text, each of which names a thing; the whole text where fewer than two do."""
    shared = _SHARED.search(text)
    if shared and not re.search(r"\d", shared["what"]):
        # "A lead and a collar, both in red": each of them.
        parts = parted(text[: shared.start()], vocabulary)
        return [f"{part.rstrip(' ,.')}, {shared['what']}" for part in parts] if len(parts) > 1 else [text]
    if len(tokens(text)) > MOST_WORDS or not _JOIN.search(text):
        return [text]
    refused = [(start, spans[-1][1]) for start, spans in refusals(text)]
    joins = [match for match in _JOIN.finditer(text) if not any(start <= match.start() < end for start, end in refused)]
    starts = [0, *(match.end() for match in joins)]
    ends = [*(match.start() for match in joins), len(text)]
    pieces = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    named = [_names(piece, vocabulary) for piece in pieces]
    for n in range(1, len(pieces)):
        # "A bag for my laptop and a charger": what follows may belong to the use, unless the shop has that kind.
        if named[n] == "article" and _OF_A_THING.search(pieces[n - 1]):
            named[n] = ""
    kinds = [_kinds(piece, vocabulary) if named[n] == "category" else None for n, piece in enumerate(pieces)]
    for n in range(1, len(pieces)):
        held = next((kind for kind in reversed(kinds[:n]) if kind), None)
        # "Bath towels in sage, towels not more than 30": the same thing once more.
        if kinds[n] and kinds[n] == held and not _ARTICLE.match(_asked(pieces[n])):
            named[n] = ""
    first = [n for n, kind in enumerate(named) if kind]
    if any(named[n] == "article" and not _ARTICLE.match(_asked(pieces[after])) for n, after in pairwise(first)):
        return [text]  # "a warm, cosy blanket"
    if not 2 <= len(first) <= MOST_PARTS:
        return [text]
    begun = [0, *first[1:]]  # what stands before the first thing belongs to it
    return [text[starts[n] : ends[after - 1]] for n, after in pairwise([*begun, len(pieces)])]


def _asked(piece: str) -> str:
    match = REQUEST.match(piece)
    return piece[match.end() :] if match else piece


def _kinds(piece: str, vocabulary: "Vocabulary") -> tuple[tuple[str, ...], ...]:
    read = read_constraints(piece, vocabulary, ())
    return read.categories[-1].paths if read.categories else ()


def _names(piece: str, vocabulary: "Vocabulary") -> _Named:
    asked = _asked(piece)
    if _TELLING.match(asked):
        return ""
    read = read_constraints(piece, vocabulary, ())
    head = head_of(read.rest)
    if wanted_category(read, head, (0, len(read.rest))) is not None:
        return "category"
    if not _ARTICLE.match(asked) or read.no_preference:
        return ""
    purpose = re.match(r"\W*something (?:to|for)\b", asked, re.IGNORECASE)
    return "article" if purpose or (head and head[-1] not in PRONOUNS) else ""


def listed(names: Sequence[str]) -> str:
    """The names as they are said one after the other: "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else ""
