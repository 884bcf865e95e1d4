"""What a message tells of the shopper's own things and days, beside what it asks for.

Pure. "Our bathroom is all white, so I'd like terracotta towels" asks for no white: what is told goes behind what is
asked, without the colours, materials and kinds of thing that it holds; sums, sizes, ages and the like stay.
"""

import re
from typing import TYPE_CHECKING

from chat.lexicon import COLOURS, MATERIALS, has_many
from chat.mentions import Mention, find_mentions
from chat.money import find_money
from chat.words import content_words, tokens

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

# Where a message may pass from telling to asking; never inside a number.
_JOINTS = re.compile(
    r"(?P<end>[.!?;]+(?=\s)|\s[-\u2013\u2014](?=\s)|,(?=\s))\s*(?:(?:and so|so|but|and|then)\b,?\s*)?"
    r"|,?\s+(?:so|and so|so now)\s+(?=(?:i|i'd|i'm|we|we'd|can|could|do|have|what|which|is|are|a|an|some|any|something"
    r"|looking|need|show|the|now|for)\b)"
    r"|,?\s+(?:and|but)\s+(?=(?:i'd like|i would like|i need|i want|i'm (?:after|looking)|we need|we want|we'd like|i'd"
    r"|now i|can you|could you|do you)\b)",
    re.IGNORECASE,
)
_LEAD = r"^\W*(?:(?:hi|hello|hey|there|ok(?:ay)?|so|well|and|but|now|you see|see|basically|um+|yeah|also|since|because"
_LEAD += r"|as|ah|oh|honestly|long story short|you know|it's just that)\b\W*)*"
_OF_THE_WISH = (
    r"(?!(?:upper |spending |price )?(?:budget|limit|max(?:imum)?|price|cap|size|skin|hair|feet|foot|waist|favou?rite"
    r"|preferred|preference|colou?rs?|scheme|style|taste|wish|idea|plan|ideal|dream|requirements?|needs?|shoe size"
    r"|head|hands?|hard limit|ceiling|partner|total)\b)"
)
_ADVERBS = r"(?:(?:already|just|also|recently|still|finally|only|once|both|currently|really|actually|do|did) )*"
_TELLING = re.compile(
    _LEAD + r"(?:"
    # "our bathroom is", "my old boots fell apart", "the zip on my bag has gone"
    rf"(?:my|our|his|her|their|the|all (?:my|our))(?: last| old| previous| current| other| new| whole)? {_OF_THE_WISH}"
    r"(?:[\w'-]+ ){1,7}?(?:is|are|was|were|has|have|had|just|keeps?|broke|died|fell|went|got|gave|ate|destroys?"
    r"|destroyed|ruins?"
    r"|ruined|tore|leaks?|leaked|cracked|rusted|wore|needs? replacing|turns?|turned|holds?|smells?|looks?"
    r"|stopped|snapped"
    r"|burn(?:s|t|ed)|whistles?|shrank|faded|says?|said|told|thinks?)\b"
    # "I already have a black one", "we moved house"
    rf"|(?:i|we)(?:'ve| have| had)? {_ADVERBS}(?:got|have|had|own|bought|moved|live|lived|work|read|saw|tried"
    rf"|leave|lost"
    r"|broke|grew|got married|use|used|ordered|painted|redid|found|visited|went|came|met|heard|do|threw|gave|started"
    r"|spend (?!up|about|no|at|less|more|around|\W|\d)|"
    r"drink|cook|bake|camp|hike|run|travel|commute|sleep|play)\b"
    r"(?! (?:in mind|to\b|been|thought|a (?:budget|limit|max)|only|about|around|up to|no |[$\u20ac\u00a3\d]"
    r"|(?:fine|dry|curly|sensitive|oily|thick|thin|wide|big|small|narrow|large) |a (?:size|preference)|size))"
    # "we're having people over", "it's our 25th anniversary"
    r"|(?:i|we)(?:'m|'re| am| are| were| was) (?:having|moving|going|getting|hosting|travelling|leaving"
    r"|expecting|redoing"
    r"|renovating|planning|fed up|learning|starting|off)\b"
    r"|(?:it|this|tomorrow|today|next \w+)(?:'s| is| was|'ll be| will be) (?:(?:our|my|her|his|their|the|a"
    r"|an) )?(?:[\w'-]+ ){0,3}?"
    r"(?:anniversary|birthday|wedding|housewarming|christmas|party|me again|snowing|raining|hot|cold)\b"
    r"|(?:they|he|she|it)(?:'s|'ve| has| have| is| was)? (?:\w+ed|ate|broke|tore|died|gone|rusts?|always|never"
    r"|keeps?)\b"
    r"|(?:a|an) (?:friend|colleague|neighbou?r|mate|cousin)(?: of mine)? (?:told|said|bought|has|gave|showed"
    r"|recommended)\b"
    r"|there(?:'s| is| are| was) (?:a|an|no|not|so|too|lots|always)\b"
    r")",
    re.IGNORECASE,
)
# What such words tell is what is wanted after all, or refused.
_WISHING = re.compile(
    r"\b(?:wants?|wanted|likes?|loves?|prefers?|needs?|wears?|adores?|favou?rite|would like|asked|asks|hates?|dislikes?"
    r"|allergic|i'd|we'd|looking for|hoping|hope|wish|ideally|fan of|drinks|collects|enjoys|must|should|please"
    r"|not|no|never"
    r"|\w+n't|instead|rather|prefer|into|in mind|after a|can you|do you|how about|budget)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"(?P<before>\b(?:an?|new|one|some|the|another|\w+)\s+)(?:ones?|replacements?"
    r"|pair)\b(?! of\b)",
    re.IGNORECASE,
)
_FOR_WHOM = re.compile(
    r"-old\b|\b(?:people|of us|family of|dogs?|cats?|pupp\w+|kittens?|bab(?:y|ies)|husband|wife|dad|mum|men|women)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:the|that|this|those|these) (?:\w+ ){0,3}?(?:ones?|first|second|third|fourth|fifth)\b", re.IGNORECASE
)
LEAST_WORDS = 5  # of a message that tells something and asks something


def wish_first(text: str, vocabulary: "Vocabulary") -> str:
    """What is asked first, then what is told without the looks of the shopper's own things; else the text itself."""
    if len(tokens(text)) < LEAST_WORDS:
        return text
    clauses = _clauses(text)
    telling = [
        _TELLING.match(clause) is not None and not _WISHING.search(clause) and not _POINTS.search(clause)
        for clause, _ in clauses
    ]
    if not any(telling) or all(telling):
        return text
    asked = "".join(clause + joint for (clause, joint), told in zip(clauses, telling, strict=True) if not told)
    asked = asked.strip(" ,;-")
    kinds = _kinds(asked, vocabulary)
    if not content_words(asked):
        return text
    told = [clause for (clause, _), is_told in zip(clauses, telling, strict=True) if is_told]
    own = {mention.text: mention for clause in told for mention in _kinds(clause, vocabulary)}
    if not kinds and len(own) == 1:
        # "My boots fell apart. I need new ones in a 9": new boots.
        thing = next(iter(own))
        asked, replaced = _ONE.subn(rf"\g<before>{thing}", asked, count=1)
        asked = asked if replaced else f"{thing}, {asked}"
    elif not kinds and telling[0] and (_ONE.search(asked) or not find_mentions(asked, vocabulary)):
        return text
    more = [part for part in (_unlike(clause, vocabulary) for clause in told) if _says_more(part, vocabulary)]
    return ". ".join([asked, *more])


def _clauses(text: str) -> list[tuple[str, str]]:
    """The clauses of the text, each with what parts it from the next."""
    made, start = [], 0
    for match in _JOINTS.finditer(text):
        if text[start : match.start()].strip():
            end = (match["end"] or ",").strip()
            made.append((text[start : match.start()], f"{end} " if end in ".!?;," else f" {end} "))
            start = match.end()
    return [*made, (text[start:], "")]


def _kinds(text: str, vocabulary: "Vocabulary") -> list[Mention]:
    return [mention for mention in find_mentions(text, vocabulary) if mention.kind == "category"]


def _unlike(clause: str, vocabulary: "Vocabulary") -> str:
    """The clause without colours, materials and kinds of thing."""
    for mention in reversed(find_mentions(clause, vocabulary)):
        if mention.kind == "category" or mention.attribute.lower() in (*COLOURS, *MATERIALS):
            clause = clause[: mention.span[0]] + clause[mention.span[1] :]
    return " ".join(clause.split())


def _says_more(clause: str, vocabulary: "Vocabulary") -> bool:
    """True if the clause says for whom, how old, how many or how much, or what else the thing shall be."""
    told = any(not has_many(mention.attribute) for mention in find_mentions(clause, vocabulary) if mention.attribute)
    return bool(_FOR_WHOM.search(clause) or find_money(clause) or told)
