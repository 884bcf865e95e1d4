"""What a message refuses: "no nuts or milk", "anything but black", "I can't wear wool".

Pure. Knows the wording of refusals and their enumerations; knows no catalogue.
"""

import re
from itertools import islice

from chat.words import FILLERS, tokens

BLANK = "\ufffc"  # stands where something was read already; no word, and it parts phrases

_NEGATION = re.compile(
    r"\b(?:any(?:thing|one|body)?(?: (?:brand|make|maker|colou?r|kind|type|sort|one|material|size"
    r"|scent))? (?:but|except)"
    r"|everything but|neither|free (?:of|from)|less of|fewer|enough of|no more|tired of|sick of|except(?: for)?"
    r"|not (?:keen on|fond of|into|mad about|crazy about|big on|an? (?:big |huge )?fan of)|minus(?! ?\d| (?:one"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fif|twenty))|spare me"
    r"|hold the|ditch|steer clear of|(?:stay|keep) (?:away|clear) (?:of|from)|other than|apart from|instead of"
    r"|rather than|without|avoid(?:ing)?|skip(?:ping)?|leave out|excluding|exclude"
    r"|(?:i )?(?:really )?(?:hates?|dislikes?|detests?|loathes?|refuses?)"
    r"|(?:i )?(?:do not|don'?t|didn'?t) (?:really )?(?:want|like|need|wear"
    r"|eat|use|do|drink|buy|fancy|touch|take|tolerate|enjoy|care for|(?:show|give|send|offer|bring) (?:me|us))"
    r"|(?:is|are|was|does|do|has|have)n'?t(?: have| contain| made)?|cannot have|can'?t have"
    r"|(?:can'?t|cannot|won'?t|will not) (?:wear|eat|stand|bear|use|touch|tolerate)"
    r"|(?:should|must|could|would|need|can|will)n'?t (?:be|have|contain|include|come in)"
    r"|(?:allergic|intolerant|sensitive) to|not|non|no|never|nothing)\b[- ]?",
    re.IGNORECASE,
)
# What may follow a "no" or "not" and refuses nothing.
_NO_REFUSAL = re.compile(
    r"^\s*(?:(?:really|actually|even|particularly|necessarily|always|ever) )*(?:too|so|very|that|sure"
    r"|really sure|idea|problem|worries|rush|hurry|thanks?|thank|need|matter"
    r"|preference|more|less|only|just|bad|yet|now|longer|one(?! of)|necessarily|interested|what|know|limit|doubt|much"
    r"|quite|as|fit|work|arrived?|come|shipped|delivered|below|above|under|over|less|ship|deliver|mean|(?:be )?allowed"
    r""
    r"|rubbish|junk|trash|tat|crap|nonsense|fuss|frills|hold|way|beyond|past|fancy"
    r"|my|our|for (?:me|us|my|our)|agree|match|happen|trust|remember|fussed|bothered|picky|object|issue|concern"
    r"|big deal"
    r"|must|essential|a must|important|limit|wait|stress|pressure|point|use|wonder|chance|luck|good|else|far|home"
    r"|online|around|long|before|after|until|till|today|tomorrow|always|again|ready|easy|here|there|happy|working"
    r"|a (?:fan of )?problem|mind|care|sure|at all|working|available|in stock)\b",
    re.IGNORECASE,
)
_NEGATED_LEAD = re.compile(
    r"^(?:\s|every(?:thing|one)?\b|all\b|that'?s\b|that (?:is|are|has)\b"
    r"|any(?:thing|one)?\b|something\b|those\b|these\b|see\b|get\b|a\b|an\b|the\b|made\b|of\b"
    r"|one\b|from\b|by\b|in\b|with\b|to\b|be\b|it\b|them\b|that\b|is\b|are\b"
    r"|contain(?:ing|s)?\b|have\b|colou?red\b|brand\b|want\b)+",
    re.IGNORECASE,
)
_NEGATED_END = re.compile(
    rf"[.;:!?{BLANK}]|\b(?:but|for|with|under|over|please|because|that|which|who|at|i|i'm|we|it|so|since|if|show"
    rf"|just|something|only|maybe|he|she|they|and (?:i|not|no|also|with|in|under|something|show|it)|in|on|as"
    rf"|when|thanks|ones?)\b|$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"\s*(?:,\s*(?:(?:or|nor|and)\b)?|\b(?:or|nor|and)\b)\s*(?:no\b|not\b|any\b|without\b|free of\b|skip\b)?\s*",
    re.IGNORECASE,
)
# "I don't have a socket": what the speaker lacks or does not do is told, and not refused.
_LACKS = re.compile(
    r"\b(?:i|we|you|they|he|she) (?:really |just )?(?:(?:do|does|did|have|has|had)n'?t(?: have)?|have no|has no|had no"
    r"|never)[- ]?$",
    re.IGNORECASE,
)
LONGEST_REFUSED_TERM = 3  # words
MOST_REFUSALS = 20  # read in one message


# "No brand but X" refuses nothing: it is X that is wanted.
ONLY = re.compile(
    r"\b(?:(?:not|no|none|nothing)(?: any(?:thing)?)?(?: other)?(?: \w+)?|nobody) (?:but|except(?: for)?|other than)\b",
    re.IGNORECASE,
)


def refusals(text: str) -> list[tuple[int, list[tuple[int, int]]]]:
    """Each refusal: where its cue begins, and the things refused: of "no nuts or milk", "nuts" and "milk"."""
    found: list[tuple[int, list[tuple[int, int]]]] = []
    for cue in islice(_NEGATION.finditer(text), MOST_REFUSALS):
        after = text[cue.end() :]
        if (
            _NO_REFUSAL.match(after)
            or _LACKS.search(text[: cue.end()])
            or (found and cue.start() < found[-1][1][-1][1])
        ):
            continue
        lead = _NEGATED_LEAD.match(after)
        start = cue.end() + (lead.end() if lead else 0)
        stop = _NEGATED_END.search(text, start)
        spans = []
        for first, last in _units(text, start, stop.start() if stop else len(text)):
            words = [token for token in tokens(text[first:last]) if token.text not in FILLERS]
            if words and not _NO_REFUSAL.match(text[first:last]):
                words = words[:LONGEST_REFUSED_TERM]
                spans.append((first + words[0].start, first + words[-1].end))
        if spans:
            found.append((cue.start(), spans))
    return found


def _units(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of an enumeration between start and end; a comma goes on only where "or", "nor" or "no" follows."""
    units, first = [], start
    for match in _SEPARATOR.finditer(text, start, end):
        if match.start() < first:
            continue
        units.append((first, match.start()))
        first = match.end()
        if "," in match[0] and not re.search(r"\b(?:or|nor|no|not)\b", text[match.start() : end], re.IGNORECASE):
            return units
    return [*units, (first, end)]
