"""Abuse, swearing and distress in a message, by wording: so that the wish beside them is heard, and only that.

Pure. Knows no catalogue. A word is abuse only where it is aimed at somebody: "stupid" is for a bot and not for a game.
"""

import re

# Names that are an insult by themselves, and words that are one only of somebody.
_NAMES = (
    r"idiots?|morons?|imbeciles?|cretins?|dumbass(?:es)?|ass ?holes?|arse ?holes?|bastards?|bitch(?:es)?|cunts?"
    r"|dickheads?"
    r"|wankers?|twats?|scumbags?|retards?|losers?|piece of (?:shit|crap)"
)
_FOOL = (
    rf"(?:{_NAMES}|pricks?|scum|jerks?|dumb|stupid|useless|brain ?dead|pathetic|worthless|garbage|trash|rubbish"
    r"|piece of junk)"
)
_SWEAR = (
    r"(?:fuck(?:ing|in|ed|in')?|f\*+(?:ing)?|goddamn(?:ed)?|god ?damn|damn(?:ed)?|shitty|crappy|freaking|effing"
    r"|friggin[g']?)"
)
_ABUSE = re.compile(
    rf"\b(?:you(?:'re| are|r)?|u(?: r| are)?|ur)(?: (?:all|just|so|such|really|a|an|the|one|complete|total|absolute"
    rf"|utter"
    rf"|{_SWEAR}|stupid|dumb|useless|worthless|little))* {_FOOL}(?: (?:bot|machine|thing|assistant|ai|computer"
    rf"|robot))?(?=\W|$)"
    rf"|\b(?:{_SWEAR} )?(?:stupid|dumb|useless|worthless|idiotic|moronic|shitty|{_SWEAR}) (?:chat ?)?(?:bot|machine"
    rf"|assistant"
    r"|ai|robot|program|algorithm)(?=\W|$)"
    r"|\b(?:fuck|screw|damn|curse) (?:you|off|this|u|yourself|y'?all)(?: all| shit| shop| bot)?(?=\W*(?:$|[,.!?;]))"
    r"|\b(?:piss|bugger|sod) off\b|\bshut (?:the \w+ )?up\b|\bgo to hell\b|\bgo (?:die|fuck yourself)\b|\b(?:kill"
    r"|hang) yourself\b"
    r"|\byou(?:r bot| people| guys)? (?:really |totally |all )?suck(?=\W|$)|\bi (?:fucking )?hate you\b|\bi(?:'ll"
    r"| will) (?:kill|hurt|find"
    r" and \w+) you\b"
    r"|\b(?:send (?:me )?(?:your )?nudes?|suck my \w+|have sex with (?:me|you)|are you (?:sexy|horny)"
    r"|i want to (?:fuck|kiss) you)\b"
    rf"|^\W*(?:you |oh |what (?:a|an) |{_SWEAR} )*(?:{_NAMES})(?=\W*$|\s*[,!.;])"
    r"|^\W*(?:fuck|shit|wtf|bullshit|stupid|pathetic)(?=\W*$|\s*[,!.;])",
    re.IGNORECASE,
)
_SWEARING = re.compile(
    rf"\b{_SWEAR}\b(?! mary)|\b(?:wtf|what the (?:hell|fuck|heck)|for fuck'?s sake|ffs|bloody hell)\b", re.I
)
_DISTRESS = re.compile(
    r"\b(?:(?:kill|hurt|harm|hang) myself|(?:want|going|need) to die|wanna die|end (?:my life|it all)"
    r"|commit suicide|suicidal"
    r"|self[- ]harm|don'?t want to (?:live|be alive)|overdose on)\b",
    re.IGNORECASE,
)

_GREETED = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings)\b(?: (?:there|all|again"
    r"|team))?"
    r"|(?:(?:ok(?:ay)?|great|perfect|good|nice|lovely|cool|super|awesome|wonderful|no"
    r"|yes)[\s,!.]+)?(?:many )?(?:thanks"
    r"|thank you|thx|cheers)\b(?: (?:a lot|so much|very much|again|for (?:that|this|your help|the help)))?)"
    # "hello kitty" and "thank you cards" are things.
    r"(?:\s*[,!.:;]+\s*(?:and |but )?| - | (?=(?:i|i'm|i'd|we|can|could|do|does|is|are|have|show|find|any|what|how"
    r"|where|which|looking|please|now|and|but|my)\b))(?=\w)",
    re.IGNORECASE,
)
_INSISTS = re.compile(
    r"^\W*(?:(?:and|but|no|well|again|as)[\s,]+)*i(?:'ve| have)? (?:already |just |clearly )?(?:said|told you"
    r"|asked(?: you)?"
    r" for|meant|did say)\b(?![^.;!?]* but (?:it'?s|i (?:mean|want)))(?: that| to you)?[\s,:]*(?=\w)",
    re.IGNORECASE,
)


def without_greeting(text: str) -> str:
    """What follows a greeting, thanks or an "I said"; all of the text where nothing does.

    >>> without_greeting("Good morning! Any tents?")
    'Any tents?'
    """
    while (match := _GREETED.match(text) or _INSISTS.match(text)) and re.search(r"\w", text[match.end() :]):
        text = text[match.end() :]
    return text


def without_abuse(text: str) -> tuple[str, bool]:
    """The text without insults and swear words, and whether there was an insult.

    >>> without_abuse("you idiot, I said under 50")
    ('I said under 50', True)
    """
    calm, insults = _ABUSE.subn(" ", text)
    calm, swears = _SWEARING.subn(" ", calm)
    if not insults and not swears:
        return text, False
    calm = re.sub(r"^[\s,.;:!?-]+", "", " ".join(calm.split()))
    return re.sub(r"\s+([,.;:!?])", r"\1", calm), bool(insults) or not re.search(r"\w", calm)


def is_distress(text: str) -> bool:
    """True if somebody may be about to hurt themselves, whom no shop's items help."""
    return _DISTRESS.search(text) is not None
