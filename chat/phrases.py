"""The phrases of a message: where it asks, the noun phrase that it asks for, and the words to search with.

Pure. Reads text from which constraints were blanked out; knows no catalogue and no need.
"""

import re

from chat.refusals import BLANK
from chat.words import FILLERS, tokens, word_set

LONGEST_WORDS = 200  # characters of a want's words
LONG = 30  # words: in a longer message the sentence that asks is told from the story around it

REQUEST = re.compile(
    r"^(?:\W|\b(?:hi|hello|hey|there|ok|okay|so|well|now|then|and|also|next|actually|please|thanks|yes|no|great"
    r"|instead"
    r"|i(?:'m| am)(?: also| now| still| just)? (?:looking|searching|after|hunting|shopping)(?: for)?|looking for"
    r"|let'?s (?:do|see|look at|start with|begin with|try)|(?:start|begin) with|(?:on|moving on) to|next (?:up"
    r"|(?:thing )?on (?:my|the) list)"
    r"(?: is)?|searching for|i(?:'ve| have) been (?:looking|searching|hunting)(?: everywhere"
    r"| all over)?(?: for)?|in search of|(?:it'?s |is it |about |high )?time for|in (?:the market|need) (?:for|of)"
    r"|on the (?:hunt|lookout) for"
    r"|(?:i |we )?(?:could|can) (?:do with|use)|(?:i )?(?:fancy|require|am thinking (?:of|about))"
    r"|i'm thinking (?:of|about)"
    r"|thinking (?:of|about)|i (?:was )?wonder(?:ing)? (?:if|whether) (?:you|there)|hoping (?:to find|for)"
    r"|any chance of"
    r"|(?:i'm |i am )?(?:on|up) for|both|what(?:'s| is) missing is|(?:all |what "
    r"|the (?:only )?thing )(?:that )?(?:i|we)(?:'d)? "
    r"(?:really )?(?:need|want|like|lack) (?:now )?is|this (?:time|year)|for once|at last|finally|today"
    r"|i(?:'d| would)? (?:also |now |really |just |still )?(?:need|want|like|love)(?: to (?:buy|get|see|find"
    r"|have|order))?|we (?:also )?(?:need|want)(?: to buy)?"
    r"|(?:can|could|would|will) (?:you|i|we) (?:please )?(?:show|find|get|see|have|recommend|suggest|help)(?: me"
    r"| us)?(?: to)?(?: find| choose| buy)?|(?:please )?(?:show|find|get|give|recommend|suggest|bring)(?: me| us)?"
    r"|do you (?:guys )?(?:also )?(?:happen to )?(?:have|sell|carry|stock|offer|know)|have you got|got|is there"
    r"|are there"
    r"|(?:i|we)(?:'d| would) rather (?:have|get|buy|take|go for|give|see)?(?: (?:her|him|them|me|us))?|(?:get|buy|give)"
    r" (?:her|him|them)|what about|how about|any idea for|add(?: in)?|throw in)\b)+",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:(?:looking|searching|shopping|hunting) for|in search of|(?:i|we)(?:'d| would)?(?: just| really| also)? "
    r"(?:need|want|like)|(?:recommend|suggest|show|find|get) (?:me|us)|do you (?:have|sell|stock)|help me find)\b",
    re.IGNORECASE,
)
PRONOUNS = word_set("one ones it them that those these something anything thing things some any stuff")
# "A tent for two": records count people, so that the words to search with do too. Not "for two weeks".
_PARTY_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8"}
_PARTY = re.compile(
    rf"\bfor ({'|'.join(_PARTY_NUMBERS)}|[1-9])(?: people| persons?)?(?=\W*(?:$|[,.;!?]|(?:and|with|under|in)\b))",
    re.IGNORECASE,
)
_PREPOSITIONS = word_set(
    "for with without in on at by from of to under over as like that which who because since when where if so than "
    "before after until till near within tomorrow tonight about is are was and or but made while during he she they we "
    "i it my"
)
CONNECTORS = word_set("for with of and to on")


def asks_for_anything(text: str) -> bool:
    """True if what is asked for begins with no thing at all: "anything between 40 and 60"."""
    match = REQUEST.match(text)
    return re.match(r"\W*(?:any|some)thing\b", text[match.end() :] if match else text, re.IGNORECASE) is not None


def asked_part(rest: str) -> tuple[int, int]:
    """The span of what is asked: the last sentence of a long message that asks for something, else the whole."""
    if len(tokens(rest)) > LONG:
        for match in reversed(list(re.finditer(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*", rest))):
            if (asking := _ASKING.search(match[0])) and words_of_request(match[0][asking.end() :]):
                return match.span()
    return 0, len(rest)


def head_of(rest: str) -> list[str]:
    """The words of the first noun phrase after the request, e.g. ["family", "tent"] of "a family tent for two"."""
    if match := REQUEST.match(rest):
        rest = rest[match.end() :]
    phrase: list[str] = []
    previous = 0
    for token in tokens(rest):
        gap = rest[previous : token.start]
        ends = re.search(r"[.,;:!?()]", gap) or (BLANK in gap and phrase and _ends_phrase(rest, token.start))
        if ends and phrase:
            break
        if token.text in ("or", "and") and not phrase:
            continue  # "black or red boots", its colours read already
        if token.text in _PREPOSITIONS:
            break
        if token.text not in FILLERS or (token.text in PRONOUNS and token.text not in ("any", "some")):
            phrase.append(token.text)
        previous = token.end
    return phrase


def _ends_phrase(rest: str, start: int) -> bool:
    """A blanked word between two of a phrase parts it unless it stood as an adjective: directly, by one space."""
    return not re.search(rf"(?:^|\s|\w){BLANK}+ $", rest[:start])


def _people(match: re.Match[str]) -> str:
    number = _PARTY_NUMBERS.get(match[1].lower(), match[1])
    return f"for {number} {'person' if number == '1' else 'people'}"


def words_of_request(rest: str) -> str:
    """What is left to search for: the content words in their order, with the small words that join them."""
    if match := REQUEST.match(rest):
        rest = rest[match.end() :]
    rest = _PARTY.sub(_people, rest)
    kept: list[str] = []
    for token in tokens(rest):
        if token.text in FILLERS and token.text not in CONNECTORS:
            continue
        if token.text in CONNECTORS and (not kept or kept[-1] in CONNECTORS):
            continue
        if token.text in kept and token.text not in CONNECTORS:
            continue
        kept.append(token.text)
    while kept and kept[-1] in CONNECTORS:
        kept.pop()
    text = " ".join(kept)
    return text if len(text) <= LONGEST_WORDS else text[:LONGEST_WORDS].rsplit(" ", 1)[0]
