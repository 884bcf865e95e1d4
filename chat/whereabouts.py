"""Where somebody is or who they are, told in the name of a department: "at home", "outdoors", "a toddler who cries".

Pure. Such a word names no thing that is wanted, and the department would hide what is. Knows whole departments alone:
an aisle's name is that of things.
"""

import re

from chat.mentions import Mention
from chat.record import GENDERS
from chat.words import FILLERS, singular, tokens, word_set

_PLACED = re.compile(
    r"\b(?:(?:at|in|into|around|inside|near|over) (?:the|a|an|my|our|his|her|their|this) (?:[\w-]+ )?|at )$",
    re.IGNORECASE,
)
# "Have a look at electronics", "my dad is into fitness" ask for them.
_ASKING = re.compile(
    r"\b(?:look(?:s|ing|ed)?|brows(?:e|ing)|shop(?:ping)?|peek|glance|have|got|sell|is|are|am|\w+'[sm]) "
    r"(?:(?:really|very|so|big|all|you|anything|something) )*(?:at|around|into|in|over) [\w ]*$"
    r"|\b(?:loves?|likes?|enjoys?|adores?) (?:the )?$",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"(?:^|[^\w'-])(?:my|our|his|her|their|a|an|the|this)\s+(?:[\w-]+ )?$", re.IGNORECASE)
_DOORS = frozenset({"indoors", "outdoors"})
_GOODS = word_set(
    "gear product item equipment section department aisle range clothing kit supply essential accessory stuff thing"
    " gift present set idea"
)


def is_where_or_who(text: str, mention: Mention, departments: frozenset[str]) -> bool:
    """True if the mention of a category is only where somebody is, or who.

    ``departments``: names in lower case of the categories that have others beneath them.
    """
    if not all(len(path) == 1 and path[0].lower() in departments for path in mention.paths):
        return False
    before, rest = text[: mention.span[0]], tokens(text[mention.span[1] :])
    after = rest[0].text if rest else ""
    if singular(after) in _GOODS or _ASKING.search(before):
        return False
    if not any(token.text not in FILLERS for token in (*tokens(before), *rest)):
        return False  # "in the garden" and no more: there is nothing else to go by
    if mention.text in _DOORS or _PLACED.search(before):
        return True
    return singular(mention.text) in GENDERS and (after in ("who", "that") or bool(_SOMEBODY.search(before)))
