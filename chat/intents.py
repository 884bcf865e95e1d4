"""What kind of message it is, as far as its wording alone tells: greeting, thanks, off-topic, start over, …

Pure. Knows wording only; what is wanted and shown, ``chat.need`` knows.
"""

import re
from typing import Literal

from chat.words import content_words

Intent = Literal[
    "search",  # something new is wanted
    "refine",  # the current want, changed
    "more",  # other items for the same want
    "about_item",  # a shown item is pointed at
    "compare",  # two or more shown items are pointed at
    "range",  # what the shop sells
    "help",  # the shopper does not know what they want
    "foreign",  # in a script that the catalogue does not use, and nothing of it found
    "greeting",
    "thanks",
    "farewell",
    "identity",  # who or what is answering
    "start_over",
    "off_topic",
    "empty",  # no readable word
]
# Intents that are answered without a search and without the LLM.
TALK: frozenset[Intent] = frozenset(
    {"greeting", "thanks", "farewell", "identity", "off_topic", "help", "range", "empty", "foreign"}
)

_START_OVER = re.compile(
    r"\b(?:start (?:over|again|afresh|fresh|from scratch)|begin again|new search|reset|forget (?:that|it|this"
    r"|everything|all(?: of)? (?:that|this|it))"
    r"|never ?mind(?: that)?|scrap that|clear (?:that|everything|all)|let'?s start over)\b[.,!:; ]*",
    re.IGNORECASE,
)
_SOMETHING_ELSE = re.compile(
    r"^\W*(?:(?:ok|okay|no|now|actually|hmm|well)\W+)*(?:i (?:want|need) )?something (?:else"
    r"|completely different|entirely different)(?: entirely| now| instead)?\W*(?::|,|-|$|\bnow\b|\binstead\b)",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:show (?:me )?(?:some )?(?:more|others?|different ones)|more (?:options|choices|results|of (?:them"
    r"|these|those)|like (?:these|those|this|that))|any(?:thing)? (?:others?|else)|what else|other (?:options"
    r"|ones|choices)"
    r"|^\W*(?:some |any )?more(?: please)?\W*$"
    r"|something different|none of (?:these|those|them)|next (?:ones|page)|see more|keep going)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|howdy|hallo|bonjour|hola|good (?:morning|afternoon|evening|day)|greetings|yo"
    r"|sup)\b[\s!,.]*(?:there|all|team|everyone|shoptalk)?[\s!,.]*(?:how are you(?: doing)?(?: today)?\??)?\W*)+$",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\W*(?:(?:ok|okay|great|perfect|good|nice|awesome|wonderful|cool|no|yes|oh|lovely|super)\W+)*(?:(?:many "
    r"|a lot of |no )?thanks?(?: you| u)?|thx|ty|cheers|much appreciated|appreciate it)\b(?:[\s,]+(?:so|very|a"
    r"|lot|much|again|for|your|the|help|everything|that|you|all|that's|is|great|i'm|good|bunch|ton|this|perfect"
    r"|it))*(?:\W+you(?:'re| are)\b[^?,;]*)?\W*$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^\W*(?:(?:ok|okay|thanks?|thank you|great|well)\W+)*(?:bye(?: bye)?|goodbye|see (?:you|ya)(?: later"
    r"| soon)?|farewell|have a (?:nice|good|great) (?:day|one|evening|weekend)|good ?night|that'?s (?:all"
    r"|it)(?: for (?:now|today))?)\W*(?:thanks?|thank you)?\W*$",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    r"\b(?:are you (?:an? )?(?:real|human|person|bot|robot|ai|chat ?bot|machine|computer|gpt)|who (?:are you"
    r"|made you|built you|am i (?:talking|chatting) (?:to|with))|what are you|your name)\b",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"\b(?:(?:i )?(?:don'?t|do not) (?:really )?know what(?: i| to)|not sure what|no idea what|help me (?:choose"
    r"|decide|pick|find something)|what (?:do|would|can|should) (?:you|i) (?:recommend|suggest|buy|get)"
    r"|what (?:can|could) you (?:do|help)|how (?:does this|do you) work|can you help(?: me)?"
    r"|i need (?:some )?help|surprise me)\b\W*(?:for me)?\W*",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\b(?:what (?:do|kind(?:s)? of (?:things|stuff|products|items) do|sort of (?:things|products) do|all do"
    r"|else do) you (?:sell|have|carry|stock|offer)|what'?s in (?:the|your) (?:shop|store|range|catalog(?:ue)?)"
    r"|(?:show|list|see) (?:me )?(?:all )?(?:your|the) (?:categories|departments|range|catalog(?:ue)?)"
    r"|what (?:categories|departments)(?: do)?(?: you)?(?: have)?)\b",
    re.IGNORECASE,
)
_COMPARE = re.compile(
    r"\b(?:compare|comparison|difference between|differ|versus|vs\.?|which (?:one )?(?:is|of|would|should)"
    r"|better of)\b",
    re.IGNORECASE,
)
_OFF_TOPIC = re.compile(
    r"(?:\b(?:weather|forecast|politic\w*|president|election|stock market|bitcoin|football score|who won"
    r"|capital of|translate|poem|joke|sing|recipe for"
    r"|homework|essay|python (?:code|script)|write (?:me )?(?:a |an |some )?(?:code|poem|story|essay|song"
    r"|program|python|email)|meaning of life|what (?:time|day) is it|how old are you|do you love"
    r"|tell me (?:a story|about yourself)"
    r"|system prompt|your (?:instructions|prompt|rules)|(?:ignore|disregard|forget) (?:all |any |the "
    r"|your )*(?:previous|prior|above|earlier|preceding)|jailbreak|developer mode|do anything now"
    r"|pretend (?:to be|you)|act as (?:an?|if)|you are now|roleplay|role-play"
    r"|repeat (?:the |everything |all )?(?:text|words|above)|(?:other|another) (?:shopper|customer"
    r"|user)s?'?s? (?:data|orders?|history|names?|address\w*)|what is \d+ ?[+*/x-] ?\d+)\b"
    r"|<\|?(?:im_start|im_end|system|assistant|/?inst)|\[/?inst\]|^\s*system\s*:)",
    re.IGNORECASE,
)


def is_start_over(text: str) -> re.Match[str] | None:
    """The words by which the shopper drops what was said so far, where there are such."""
    match = _START_OVER.search(text)
    if match and re.match(r"\s*(?:the|about|my)\b", text[match.end() :]):
        return None  # "forget that the ..." speaks of something
    return match or _SOMETHING_ELSE.search(text)


def hint(text: str, *, shown: bool, pointed: int) -> Intent | None:
    """The intent that the wording alone settles, else None. ``pointed``: how many shown items it points at."""
    if not re.search(r"\w", text):
        return "empty"
    if _OFF_TOPIC.search(text):
        return "off_topic"
    for intent, pattern in _WHOLE:
        if pattern.search(text):
            return intent
    if _IDENTITY.search(text):
        return "identity"
    if _RANGE.search(text) and len(content_words(_RANGE.sub(" ", text))) == 0:
        return "range"
    if _HELP.search(text) and len(content_words(_HELP.sub(" ", text))) == 0:
        return "help"
    if pointed >= 2 or (_COMPARE.search(text) and shown and pointed):
        return "compare"
    if shown and _MORE.search(text) and not pointed and len(content_words(_MORE.sub(" ", text))) == 0:
        return "more"
    return None


_WHOLE: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    ("greeting", _GREETING),
    ("thanks", _THANKS),
    ("farewell", _FAREWELL),
)
