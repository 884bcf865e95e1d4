"""Which shown items a sentence names: by title, by a shortened title, or by a title a little wrong.

Pure. Knows titles and brands; knows nothing of claims.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chat.words import FILLERS, Token, singular, tokens
from retrieval.items import Item

NEAR_MISS = 0.86  # similarity above which a wrong title is a slip of one shown item's and not another product
SHORTEST_NAME = 2  # words of a title that name the item, where no other shown title has them


@dataclass(frozen=True)
class Naming:
    """A shown item named in a sentence."""

    index: int  # among the shown
    span: tuple[int, int]
    exact: bool  # False: a near-miss, to be replaced by the title


def find_namings(sentence: str, shown: Sequence[Item]) -> list[Naming]:
    """The namings in the order of the sentence; none overlaps another."""
    found: list[Naming] = []
    for index, item in sorted(enumerate(shown), key=lambda pair: -len(pair[1].title)):
        for match in re.finditer(rf"(?<!\w){re.escape(item.title)}(?!\w)", sentence, re.IGNORECASE):
            _add(found, Naming(index, match.span(), True))
    for span in _capitalised(sentence, found):
        _near_miss(sentence, span, shown, found)
    words = [token for token in tokens(sentence) if not any(_within(token, held.span) for held in found)]
    for run in _runs(words, sentence):
        _shortened(run, shown, found)
    return sorted(found, key=lambda naming: naming.span)


def _add(found: list[Naming], naming: Naming) -> None:
    if not any(naming.span[0] < held.span[1] and held.span[0] < naming.span[1] for held in found):
        found.append(naming)


def _within(token: Token, span: tuple[int, int]) -> bool:
    return token.start >= span[0] and token.end <= span[1]


def _runs(words: list[Token], sentence: str) -> list[list[Token]]:
    """Stretches of words with nothing but spaces between them."""
    runs: list[list[Token]] = []
    for token in words:
        if runs and not sentence[runs[-1][-1].end : token.start].strip(" "):
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs


def _shortened(run: list[Token], shown: Sequence[Item], found: list[Naming]) -> None:
    """Add the longest stretches of the run that leave words out of one title, and of one title only.

    Where two shown titles would shorten to the same words, they name neither.
    """
    titles = [_words(item.title) for item in shown]
    position = 0
    while position < len(run):
        for end in range(len(run), position + SHORTEST_NAME - 1, -1):
            window = [singular(token.text) for token in run[position:end]]
            if not _could_name(run[position:end]):
                continue
            hits = [i for i, title in enumerate(titles) if _subsequence(window, title) and _distinct(window, shown[i])]
            if len(hits) == 1:
                _add(found, Naming(hits[0], (run[position].start, run[end - 1].end), True))
                position = end - 1
                break
        position += 1


def _could_name(window: list[Token]) -> bool:
    first, last = window[0], window[-1]
    if first.text in FILLERS or last.text in FILLERS:
        return False
    return first.raw[0].isupper() or first.raw[0].isdigit() or len(window) > SHORTEST_NAME


@lru_cache(maxsize=4096)
def _words(title: str) -> tuple[str, ...]:
    return tuple(singular(token.text) for token in tokens(title))


def _subsequence(window: Sequence[str], title: Sequence[str]) -> bool:
    rest = iter(title)
    return all(word in rest for word in window)


def _distinct(window: list[str], item: Item) -> bool:
    """A name keeps the brand, or the title's first word, or two words that follow each other."""
    title, brand = _words(item.title), _words(item.brand)
    joined, full = " ".join(window), " ".join(title)
    return window[0] in (*title[:1], *brand[:1]) or f" {joined} " in f" {full} "


def _capitalised(sentence: str, found: list[Naming]) -> list[tuple[int, int]]:
    """Stretches of words with capitals, numbers between them included, that no naming covers."""
    spans = []
    for match in re.finditer(r"\b[A-Z][\w'&-]*(?:\s+(?:&\s+)?(?:[A-Z][\w'&-]*|\d[\w.-]*))+", sentence):
        if not any(match.start() < held.span[1] and held.span[0] < match.end() for held in found):
            spans.append(match.span())
    return spans


def _near_miss(sentence: str, span: tuple[int, int], shown: Sequence[Item], found: list[Naming]) -> None:
    start = span[0]
    text = sentence[span[0] : span[1]]
    if lead := re.match(r"(?:The|This|Our|Your|A|An|For|And|Both)\s+", text):
        start += lead.end()
        text = text[lead.end() :]
    said = [singular(token.text) for token in tokens(text)]
    if any(_subsequence(said, _words(item.title)) for item in shown):
        return  # a shortened title is no slip
    scored = sorted(
        ((difflib.SequenceMatcher(None, text.lower(), item.title.lower()).ratio(), i) for i, item in enumerate(shown)),
        reverse=True,
    )
    if scored and scored[0][0] >= NEAR_MISS and (len(scored) == 1 or scored[0][0] - scored[1][0] > 0.05):
        _add(found, Naming(scored[0][1], (start, span[1]), False))
