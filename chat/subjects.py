"""What the words of a coded sentence are said of, and what can be measured of it: the ground of every comparison.

Pure. Reads a sentence whose pointers are coded (``chat.pointers.coded``).
"""

import re
from collections.abc import Callable, Iterator, Sequence

from chat.pointers import BLANK, CODE, Pointer, Shown, number_of
from retrieval.items import Item

Claims = Iterator[tuple[tuple[int, int], str]]  # where each stands, and what is wrong with it ("" if it is true)

SIZES = frozenset({"volume", "length", "mass", "time"})
MEASURES: dict[str, Callable[[Item], float | None]] = {
    "price": lambda item: None if item.price is None else float(item.price),
    "rating": lambda item: item.rating,
    "count": lambda item: None if item.rating is None else float(item.rating_count or 0),
}


def items_of(indices: Sequence[int], shown: Shown) -> list[Item]:
    return [shown.items[index] for index in indices]


def pointed(code: str | None, pointers: Sequence[Pointer]) -> tuple[int, ...]:
    return pointers[number_of(code)].indices if code else ()


def before(text: str, place: int, pointers: Sequence[Pointer]) -> tuple[int, ...]:
    """What the last pointers before this place stand for: one, or several that "and" joins."""
    found = list(re.finditer(CODE, text[:place]))
    if not found:
        return ()
    indices = pointed(found[-1][0], pointers)
    for earlier, later in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
        if not re.fullmatch(r"(?:\s|,|\band\b|\bthe\b|\bboth\b)*", text[earlier.end() : later.start()]):
            break
        indices = (*pointed(earlier[0], pointers), *indices)
    return tuple(dict.fromkeys(indices))


def first_subject(text: str, pointers: Sequence[Pointer], place: int) -> tuple[int, ...]:
    found = re.search(CODE, text[:place])
    return pointed(found[0], pointers) if found else ()


def after(text: str, place: int, pointers: Sequence[Pointer]) -> tuple[int, ...]:
    found = re.search(CODE, text[place:])
    return pointed(found[0], pointers) if found else ()


def blanked(text: str, span: tuple[int, int]) -> str:
    return text[: span[0]] + BLANK * (span[1] - span[0]) + text[span[1] :]
