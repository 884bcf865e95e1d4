"""Where somebody begins who does not know what they want: who or what it is for, with chips of what the shop has.

Pure. Everything offered is the catalogue's own: values that name recipients and occasions, and departments.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

OPENING = "opening"  # by which the need remembers that this was asked, and how often
MOST_CHIPS = 4
# Attributes whose values say for whom, or for what occasion or use, a thing is; those asked of first come first.
_RECIPIENTS = ("for", "recipient", "gender", "audience")
_USES = ("occasion", "use", "activity", "event")
_EVERYONE = frozenset({"unisex", "all", "everyone", "adults", "adult"})
_LONGEST = 24  # characters of a chip


def openings(vocabulary: "Vocabulary") -> tuple[str, ...]:
    """Chips to begin with: up to one recipient and two occasions or uses, then departments, most frequent first."""
    recipients = [f"For {value}" for value in _values(vocabulary, _RECIPIENTS) if value.lower() not in _EVERYONE]
    uses = [value[:1].upper() + value[1:] for value in _values(vocabulary, _USES)]
    first = [*recipients[:1], *uses[:2], *recipients[1:2]][: MOST_CHIPS - 2]
    return tuple(dict.fromkeys((*first, *departments(vocabulary))))[:MOST_CHIPS]


def departments(vocabulary: "Vocabulary") -> tuple[str, ...]:
    """The names of the shop's departments, in the vocabulary's order."""
    return tuple(dict.fromkeys(path[0] for path in vocabulary.categories if path))


def question(times: int) -> str:
    """What is asked, or said where it was asked already: the same question never comes twice."""
    if times <= 1:
        return "Let's find out: who is it for, or what should it be used for?"
    return "Any of these is a good place to begin; name one, or what you would like to spend, and I will show you some."


def _values(vocabulary: "Vocabulary", names: tuple[str, ...]) -> list[str]:
    return [value for name in names for value in vocabulary.attributes.get(name, ()) if len(value) <= _LONGEST]
