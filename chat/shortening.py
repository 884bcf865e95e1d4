"""Shorter forms of a sentence that no record carries as a whole: what is left may still be true.

Pure. Knows where a sentence can be parted and what cannot stand at its end; what is true of it, the check decides.
"""

import re
from collections.abc import Iterator
from itertools import islice

from chat.words import tokens, word_set

VERBS = word_set(
    "look go goes consider see mind "
    "run range will like likes love loves enjoy appreciate wear leave block blocks shut shuts stop stops cancel cancels"
    " float floats "
    "stick sticks turn turns wash charge charges clean cleans sound sounds feel feels sleep sit sits fill pour"
    " pours hang "
    "hangs fold grow grows burn burns glow glows play plays help helps let lets mean means leaves dry open last hold "
    "weigh pack stand stay calm hook roll catch measure lather rinse "
    "packs folds stands holds sleeps weighs stays opens takes lasts dries washes can calms runs fills hooks rolls "
    "is are has have comes come costs cost features feature offers offer includes include fits fit suits suit provides "
    "provide gives give works work keeps keep made priced rated uses use brings bring serves it's they're makes hold "
    "aren't isn't there's that's should would could tastes starts runs "
    "share need needs take try pick choose contains contain catches get tastes measures lathers starts rinses"
)
_CLAUSE = re.compile(
    r",\s+(?:(?:and|which|making|while|but|so|with|though|although|as|where|because)\s+)?"
    r"|[;:–—]\s+"
    r"|\s+(?:and|with|which|while|but|making|so that|so|that|though|although|because|if|for|in|to|from|at)\s+",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:\b(?:a|an|the|is|are|has|have|of|for|with|and|or|to|in|at|by|on|its|your|as|comes|made|also|very|that|which"
    r"|from|features|offers|includes|costs|priced|rated|but|it|both|great|good|nice|perfect|suitable|ideal|available"
    r"|designed|choice|option|pick|than|no|not|just|only|about|they|one)|,)\s*$",
    re.IGNORECASE,
)
_OPENING = re.compile(r"(?:For|If|When|With|As|In|Of|To|On|At|Unlike)\b[^,]{0,80},\s+")
_OWN_CLAUSE = re.compile(
    r"[;:]\s+|,\s+(?:(?:and|but|while|so|though)\s+)?(?=\S)|\s+(?:and|but|while)\s+(?=the\b)", re.IGNORECASE
)
_ASIDE = re.compile(r",\s[^,;:]+,(?=\s)")
MOST_TRIED = 24  # shorter forms of one sentence, so that none costs more than a few milliseconds


def shortened(text: str) -> Iterator[str]:
    """The sentence without its last clause, without the last two, and so on; then without an opening "For …,".

    At last each clause that begins anew, alone: "…, but the B costs $5".
    """
    yield from islice(_forms(text), MOST_TRIED)


def _forms(text: str) -> Iterator[str]:
    opening = _OPENING.match(text)
    for whole in (text, text[opening.end() :] if opening else ""):
        if whole and whole is not text:
            yield _sentence(whole)
        yield from _from_the_end(whole)
    for match in _ASIDE.finditer(text):
        yield text[: match.start()] + text[match.end() :]
    for match in _OWN_CLAUSE.finditer(text):
        if not any(token.text in VERBS for token in tokens(text[: match.start()])):
            continue  # "The A and the B cost $5": what is before it has no verb of its own
        rest = _without_joint(text[match.end() :])
        if rest:
            yield _sentence(rest)
            yield from _from_the_end(rest)


def _from_the_end(whole: str) -> Iterator[str]:
    for match in reversed(list(_CLAUSE.finditer(whole))):
        left = whole[: match.start()].rstrip(" ,;:")
        if left and not _DANGLING.search(left) and any(token.text in VERBS for token in tokens(left)):
            yield _sentence(left)


def _without_joint(rest: str) -> str:
    return re.sub(r"^(?:and|but|while|so|though|also|then)\s+", "", rest, flags=re.IGNORECASE)


def _sentence(text: str) -> str:
    text = text.rstrip(" ,;:")
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!" else ".")
