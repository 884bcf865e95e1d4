"""Which shown items the words of a sentence point at: by a title, by "the bib", "both kids' cans", "the other three".

Pure. Titles and slips of them are ``chat.naming``'s; here are the nouns, the numbers and "all four". Where a phrase
fits more items than its number says, or none, it points at nothing, and its words are left to be held against a record.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.naming import find_namings
from chat.record import Record, stem
from chat.words import Token, singular, tokens, word_set

MOST_CODED = 40  # pointers in one sentence; each takes a character of its own
_FIRST_CODE = 0xE000  # Unicode's private use area: ``chat.words.plain`` leaves none of it in a sentence
BLANK = "\ufffc"  # stands where a name or a verified claim was
CODE = rf"[\ue000-\ue0ff]{BLANK}*"

_COUNTS = {"two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6}
_OPENERS = word_set("the both all each these those this that two three four five either every any neither")
_DEFINITE = word_set("the these those this that")
_GENERIC = word_set("one item option pick choice product piece pieces pair pairs set sets kit kits")
_PRAISE = word_set("little nice lovely pretty good simple humble splendid handsome beautiful")
_POINTS = word_set("one ones item items option options pick picks choice choices product products")
_CONTAINERS = word_set("bag pack box tin jar bottle tube packet set pair piece")  # "each bag": each of what is shown
_THEM = word_set("these them those")
_NO_NAME = word_set("of the a an and or for in with by from to on at is are it its as")
# After these a brand is said of an item rather than pointing at it: "is by Plover", "comes from Acme".
_SAID_OF = re.compile(r"\b(?:by|from)\s+(?:the\s+)?(?:[A-Z]\w*\s+)?$|\bbrand\s+(?:is\s+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Pointer:
    """A stretch of the sentence and the shown items that it stands for."""

    span: tuple[int, int]
    indices: tuple[int, ...]
    exact: bool = True  # False: a near-miss of one title, to be replaced by it
    some: int = 0  # "two of these": so many of the indices, whichever what follows is true of


class Shown:
    """What is on show, with the words that each item can be called by."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = tuple(records)
        self.items = tuple(record.item for record in records)
        self.names = [_stems(record.item.title, record.item.brand, *record.item.category[-1:]) for record in records]
        self.titles = [_stems(record.item.title) for record in records]
        self.common = [_common(record.item.title, *record.item.category[-1:]) for record in records]
        self.brands = [_stems(record.item.brand) for record in records]
        self.proper = [_proper(record.item.title, record.item.brand) for record in records]
        self.values = [
            names | {word for held in record.attribute_words.values() for word in held}
            for names, record in zip(self.names, records, strict=True)
        ]

    def called(self, candidates: Sequence[int], base: str, raw: str) -> tuple[int, ...]:
        """Those of the candidates that are called so: by their titles, or where none is, by their category."""
        named = tuple(index for index in candidates if self.is_called(index, base, raw))
        return tuple(index for index in named if base in self.titles[index]) or named

    def is_called(self, index: int, base: str, raw: str) -> bool:
        """True if the item's name has the word: a proper name is one only where it is written with a capital."""
        return base in self.common[index] or (base in self.names[index] and not raw.islower())

    def is_one_product(self, indices: Sequence[int]) -> bool:
        """True if they are the variants of one product, which may be spoken of as one."""
        groups = {self.items[index].group_id for index in indices}
        return len(groups) == 1 and "" not in groups

    @property
    def all(self) -> tuple[int, ...]:
        """Every index."""
        return tuple(range(len(self.records)))


def find_pointers(text: str, shown: Shown) -> list[Pointer]:
    """The pointers in the order of the sentence; none overlaps another."""
    found = [Pointer(naming.span, (naming.index,), naming.exact) for naming in find_namings(text, shown.items)]
    found = [held for held in found if not _is_said_of(text, held, shown) and not _is_amount(text, held)]
    words = tokens(text)
    place = 0
    while place < len(words):
        taken = _phrase(words, place, text, shown, found)
        if taken is None:
            place += 1
            continue
        pointer, after = taken
        across = [held for held in found if _overlap(held, pointer)]
        if any(not held.exact or held.span[1] > pointer.span[1] for held in across):
            place += 1
            continue
        found = [held for held in found if held not in across] + [pointer]
        place = after
    return sorted(found, key=lambda pointer: pointer.span)[:MOST_CODED]


