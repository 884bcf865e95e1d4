"""The message in plain words: what was shortened, spelt wrongly or taken back while speaking is set right.

Pure. Comes before every other rule, so that each sees "under 30" where the shopper wrote "undr 20, sorry 30".
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat.backdrop import wish_first
from chat.lexicon import Lexicon, key_of, lexicon
from chat.mentions import Mention, find_mentions
from chat.numbers import SPELT, spelt_value
from chat.references import words_of
from chat.spelt import Spelt
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

_SHORT = tuple(
    (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE), plain)
    for pattern, plain in (
        (r"w/o|witout|w/out", "without"), (r"w/", "with"), (r"upto", "up to"), (r"atleast", "at least"),
        (r"(\d{2,3})(?: ?cm)? ?(?:[x×*]|(?<= )by(?= )) ?(\d{2,3})(?: ?cm)?", r"\1 x \2 cm"), 
        (r"half an hour", "30 minutes"),
        (r"(?:an|one) hour", "60 minutes"), (r"half[- ](?:an? )?(?:litre|liter)", "500 ml"),
        (r"half[- ](?:an? )?(?:kilo|kg)", "500 g"), (r"a quarter (?:of a )?(?:kilo|kg)", "250 g"), (r"a dozen", "12"),
        (r"an? (?=(?:kilo|kg|litre|liter)\b)", "1 "), (r"dont", "don't"), (r"doesnt", "doesn't"), (r"isnt", "isn't"),
        (r"shouldnt", "shouldn't"), (r"cant", "can't"), (r"wont", "won't"), (r"arent", "aren't"),
        (r"(?<!\d)(?<!\d )(?<!two )(?<!three )(?<!five )(?<!ten )(?<!half )(?<!quarter )(kilo|kg|litre|liter)(?= of\b)",
         r"1 \1"),
        (r"wanna", "want to"), (r"gonna", "going to"), (r"gotta", "have to"), (r"sz|sise", "size"),
        (r"lose[- ]leaf", "loose leaf"), (r"or else(?= \w+\W*$)", "or"),
        (r"taht|thta", "that"), (r"waht|wat", "what"), (r"teh|hte", "the"), (r"adn|nad", "and"), (r"wiht|wih", "with"),
        (r"hvae|ahve", "have"), (r"yuo", "you"), (r"jsut", "just"), (r"smth|sth|sumthing|somthing", "something"),
        (r"thats", "that's"), (r"lets", "let's"), (r"whats", "what's"),
    )
)  # fmt: skip
_BELOW_ZERO = re.compile(
    rf"(?:\bminus |(?<=\s)[-\u2212](?=\d))(?P<n>\d{{1,2}}|{SPELT})(?: ?(?:degrees?|\u00b0)? ?(?:c(?:elsius)?)?)?"
    r"(?=\W*$|\s*[.,;!?]|\s+(?:and|or|for|with|at|please|so|but|in)\b)",
    re.IGNORECASE,
)
_MIXED_NUMBER = re.compile(rf"\b(\d{{1,2}}) (hundred|thousand)(?: and)?(?: ({SPELT}))?\b", re.IGNORECASE)
_TAKEN_BACK = (
    r"(?:\W*(?:oh|hmm+|uh|um|er|ah|no|wait|sorry|actually|rather|i mean(?:t)?|well)\b)*"
    r"\W*\b(?:no,? wait|wait,? no|wait|(?:er+m?|uh+m?|um+),? no"
    r"|(?:no,? )?hold on(?:,? no)?|sorry|scratch that|i mean(?:t)?|correction|no,? make (?:it|that)"
    r"|hmm+,? (?:better|rather)|or better|or rather|better(?= an? \d)|actually,? no|no,? actually|on second thoughts?"
    r"|make that|oops|whoops|my (?:mistake|bad)|er+m?|uhm?|well,? actually)\b[\s,.:;!-]*"
)
_NUMBER = r"[$€£]?\d+(?:[.,]\d{1,2})?"
_NUMBER_TAKEN_BACK = re.compile(
    rf"(?P<wrong>{_NUMBER})(?:\s?(?:dollars|bucks|euros?|[$€£]))?(?P<unit> [a-z]{{1,10}})?(?P<between>\W*{_TAKEN_BACK}"
    rf"(?:(?:make (?:it|that)|better|rather|a|an|say) )*)(?P<right>{_NUMBER})",
    re.IGNORECASE,
)
_MARK = re.compile(rf"(?<=[\w.,)])\s*(?P<mark>{_TAKEN_BACK})(?=\w)", re.IGNORECASE)
_SPELT: dict[int, tuple[Lexicon, Spelt]] = {}


def in_plain_words(text: str, vocabulary: "Vocabulary", shown: Sequence[Item]) -> str:
    """The text (already on one line) with its shortenings written out, misspelt words right, and slips taken back."""
    for pattern, plain in _SHORT:
        text = pattern.sub(plain, text)
    text = _BELOW_ZERO.sub(lambda match: f"minus {match['n']} \u00b0C", text)
    text = _MIXED_NUMBER.sub(_number, text)
    known = lexicon(vocabulary)
    kept = frozenset(word for item in shown for word in words_of(item))
    text = _speller(known).corrected(text, kept)
    text = _NUMBER_TAKEN_BACK.sub(lambda match: f"{match['right']}{match['unit'] or ''}", text)
    return wish_first(_without_slip(text, vocabulary), vocabulary)


def _number(match: re.Match[str]) -> str:
    whole = int(match[1]) * (100 if match[2].lower() == "hundred" else 1000)
    return str(whole + (spelt_value(match[3]) or 0 if match[3] else 0))


def _speller(known: Lexicon) -> Spelt:
    held = _SPELT.get(id(known))
    if held and held[0] is known:
        return held[1]
    made = Spelt(known)
    if len(_SPELT) > 8:  # with the lexicons that they belong to
        _SPELT.clear()
    _SPELT[id(known)] = (known, made)
    return made


def _without_slip(text: str, vocabulary: "Vocabulary") -> str:
    """The text less what its speaker took back: another kind of thing, or another value of the same attribute."""
    match = _MARK.search(text)
    if match is None or not match["mark"].strip():
        return text
    before, after = text[: match.start()], text[match.end() :]
    mentions = find_mentions(before, vocabulary)
    meant = find_mentions(after, vocabulary)
    if not mentions or not meant:
        return text
    if any(one.kind == "category" for one in mentions) and any(one.kind == "category" for one in meant):
        return after
    wrong = next((one for one in reversed(mentions) if _same_kind(one, meant[0], lexicon(vocabulary))), None)
    if wrong is None:
        return text
    worn = re.match(r"in\b", before[wrong.span[0] :], re.IGNORECASE) and not meant[0].text.startswith("in ")
    said = "in " if worn else ""
    return f"{before[: wrong.span[0]]}{before[wrong.span[1] :].strip(' ,.')} {said}{after}".strip()


def _same_kind(one: Mention, other: Mention, known: Lexicon) -> bool:
    if one.kind != other.kind or one.attribute == other.attribute:
        return one.kind == other.kind
    # "Gas, oops, wood burning": wood is a fuel as well as a material.
    names = [set(known.values.get(key_of(mention.text), ())) for mention in (one, other)]
    return one.kind == "attribute" and bool(names[0] & names[1])
