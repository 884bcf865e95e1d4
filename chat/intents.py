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
    "choose",  # a shown item is to be had
    "policy",  # what the shop says on returns, delivery, …
    "order",  # of an order that was placed
    "complaint",  # of what was bought, of the shop, or of the answers
    "abuse",
    "distress",  # somebody may be about to hurt themselves
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
# Intents that are answered without a search, in fixed sentences.
TALK: frozenset[Intent] = frozenset(
    {
        "greeting",
        "thanks",
        "farewell",
        "identity",
        "off_topic",
        "help",
        "range",
        "empty",
        "foreign",
        "policy",
        "order",
        "complaint",
        "abuse",
        "distress",
    }
)

_START_OVER = re.compile(
    r"\b(?:start (?:all )?(?:over|again|anew|afresh|fresh|from scratch)|begin again|new search|reset"
    r"|forget (?:that|it|this|everything|all(?: of)? (?:that|this|it))"
    r"|never ?mind(?: that)?|scrap that|clear (?:that|everything|all)|let'?s start over)\b[.,!:; ]*",
    re.IGNORECASE,
)
_SOMETHING_ELSE = re.compile(
    r"^\W*(?:(?:ok|okay|no|now|actually|hmm|well)\W+)*(?:i (?:want|need) )?something (?:else"
    r"|completely different|entirely different)(?: entirely| now| instead)?\W*(?::|,|-|$|\bnow\b|\binstead\b)",
    re.IGNORECASE,
)
_THEN = r"(?:(?:and|so|now|next|then|also|on to|up next|here'?s)\b\W*)*(?=\w)"
# "That's the cat sorted, now …", "The boots are settled. Next …": what is named is no longer looked for.
_SETTLED = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|good|perfect|thanks|thank you|cool|right|alright|lovely|so|super|excellent)\W+)*"
    r"(?:(?:that'?s|that is) (?:it for )?(?:the |my |our )?[\w'-]+(?: [\w'-]+){0,2}?(?: all)? (?:sorted|done|settled"
    r"|covered|dealt with|ticked off|taken care of|out of the way|found)"
    r"|(?:the |my |our )?[\w'-]+(?: [\w'-]+){0,2}?(?: (?:is|are))?(?: all)? (?:sorted|settled|ticked off|dealt with"
    r"|taken care of|out of the way)"
    r"|now for something (?:else|different|completely different|quite different)|(?:a |on to a )?(?:new|different"
    r"|another) (?:subject|topic|question|thing)|next (?:thing|item|question)|moving on)"
    rf"(?: then| now)?[.,;:!-]+\s*{_THEN}",
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
    r"^\W*(?:(?:hi|hello|hey|yo)?\W*(?:is )?(?:any(?:body|one)|somebody|someone) (?:there|here|around|home|online)\W*$)"
    r"|^\W*(?:(?:hi|hello|hey|hiya|howdy|hallo|bonjour|hola|good (?:morning|afternoon|evening|day)|greetings|yo"
    r"|sup)\b[\s!,.]*(?:there|all|team|everyone|shoptalk)?[\s!,.]*(?:(?:and )?how (?:are you|is it going"
    r"|'s it going)(?: doing)?"
    r"(?: today)?\??)?\W*)+$|^\W*(?:how are you(?: doing)?(?: today)?|how'?s it going|what'?s up"
    r"|nice to meet you)\W*$",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\W*(?:(?:ok|okay|great|perfect|good|nice|awesome|wonderful|cool|no|yes|oh|lovely|super)\W+)*(?:(?:many "
    r"|a lot of |no )?thanks?(?: you| u)?|thx|ty|cheers"
    r"|much appreciated|appreciate it)\b(?:[\s,]+(?:so|was|were|really|helpful|useful|kind"
    r"|very|a"
    r"|lot|much|again|for|your|the|help|everything|that|you|all|that's|is|great|i'm|good|bunch|ton|this|perfect"
    r"|it))*(?:\W+you(?:'re| are)\b[^?,;]*)?\W*(?:bye(?: bye)?|goodbye|see you|have a (?:nice|good|great) \w+)?\W*$",
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
    r"\b(?:(?:i )?(?:(?:really )?(?:don'?t|do not|dunno)) (?:really )?know what(?: i| to)|not sure what"
    r"|(?:no|not a) (?:idea|clue) what|help me (?:choose|decide|pick|find (?:something|a gift|a present))"
    r"|what (?:do|would|can|should) (?:you|i)"
    r" (?:recommend|suggest|buy|get)|what (?:can|could) you (?:do|help)|how (?:does this|do you) work"
    r"|can you help(?: me)?|i need (?:some )?(?:help|inspiration|ideas|advice)|surprise me|inspire me"
    r"|(?:any|some) (?:ideas|suggestions|recommendations|tips|inspiration)|i'?m (?:completely |totally "
    r"|still )?(?:lost"
    r"|clueless|undecided|out of ideas)|(?:just|only) (?:browsing|looking)(?: around)?)\b\W*(?:for me)?\W*"
    r"|^\W*(?:please )?help(?: me)?(?: please)?\W*$",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"^\W*(?:(?:i(?:'ve| have)? )?(?:got )?no (?:idea|clue)|i'?m not sure|i'?m unsure|not sure"
    r"|i (?:really )?(?:don'?t|do not) know)(?: yet)?\W*$",
    re.IGNORECASE,
)
_ADVICE = re.compile(r"\b(?:recommend|suggest\w*|recommendations?|advice|should i (?:buy|get|take))\b", re.IGNORECASE)
_IDEAS = re.compile(
    r"\b(?:surprise me|inspire me|something for me|(?:recommend|suggest)(?:ed|s|ing)?|suggestions?|recommendations?"
    r"|(?:would|might|could|may|i'?d) (?:i )?(?:like|love|enjoy)|good for me|ideas for me)\b",
    re.IGNORECASE,
)
_FOR_OTHERS = re.compile(
    r"\b(?:gifts?|presents?|birthday|christmas|(?:some|any)(?:one|body)|s?he|they|h(?:im|er|is)|them|their"
    r"|for (?!me\b|myself\b|the\b))",
    re.IGNORECASE,
)
_GIFT = frozenset({"gift", "gifts", "present", "presents", "birthday", "christmas", "yet", "sure", "idea", "ideas"})
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
    r"(?:\b(?:weather(?! ?-?(?:station|proof|resistant|strip))|forecast(?! display)|politic\w*|president|election"
    r"|stock market|bitcoin|football score|who won"
    r"|capital of|translate|poem(?! book)|jokes?(?! (?:book|gift|card))|sing|recipe for"
    r"|homework|essay|python (?:code|script)|write (?:me )?(?:a |an |some )?(?:code|poem|story|essay|song"
    r"|program|python|email)|meaning of life|what (?:time|day) is it|how old are you|do you love"
    r"|tell me (?:a story|about yourself)"
    r"|system prompt|your (?:instructions|prompt|rules)|(?:ignore|disregard|forget) (?:all |any |the "
    r"|your )*(?:previous|prior|above|earlier|preceding)|jailbreak|developer mode|do anything now"
    r"|pretend (?:to be|you)|act as (?:an?|if)|you are now|roleplay|role-play"
    r"|repeat (?:the |everything |all )?(?:text|words|above)|who (?:invented|discovered|wrote|painted|founded"
    r"|directed"
    r"|composed|killed|is the (?:king|queen|pope|prime minister|chancellor|richest))|(?:lottery|horoscope"
    r"|exchange rate)"
    r"|how (?:old|far|tall|deep|big) is (?:the )?(?:earth|moon|sun|universe|world|eiffel)|i(?:'m| am) (?:so "
    r"|really )?bored(?! of)"
    r"|are you (?:married|single|alive|happy|sad|conscious|in love)|do you (?:like|love|eat|dream|sleep|believe in)"
    r"|i (?:really )?(?:love|like) you|marry me|what(?:'s| is) your favou?rite (?!item|product|one|thing|of)"
    r"|tell me about yourself"
    r"|(?:latest |today'?s )?news (?:today|about)|(?:solve|calculate) (?:this|the|for)|symptoms of|legal advice"
    r"|invest in"
    r"|(?:other|another) (?:shopper|customer"
    r"|user)s?'?s? (?:data|orders?|history|names?|address\w*)|what is \d+ ?[+*/x-] ?\d+)\b"
    r"|<\|?(?:im_start|im_end|system|assistant|/?inst)|\[/?inst\]|^\s*system\s*:)",
    re.IGNORECASE,
)
_BUYS = r"(?:take|buy|order|purchase|choose|pick|have|reserve)"
_CHOOSE = re.compile(
    rf"^\W*(?:sold|deal)\b|\b(?:i(?:'ll| will|'d like to| would like to| want to|'m going to| am going to|'m gonna"
    rf"|'ve decided to)"
    rf"|let me|let's|can i|could i|may i|i(?=[ ](?:choose|pick|take)\b))(?: just| then"
    rf"| probably)? {_BUYS}(?! a look| more| another)\b"
    r"|\b(?:is|are|will be|it'?s|they'?re) mine\b|\b(?:i'm|i am) (?:having|sold on|settling (?:for|on))\b"
    r"|\b(?:i've|i have|we've|we have) (?:settled|decided) (?:on|for)\b|\b(?:wrap|ring) (?:\w+ ){0,4}up\b"
    r"|\bi(?:'ll| will) (?:go (?:for|with)|get|settle (?:for|on))\b|\bi(?:'m| am) (?:going with|taking|buying)\b"
    r"|\b(?:add|put|throw|place) (?:.{1,60} )?(?:in|into|to) (?:my|the|a) (?:shopping )?(?:basket|cart|bag|trolley)\b"
    r"|^\W*(?:ok(?:ay)?|yes|great|perfect|please|then|and|now)?\W*(?:buy|order|purchase|reserve|add) "
    r"(?:it|this|that|them|these|both|the|number|#)\b(?!.* by\b)",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|alright|right|yes|good|great|well|so|then|perfect|lovely)\W+)*(?:(?:(?:i(?:'d like"
    r"| want|'d love"
    r"| would like)|(?:gimme|give me)) )?(?:the|that|this)(?: (?!in\b|with\b|but\b|like\b|for\b|under\b|from\b"
    r"|of\b|is\b|has\b|does\b)"
    r"[\w'-]+){1,4}?(?: (?:it is|then|please|then please|for me))|that'?s the one)\W*$",
    re.IGNORECASE,
)
_ONE_OF_SHOWN = re.compile(r"\b(?:it|this|that|them|these|those|both|this one|that one)\b", re.IGNORECASE)
_HOW_TO_BUY = re.compile(
    r"\bhow (?:do|can|could|would|should) (?:i|we|you) (?:actually |then )?(?:buy|order|purchase|check ?out"
    r"|place an order|get)"
    r"(?: (?:it|this|that|one|them|something|things|here))*(?=\W*$)"
    r"|^\W*(?:go to |take me to |proceed to )?(?:the |my )?(?:check ?out|basket|cart|shopping (?:cart|basket))\W*$"
    r"|\b(?:what'?s|what is|show me what'?s) in my (?:basket|cart)\b|\bcan i (?:buy|order) (?:it |this "
    r"|them )?here(?=\W*$)"
    r"|\bwhere (?:do|can) i (?:buy|order) (?:it|this|that|them)\b",
    re.IGNORECASE,
)


def is_start_over(text: str) -> re.Match[str] | None:
    """The words by which the shopper drops what was said so far, where there are such."""
    match = _START_OVER.search(text)
    if match and re.match(r"\s*(?:the|about|my|which|what|whether|how|if|who|where)\b", text[match.end() :]):
        return None  # "forget that the ..." speaks of something
    return match or _SOMETHING_ELSE.search(text) or _SETTLED.match(text)


def asks_for_advice(text: str) -> bool:
    """True if the words ask what to choose, and do not only say that nothing is known yet."""
    return _ADVICE.search(text) is not None


def asks_for_ideas(text: str) -> bool:
    """True if the words ask for whatever the shop would suggest to this very shopper: "surprise me"."""
    return _IDEAS.search(text) is not None and _FOR_OTHERS.search(text) is None


def only_unsure(text: str) -> bool:
    """True if the words say only that the shopper does not know."""
    return _UNSURE.match(text) is not None


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
    if _UNSURE.match(text) or (_HELP.search(text) and set(content_words(_HELP.sub(" ", text))) <= _GIFT):
        return "help"
    if _HOW_TO_BUY.search(text):
        return "choose"
    if shown and pointed and _IT_IS.match(text):
        return "choose"
    if shown and _CHOOSE.search(text) and (pointed or _ONE_OF_SHOWN.search(text)):
        return "choose"
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
