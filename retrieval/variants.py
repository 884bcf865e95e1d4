"""Which items are variants of one product: the same thing in another colour or size.

Pure. Knows the item; what is made of its variants (one card for all of them), others decide.
"""

import hashlib
import re

from retrieval.items import Item

MOST_VARIANTS = 300  # of one product that are looked at for the colours and sizes it comes in

# Attributes in which the variants of one product differ, by the last word of their name: "shoe size", "primary colour".
_VARYING = re.compile(r"(?:^|\W)(?:primary)?(?:colou?rs?|sizes?)$", re.IGNORECASE)
_SIZE = re.compile(r"sizes?$", re.IGNORECASE)


def variant_key(item: Item) -> str:
    """A text that the variants of one product share, and no two products.

    The merchant's ``group_id`` where there is one. Else the item's brand, category, price and words, less the colours
    and sizes that its own attributes name: items that differ in anything besides are told apart, so that a product
    whose variants are described each in its own way stays several. An item without a colour or size is alone.
    """
    if item.group_id:
        return f"group {item.group_id}"
    own = varying(item)
    if not own:
        return f"item {item.id}"
    texts = (item.title, item.description, *(f"{name} {' '.join(held)}" for name, held in _other(item)))
    same = (item.brand, *item.category, str(item.price), *(_without(text, own) for text in texts))
    return f"alike {hashlib.sha256(chr(0).join(same).casefold().encode()).hexdigest()[:24]}"


def varying(item: Item) -> dict[str, tuple[str, ...]]:
    """The attributes by which the item may differ from its product's other variants, e.g. {"colour": ("navy",)}.

    A run of several sizes in one record is no variant's size.
    """
    return {
        name: values
        for name, values in item.attributes.items()
        if values and _VARYING.search(name) and not (_SIZE.search(name) and len(values) > 1)
    }


def _other(item: Item) -> list[tuple[str, tuple[str, ...]]]:
    own = varying(item)
    return sorted((name, values) for name, values in item.attributes.items() if name not in own)


def _without(text: str, own: dict[str, tuple[str, ...]]) -> str:
    """The words of the text, in lower case, less those values: longest first, so that "navy blue" leaves no "navy"."""
    words = " ".join(re.findall(r"[\w'’.-]*\w", text.casefold()))
    values = {" ".join(re.findall(r"[\w'’.-]*\w", value.casefold())) for held in own.values() for value in held}
    for value in sorted(filter(None, values), key=len, reverse=True):
        words = re.sub(rf"(?<![\w'’.-]){re.escape(value)}(?![\w'’-])", " ", words)
    return " ".join(words.split())
