"""What a sentence says to the shopper and not of an item: "I'd pick", "I'm afraid", "if you don't like wool, go for".

Pure. What is blanked out claims nothing. A condition is turned into the claim that the advice makes of the item: who is
told to take the A "if you need a microphone" is told that the A has one.
"""

import re
from collections.abc import Collection

from chat.plain_talk import HARMLESS, NOT_HARMLESS
from chat.pointers import BLANK
from chat.record import stem
from chat.words import FILLERS, singular, tokens

_LEAD = re.compile(
    r"\bI(?:'d| would) (?:pick|go for|take|start with|go with|choose|suggest|recommend|look at|try|consider|say"
    r"|point you to|point to|lean towards|have a look at|be drawn to)\b"
    r"|,?\s*\bI'm (?:afraid|sorry to say|happy to say|glad to say)\b(?:,| that)?"
    r"|\b(?:if you ask me|to my mind|in my view|if it were me|if it was me|for my part)\b,?",
    re.IGNORECASE,
)
_YOU = (
    r"(?:you|your \w+|somebody|someone|anyone|he|she|they)(?:'d| would|'re| are|'s| is)?"
    r"(?: (?:rather|really|just|also))*"
)
_WANTS = re.compile(
    rf"^(?:If|When|Where|As long as) {_YOU} (?:want|wants|need|needs|like|likes|prefer|prefers|love|loves|after"
    rf"|looking for|hoping for|care"
    r" about|insist on|value|fancy|must have|have to have)(?: (?:to have|to be|to get|something|one"
    r"|a \w+ that (?:is|has)))?\b"
    r"|^(?:For (?:anyone|someone|people|those) who (?:wants?|needs?|likes?|prefers?|loves?))\b",
    re.IGNORECASE,
)
_AVOIDS = re.compile(
    rf"^(?:If|When|Where) {_YOU} (?:can't|cannot|don't|doesn't|won't|mustn't|shouldn't|(?:am |is "
    rf"|are )?allergic to|avoid|avoids"
    r"|avoiding|dislike|dislikes|hate|hates)(?: (?:have|eat|take|stand|like|want|bear|wear|use|need|drink"
    r"|tolerate|care for))?\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:shall|would|do|does|did|should|can|could|is|are|will|what|which|how|have|has|who|why|when|where|may|want"
    r"|wouldn't|isn't|aren't|don't you)\b.*$",
    re.IGNORECASE,
)


def without_advice(text: str) -> str:
    """The text, as long as before, with what it says to the shopper blanked out.

    >>> without_advice("If you can't have nuts, take the bar.").replace("\\ufffc", "")
    'no  nuts, take the bar.'
    """
    text = _LEAD.sub(lambda match: BLANK * len(match[0]), text)
    text = _WANTS.sub(lambda match: BLANK * len(match[0]), text)
    return _AVOIDS.sub(lambda match: "no " + BLANK * (len(match[0]) - 3), text)


def is_question(text: str) -> bool:
    """True if the text begins as a question does."""
    return bool(_ASKS.match(text)) and not re.match(r"(?:when|where)\b[^?]*,", text, re.IGNORECASE)


_COURTESY = re.compile(
    r"^(?:let me know|just (?:say|ask|tell|let me)|tell me|say the word|feel free|(?:i'm )?(?:happy|glad) to"
    r"|(?:i )?hope"
    r"|take your time|you're welcome|thanks|thank you|have a|enjoy|good choice|ask me|if you(?:'d like| want| tell))\b",
    re.IGNORECASE,
)


_OF_THE_SHOPPER = re.compile(
    r"^(?:(?:do|would|will|are|have|did|can) you|what (?:do|would|are|have) you|what's your|what is your"
    r"|how (?:often|many|much|big|long|old|do|would|will)[^?]* you|is (?:it|this|that) for|who is (?:it|this) for"
    r"|when do you|where (?:do|will|would) you)\b[^?.!]*\?$",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\b(?:free|discount\w*|sale|off|deliver\w*|ship\w*|guarantee\w*|refund\w*|voucher|know(?:n)? that|aware"
    r"|since|because|as it|which)\b|%",
    re.IGNORECASE,
)


def is_courtesy(text: str, words: Collection[str] = ()) -> bool:
    """True for a courtesy or a question that claims nothing: all its words are anyone's, or ``words`` of the records.

    >>> is_courtesy("Would you like to compare these two?"), is_courtesy("Would you like free delivery?")
    (True, False)
    """
    if not (_COURTESY.match(text) or (is_question(text) and text.endswith("?"))) or re.search(r"\d|[$€£]", text):
        return False
    if _OF_THE_SHOPPER.match(text):
        return not _OFFER.search(text)  # what it says, it says of nothing in the shop
    return all(
        token.text not in NOT_HARMLESS
        and (
            token.text in HARMLESS
            or token.text in FILLERS
            or singular(token.text) in HARMLESS
            or stem(token.text) in words
        )
        for token in tokens(text)
    )
