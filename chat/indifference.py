"""What no longer matters to the shopper: "any colour", "money is no object", "it doesn't have to be waterproof".

Pure. Knows the wording, and which attributes the shop has.
"""

import re
from typing import TYPE_CHECKING

from chat.mentions import Mention
from chat.stated import Constraints

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

_SUBJECTS = r"brands?|prices?|budget|cost|colou?rs?|sizes?|materials?|fabrics?|styles?|ratings?|stars?|minimum"
_RELAX = re.compile(
    rf"\bany (?P<a>{_SUBJECTS})(?! (?:but|except|other than))(?: (?:is|are|will|would|at all))?"
    rf"(?: (?:fine|ok(?:ay)?|good|do|work))?\b"
    rf"|\b(?:the )?(?P<b>{_SUBJECTS}|money)(?: is)? (?:doesn'?t|does not|do not|don'?t|isn'?t|is not"
    rf"|no|is no) (?:really |so |that |all that |very |too )?(?:matter|important|an? issue|a problem|object|concern)\b"
    rf"|\b(?:don'?t|do not) (?:really )?(?:care|mind|bother)(?: about)?(?: the| what"
    rf"| which)? (?P<c>{_SUBJECTS})(?: it is)?\b"
    rf"|\b(?:no|without) (?:particular )?(?P<d>{_SUBJECTS})(?: preference| limit)?\b(?! (?:in|but|except|other than)\b)"
    rf"|\b(?:forget|ignore|drop|regardless of|never mind|remove)(?: about)? (?:the )?(?P<e>{_SUBJECTS})(?: limit"
    rf"| filter)?\b"
    rf"|\b(?:whatever|in whatever) (?P<f>{_SUBJECTS})\b"
    rf"|\b(?:the )?(?P<g>{_SUBJECTS})[:,]? (?:is |are |can be )?(?:(?:anything|whatever)(?: goes| you like"
    r"| you have| will do)|all the same|up to you|open|flexible|irrelevant)(?!\W+(?:but|except|apart|other))\b"
    rf"|\b(?:i'm |i am |we'?re )?(?:open to|happy with|fine with|ok with) (?:other|any|another|all|different) "
    rf"(?P<h>{_SUBJECTS})(?: (?:too|as well|also))?\b"
    rf"|\b(?:other|another|different) (?P<i>{_SUBJECTS}) (?:are|is|would be|will be) (?:also )?(?:fine|ok(?:ay)?"
    r"|welcome|good|alright)(?: (?:too|as well|also))?\b"
    rf"|\b(?:needn'?t|doesn'?t (?:have|need) to|does not have to) be (?:that|this|the same) (?P<j>{_SUBJECTS})\b",
    re.IGNORECASE,
)
NO_PREFERENCE = re.compile(
    r"^\W*(?:(?:i )?(?:don'?t|do not) (?:mind|care|know)|no preference|either(?: is| one is)?(?: fine| ok)?"
    r"|whatever|any(?:thing)?(?: is| will)?(?: fine| ok| do)?|doesn'?t matter|you choose|up to you|both)\W*$",
    re.IGNORECASE,
)
_DROPS = re.compile(
    r"\b(?:drop|forget(?: about)?|never ?mind|lose|ignore|scrap)(?: about)? (?:the |it being |being )?$", re.IGNORECASE
)
_DROPPED = re.compile(
    r"\W*$|\W*[,.;!?]| (?:thing|bit|part|requirement|filter|one|stuff|again|then|now)\b", re.IGNORECASE
)
_OPTIONAL = re.compile(
    r"\b(?:(?:doesn'?t|does not|don'?t|do not) (?:have|need) (?:it |them )?(?:to be |to have )?|not necessarily "
    r"|(?:isn'?t|not) (?:a must|required|needed)\b|(?:don'?t|do not|wouldn'?t) (?:really "
    r"|actually )?mind (?:if it'?s |some "
    r"|a bit of |it being |it in )?|needn'?t be )",
    re.IGNORECASE,
)
_OPTIONAL_AFTER = re.compile(
    r"(?: (?:thing|bit|part|one|requirement))?(?:'s| is| are)?(?:(?:n'?t| not| no longer) (?:an? |really |that "
    r"|strictly )?"
    r"(?:must|essential|necessary|needed|required|important|need|priority)| optional| (?:doesn'?t|does not"
    r"|don'?t) matter"
    r"| or not\b)(?: (?:any ?more|to me|after all))?",
    re.IGNORECASE,
)


def read_indifference(read: Constraints, vocabulary: "Vocabulary") -> None:
    """The subjects that shall no longer constrain: names of attributes, "brand", "price", "rating"."""
    while match := _RELAX.search(read.rest):
        said = next(word for word in match.groups() if word).lower().rstrip("s")
        subject = {"budget": "price", "cost": "price", "money": "price", "star": "rating", "minimum": "price_min"}.get(
            said, said
        )
        names = [name for name in vocabulary.attributes if _same_subject(name.lower(), subject)]
        read.relaxed += names or [subject]
        read.blank(match.span())


def _same_subject(name: str, subject: str) -> bool:
    spelling = {"color": "colour", "fabric": "material"}
    return spelling.get(name, name) == spelling.get(subject, subject)


def read_dropped(read: Constraints, mentions: list[Mention]) -> None:
    """Take out of the mentions the values that are let go: "drop the organic thing", "forget waterproof"."""
    for mention in list(mentions):
        before, after = read.rest[: mention.span[0]], read.rest[mention.span[1] :]
        if mention.kind == "attribute" and (cue := _DROPS.search(before)) and _DROPPED.match(after):
            for name, value in mention.pairs:
                read.optional.setdefault(name, []).append(value)
            mentions.remove(mention)
            read.blank((cue.start(), mention.span[1]))


def read_optional(read: Constraints, mentions: list[Mention]) -> None:
    """Take out of the mentions the values that need not be."""
    for match in _OPTIONAL.finditer(read.rest):
        for mention in list(mentions):
            if mention.kind == "attribute" and 0 <= mention.span[0] - match.end() < 3:
                _let_be(read, mention, mentions, (match.start(), mention.span[1]))
                break
    for mention in list(mentions):
        if mention.kind == "attribute" and (after := _OPTIONAL_AFTER.match(read.rest, mention.span[1])):
            _let_be(read, mention, mentions, (mention.span[0], after.end()))


def _let_be(read: Constraints, mention: Mention, mentions: list[Mention], span: tuple[int, int]) -> None:
    for name, value in mention.pairs:
        read.optional.setdefault(name, []).append(value)
    mentions.remove(mention)
    read.blank(span)