def coded(text: str, pointers: Sequence[Pointer]) -> str:
    """The text, as long as before, with each pointer as one character of its own followed by blanks."""
    for number, pointer in enumerate(pointers):
        start, end = pointer.span
        text = text[:start] + chr(_FIRST_CODE + number) + BLANK * (end - start - 1) + text[end:]
    return text


def number_of(code: str) -> int:
    """Which pointer a coded stretch stands for."""
    return ord(code[0]) - _FIRST_CODE


def _phrase(
    words: list[Token], place: int, text: str, shown: Shown, found: Sequence[Pointer]
) -> tuple[Pointer, int] | None:
    """The phrase that begins at this word, with the place after it; None if none does."""
    first = words[place]
    if any(held.span[0] < first.start < held.span[1] for held in found):
        return None
    if place == 0 and first.text in ("they", "they're") and len(words) > 1 and words[1].text == "all":
        return Pointer((words[1].start, words[1].end), shown.all), 2
    if first.text not in _OPENERS and first.text not in _THEM:
        return _bare_name(words, place, text, shown, found)
    cursor, count, other, some, lacking = place, 0, False, 0, 0
    opener = first.text
    while cursor < len(words) and _follows(words, cursor, place, text):
        said = words[cursor].text
        if said in ("other", "others", "remaining", "rest"):
            other = True
        elif opener == "all" and said == "but" and cursor + 1 < len(words) and words[cursor + 1].text in _FEW:
            lacking, cursor = _FEW[words[cursor + 1].text], cursor + 1  # "all but one of these"
        elif opener in ("each", "every") and said in _CONTAINERS and not any(said in held for held in shown.names):
            return Pointer((first.start, words[cursor].end), shown.all), cursor + 1
        elif said in _COUNTS:
            count = _COUNTS[said]
        elif said == "of" and cursor > place:
            some, count = count, 0
        elif said not in _OPENERS and said not in _THEM:
            break
        cursor += 1
    whole = opener in ("all", "each", "every", "any", "neither", "either", "both") or opener in _THEM
    candidates, end, head, plural = _narrowed(words, cursor, text, shown, place)
    if other:
        said_of = {index for held in found if held.span[1] <= first.start for index in held.indices}
        candidates = tuple(index for index in candidates if index not in said_of)
    if end == cursor:
        # No noun: "all four", "these", "the other three", "two of them"; but not "the" or "this" alone.
        last = words[cursor - 1].text
        if (opener in ("both", "neither", "either") and cursor == place + 1
            and len(pair := _said_before(first, found)) == 2):  # fmt: skip
            return Pointer((first.start, first.end), pair), cursor
        is_set = last in _THEM or other or (last in _COUNTS and (opener in ("all", "the", "both") or some))
        if opener in ("both", "either", "neither", "each", "any") and len(candidates) != 2 and last not in _THEM:
            is_set = bool(count and opener != "both" and len(candidates) == count)
        if not is_set:
            return None
    elif not head:
        return None
    if end == cursor and last_is_determiner(words, cursor) and not other and not count and not some:
        follows = words[cursor] if cursor < len(words) else None
        if follows is not None and follows.text not in _VERB_LIKE:
            return None
    single = not plural and not count and opener in ("the", "this", "that") and not other
    if single and len(candidates) != 1 and not shown.is_one_product(candidates):
        return None
    if count and not some and len(candidates) != count:
        return None
    if not candidates or (whole and opener == "both" and len(candidates) != 2):
        return None
    if lacking:
        some = len(candidates) - lacking
        if some < 1:
            return None
    if some and not (0 < some <= len(candidates)):
        return None
    start = first.start
    if opener in _COUNTS and all(shown.records[i].carries_phrase(text[start : words[end - 1].end]) for i in candidates):
        return None  # "three nights on a charge" is what a record says, and no three night lights
    if (opener in ("all", "both", "each") and not lacking) or not some:
        some = 0 if some == len(candidates) else some
    return Pointer((start, words[end - 1].end), candidates, True, some), end


_FEW = {"one": 1, "two": 2}


