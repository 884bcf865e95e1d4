"""What goes over from one thing wanted to the next: "now trousers in the same colour", "I'd rather get her a kit".

Pure. The next thing starts empty but for what the message ties to the one before; what it is, ``chat.things`` says.
"""

import re

from chat.lexicon import COLOURS, MATERIALS, SIZES
from chat.want import Want
from retrieval.filters import PRICE_BOUNDS, Filter

_SAME = re.compile(
    r"\b(?:same|matching|that) (?P<what>colou?rs?|shade|sizes?|materials?|fabric|brand|make|maker"
    r"|price(?: range)?|budget"
    r"|limit)\b",
    re.IGNORECASE,
)
_FOR_THE_SAME = re.compile(
    r"\b(?:get|give|buy|find|for|bring) (?:her|him|them)\b|\bfor the same (?:person|child|kid|boy|girl)\b"
    r"|\b(?:she|he)(?:'d| would)\b",
    re.IGNORECASE,
)
_WHO = ("age", "ages", "for", "gender", "department")
_NAMES = {"colo": COLOURS, "shad": COLOURS, "size": SIZES, "mate": MATERIALS, "fabr": MATERIALS}


def next_want(text: str, before: Want) -> Want:
    """A new want, with what of the one before the text says shall hold for it too."""
    held, update = before.filter, dict[str, object]()
    names = [name for match in _SAME.finditer(text) for name in _NAMES.get(match["what"][:4].lower(), ())]
    if _FOR_THE_SAME.search(text):
        names += _WHO
    kept = {name: values for name, values in held.attributes.items() if name.lower() in names}
    if kept:
        update["attributes"] = kept
    for match in _SAME.finditer(text):
        what = match["what"].lower()
        if what in ("brand", "make", "maker"):
            update["brands"] = held.brands
        elif what.startswith(("price", "budget", "limit")):
            update |= {name: getattr(held, name) for name in PRICE_BOUNDS}
    return Want(filter=Filter().model_copy(update=update)) if update else Want()
