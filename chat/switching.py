"""Wants that a message lets go or comes back to: "forget the boots", "back to the tents".

Pure. Knows the wants by the things that they are of; what the rest of the message asks for, ``chat.need`` reads.
"""

import re

from chat.want import Need, Want
from chat.words import Token, singular, tokens

_THING = r"(?:the |my |our |those |these |any |all the )?(?P<thing>[\w'-]+(?: [\w'-]+){0,2})"
_DROPS = re.compile(
    r"\b(?:forget(?: about)?|drop|leave out|scrap|skip|cancel|remove|take (?:out|away)|never ?mind|without"
    r"|(?:i |we )?(?:no longer|don'?t|do not|won'?t) (?:need|want|like)|(?:i'm |i am )?done with|not interested in"
    r"|enough (?:of|about)|leave|park|(?:put|set) aside|hold off on|instead of|rather than|that'?s)"
    rf" {_THING}",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    r"\bno (?P<thing>[\w'-]+(?: [\w'-]+)?) (?:then|after all|any ?more|for now|thanks|today)\b", re.IGNORECASE
)
# "Not headphones; a kitchen radio", as ``chat.idioms`` writes "a kitchen radio instead of headphones".
_NOT_BUT = re.compile(r"^\W*not (?:the )?(?P<thing>[\w'-]+(?: [\w'-]+){0,2})(?=;)", re.IGNORECASE)
_AGAIN = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|so|and|now|well|hm+|let'?s see)\W+)*(?:the |those |my )?(?P<thing>[\w'-]+(?: [\w'-]+)?) "
    r"(?:again|once (?:more|again)|one more time|from before|from earlier)\b",
    re.IGNORECASE,
)
_RETURNS = re.compile(
    r"\b(?:(?:go(?:ing)? |come |get |switch |jump )?back to|return(?:ing)? to|again about"
    rf"|(?:how |what )?about|show me|see) (?:the first (?:thing|one|item|subject)\W+)?{_THING}",
    re.IGNORECASE,
)
# "How about the tent from before": without such words it may be any tent.
_BEFORE = re.compile(
    r"\b(?:back|return\w*|again|once more|one more time|from before|from earlier|you showed|we had|we saw|earlier)\b",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"^[\s,.;:!-]*(?:(?:any ?more|once more|once again|one more time|from before|from earlier|again|then"
    r"|after all|please|now|and|but|instead)\b[\s,.;:!-]*)*",
    re.IGNORECASE,
)


def let_go(text: str, need: Need) -> tuple[Need, str, Want] | None:
    """The need less the want that the message lets go, what is left of the message, and that want; None if none is."""
    for pattern in (_NOT_BUT, _DROPS, _NO_MORE):
        for match in pattern.finditer(text):
            want, end = _meant(match, need)
            if want is None:
                continue
            if pattern is _NOT_BUT and _names(want) & {singular(word.text) for word in tokens(text[end:])}:
                continue  # "not white sneakers; black sneakers"
            left = tuple(held for held in need.wants if held is not want)
            return need.model_copy(update={"wants": left or (Want(),)}), _rest(text, match.start(), end), want
    return None


def come_back(text: str, need: Need) -> tuple[Need, str] | None:
    """The need with that want last which the message comes back to, and what is left of the message."""
    for match in (*_RETURNS.finditer(text), *_AGAIN.finditer(text)):
        want, end = _meant(match, need)
        if want is None or not _BEFORE.search(text):
            continue
        alone = want.model_copy(update={"asked_in": 0})
        wants = (*(held for held in need.wants if held is not want), alone)
        return need.model_copy(update={"wants": wants}), _rest(text, match.start(), end)
    return None


def _meant(match: re.Match[str], need: Need) -> tuple[Want | None, int]:
    """The want, the latest first, whose thing the words begin with or hold; and where its name ends in the text."""
    words = tokens(match["thing"])
    for want in reversed(need.wants):
        known = _names(want)
        for place, word in enumerate(words):
            if singular(word.text) in known:
                return want, match.start("thing") + words[place].end
    return None, 0


def _names(want: Want) -> frozenset[str]:
    """The words that its thing is called by: the last of its topic, and of its kinds' names."""
    ends = [want.topic.rpartition(" ")[2]]
    ends += [part.text for path in want.filter.categories for part in _segment_ends(path[-1])]
    return frozenset(singular(end.lower()) for end in ends if end)


def _segment_ends(segment: str) -> list[Token]:
    return [tokens(part)[-1] for part in re.split(r"[&,/]| and ", segment) if tokens(part)]


def _rest(text: str, start: int, end: int) -> str:
    after = text[end:]
    after = after[len(match[0]) :] if (match := _AFTERWARDS.match(after)) else after
    before = text[:start] if re.search(r"\w", text[:start]) and not re.search(r"\w", after) else ""
    return (
        re.sub(
            r"[\s,.;:!-]*(?:and|but|ok|okay|so|please|hm+|actually|let's|lets|i)*[\s,.;:!-]*$",
            "",
            before,
            flags=re.IGNORECASE,
        )
        + after
    ).strip()