def _said_before(first: Token, found: Sequence[Pointer]) -> tuple[int, ...]:
    """What the sentence has pointed at before this word."""
    return tuple(dict.fromkeys(i for held in found if held.span[1] <= first.start for i in held.indices))


_LARGE = word_set("tall taller large larger big bigger long longer biggest largest tallest longest")
_SMALL = word_set("short shorter small smaller smallest shortest")
_VERB_LIKE = word_set(
    "are is have has come cost costs hold do does can work works share suit fit make give were was will would"
)


def last_is_determiner(words: list[Token], cursor: int) -> bool:
    """True if the word before says no more than "these" or "this"."""
    return words[cursor - 1].text in _THEM | _DEFINITE


def _narrowed(
    words: list[Token], cursor: int, text: str, shown: Shown, place: int
) -> tuple[tuple[int, ...], int, bool, bool]:
    """The items that carry the words from here on, the place after those words, whether they end in a noun that an
    item is called by, and whether that is a plural."""
    candidates, end, head, plural = shown.all, cursor, False, False
    best: tuple[tuple[int, ...], int, bool, bool] | None = None
    while end < len(words) and _follows(words, end, place, text):
        said = words[end]
        base = stem(said.text.removesuffix("'s").removesuffix("'"))
        if said.text == "and" and head and _joined_in_title(words, end, candidates, shown):
            end += 1
            continue
        if said.text in _NO_NAME and end > cursor:
            break
        named = shown.called(candidates, base, said.raw)
        valued = tuple(index for index in candidates if _has_value(shown, index, said.text))
        if named:
            candidates, head = named, True
            plural = singular(said.text) != said.text
        elif said.text in _POINTS or (said.text in _GENERIC and end > cursor):
            head, plural = True, said.text.endswith("s")
            end += 1
            best = (candidates, end, True, plural)
            break
        elif valued:
            candidates, head = valued, False
        elif said.text in _PRAISE and end == cursor and end + 1 < len(words):
            pass
        elif (sized := _by_size(said.text, candidates, shown)) and end + 1 < len(words):
            candidates, head = sized, False
        else:
            break
        end += 1
        if head:
            best = (candidates, end, True, plural)
    if best is None:
        return shown.all, cursor, False, False
    candidates, end, head, plural = best
    return _of_brand(words, candidates, end, text, shown, plural)


def _by_size(said: str, candidates: Sequence[int], shown: Shown) -> tuple[int, ...]:
    """The one that is larger or smaller than all the other candidates: "the tall one"."""
    if said not in _LARGE | _SMALL:
        return ()
    sizes = {index: shown.records[index].sizes for index in candidates}
    common = set.intersection(*(set(held) for held in sizes.values())) if sizes else set()
    for measures in sorted(common):
        ordered = sorted(candidates, key=lambda index: sizes[index][measures], reverse=said in _LARGE)
        if len(ordered) > 1 and sizes[ordered[0]][measures] != sizes[ordered[1]][measures]:
            return (ordered[0],)
    return ()


def _joined_in_title(words: list[Token], place: int, candidates: Sequence[int], shown: Shown) -> bool:
    """True if the words around this "and" stand so in a title: "bridge and castle blocks"."""
    said = " ".join(word.text for word in words[place - 1 : place + 2])
    return any(said in shown.items[index].title.lower() for index in candidates)


def _of_brand(
    words: list[Token], candidates: tuple[int, ...], end: int, text: str, shown: Shown, plural: bool
) -> tuple[tuple[int, ...], int, bool, bool]:
    """The phrase with "from Acme" after it, where that tells which of the candidates is meant."""
    if (
        end + 1 < len(words)
        and words[end].text in ("from", "by")
        and text[words[end - 1].end : words[end].start] == " "
    ):
        last = end + 1
        narrowed = candidates
        while last < len(words) and words[last].raw[0].isupper() and _follows(words, last, end, text):
            kept = tuple(i for i in narrowed if stem(words[last].text) in shown.brands[i])
            if not kept:
                break
            narrowed, last = kept, last + 1
        if last > end + 1:
            return narrowed, last, True, plural
    return candidates, end, True, plural


def _bare_name(
    words: list[Token], place: int, text: str, shown: Shown, found: Sequence[Pointer]
) -> tuple[Pointer, int] | None:
    """A proper name that only some shown items have, with the nouns after it: "Barkwell's", "Owlet House's Lantern"."""
    first = words[place]
    base = stem(first.text.removesuffix("'s"))
    candidates = tuple(index for index in shown.all if base in shown.proper[index])
    covered = next((held for held in found if held.span[0] == first.start), None)
    if covered is not None:
        return None
    if not first.raw[0].isupper() or not candidates:
        return _opening_noun(words, place, text, shown)
    if _SAID_OF.search(text[: first.start]) and not _OF_WHAT.search(text[: first.start]):
        return None
    end = place + 1
    while end < len(words) and _follows(words, end, place, text):
        base = stem(words[end].text.removesuffix("'s"))
        kept = tuple(index for index in candidates if shown.is_called(index, base, words[end].raw))
        if words[end].text in _POINTS:
            kept = candidates
        if not kept or words[end].text in _NO_NAME:
            break
        candidates, end = kept, end + 1
    if len(candidates) != 1:
        return None
    if any(held.span[0] < words[end - 1].end and first.start < held.span[1] for held in found):
        return None
    return Pointer((first.start, words[end - 1].end), candidates), end


def _is_value(record: Record, said: str) -> bool:
    return any(stem(said) in held for held in record.attribute_words.values())


_OF_WHAT = re.compile(r"\w's?\s+$")


def _opening_noun(words: list[Token], place: int, text: str, shown: Shown) -> tuple[Pointer, int] | None:
    """A bare noun where a noun phrase can begin, with the brand that tells which: "Honey from Plain Larder"."""
    if place and text[: words[place].start].rstrip()[-1:] not in (",", ";", ":") and words[place - 1].text != "and":
        return None
    if place and not text[words[place].start - 1].isspace():
        return None  # the "000" of "20,000"
    candidates, end, head, _ = _narrowed(words, place, text, shown, place)
    if end == place or not head or len(candidates) != 1:
        return None
    if place and end == place + 1 and _is_value(shown.records[candidates[0]], words[place].text):
        return None  # "comes in blush and sage"
    return Pointer((words[place].start, words[end - 1].end), candidates), end


def _is_said_of(text: str, pointer: Pointer, shown: Shown) -> bool:
    """True if it is no more than a brand, and said of another item: "is by Juniper Street"."""
    said = _stems(text[pointer.span[0] : pointer.span[1]])
    return said <= shown.brands[pointer.indices[0]] and bool(_SAID_OF.search(text[: pointer.span[0]]))


def _is_amount(text: str, pointer: Pointer) -> bool:
    """True for "30 cm", which may be a part of one title and names nothing all the same."""
    return bool(re.fullmatch(r"\d[\d.,]*\s?\w{1,3}", text[pointer.span[0] : pointer.span[1]]))


def _has_value(shown: Shown, index: int, said: str) -> bool:
    values = shown.values[index]
    if stem(said.removesuffix("'s").removesuffix("'")) in values:
        return shown.records[index].carries(said.removesuffix("'s").removesuffix("'"))
    parts = [stem(part) for part in said.split("-")]
    return len(parts) > 1 and (all(part in values for part in parts) or shown.records[index].carries(said))


def _follows(words: list[Token], cursor: int, place: int, text: str) -> bool:
    """True if nothing but spaces, a hyphen, "'" or "&" stands between this word and the one before."""
    return cursor == place or not text[words[cursor - 1].end : words[cursor].start].strip(" -'&")


def _overlap(one: Pointer, other: Pointer) -> bool:
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]


def _stems(*texts: str) -> frozenset[str]:
    words = (part for text in texts for token in tokens(text) for part in (token.text, *token.text.split("-")))
    return frozenset(stem(word) for word in words if word not in _NO_NAME)


def _common(title: str, *categories: str) -> frozenset[str]:
    """The words of a title that are nouns and no names, and the category's."""
    lower = " ".join(token.raw for token in tokens(title) if not token.raw[0].isupper())
    return _stems(lower, *categories)


def _proper(title: str, brand: str) -> frozenset[str]:
    """The words of a title that are written with a capital, and the brand's."""
    capital = {stem(token.text) for token in tokens(title) if token.raw[0].isupper()}
    return frozenset(capital | {stem(token.text) for token in tokens(brand)})
