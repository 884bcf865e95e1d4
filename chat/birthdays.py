"""How old somebody is, as it is said: "she has just turned five", "he is seven", "for his 6th birthday".

Pure. Puts it into the one form that ``chat.quantities`` reads, "5-year-old"; the speaker's own age is nobody's.
"""

import re

from chat.numbers import spelt_value

OLDEST = 17  # years: who is older is grown, and things are not made for the age of the grown
_ORDINALS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=1
    )
}
_N = (
    r"(?P<n>\d{1,2}(?![\w.,%]*\d)|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen)"
)
_CHILD = (
    r"(?:(?:grand|god|step)?-?(?:son|daughter|child|kid|niece|nephew|boy|girl|lad|lass)s?|twins?|toddler|little (?:one"
    r"|man|brother|sister)|youngest|eldest|oldest|baby|cousin|godchild|grandchildren|children)"
)
_WHILE = r"(?: (?:just|only|now|nearly|almost|about|barely|already|soon|still|exactly|all of))*"
_UNIT = r"(?P<unit> ?-?(?:months?|mths?|mos?|weeks?|wks?|years?|yrs?))?"
# After an age, nothing is counted: "he is 3 inches taller", "they are 2 of a kind".
_END = (
    r"(?=\W*$|\s*[.,;:!?)(]|\s+-|\s*\u2013|\s+(?:and|but|so|or|now|next|today|tomorrow|soon|already|this|in|on|with|who"
    r"|old|year|yr|she|he|they|it|who|that|just|then|at|years|loves?|likes?|has|is|wants?|needs?|the|please)\b"
    r"(?! (?:a )?(?:size|row)\b))"
)
_OLD = r"(?: ?-?(?:olds?|of age)\b)?"
_SAID = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "he is seven", "who's 4", "the twins are both three", "my boy, 6, ..."
        rf"(?P<lead>\b(?:she|he|they|who|{_CHILD})(?:'s|'re| is| are| was|,)(?: both| all)?{_WHILE} )"
        rf"{_N}{_UNIT}{_OLD}{_END}",
        # "she turned five", "will be 8 in June", "about to turn nine", "going on 7"
        rf"(?P<lead>\b(?:turn(?:s|ed|ing)?|will be|gonna be|going to be|going on|is to be|is becoming|he'll be"
        rf"|she'll be"
        rf"|rising){_WHILE} ){_N}{_UNIT}{_OLD}{_END}",
        # "our lad, six next month"; "son (9)"; "niece of 5"
        rf"(?P<lead>\b{_CHILD},? )(?:\(|of |aged? (?:of )?)?{_N}{_UNIT}{_OLD}\)?(?=\W*$|\s*[.,;:!?)(]"
        rf"|\s+(?:next|in|on|and"
        r"|who|soon|this|now|for)\b)",
        # "aged 4", "ages 10 and up", "at the age of six", "age: 7"
        rf"(?P<lead>\b(?:aged?|ages|age group|age is)[:, ]*(?:of |from |about )?){_N}{_UNIT}{_OLD}(?: (?:and|or) (?:up"
        r"|over|older|above)|\+)?(?! ?(?:to|-|\u2013) ?\d)",
        rf"(?P<lead>)\b{_N} ?(?P<unit>y\.?/?o\.?|yrs?\.? ?old|mo\.?|months? of age|years? of age)(?!\w)",
    )
)
_BIRTHDAY = re.compile(
    rf"\b(?:(?P<nth>\d{{1,2}})(?:st|nd|rd|th)|(?P<word>{'|'.join(_ORDINALS)})) birthday\b", re.IGNORECASE
)
_RANGE = re.compile(
    r"\b(?:(?:for )?(?:ages?|aged|children|kids)(?: of)?(?: between| from)? )(?P<low>\d{1,2})"
    r" ?(?:-|\u2013|to|and) ?(?P<high>\d{1,2})\b(?! ?[-\w]*(?:month|people|player|pieces))",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(
    r"\b(?:(?P<n>\d{1,2}|one|two|three|four|five) and a half|(?P<one>a) year and a half|(?P<d>\d{1,2})(?:½| ?1/2))"
    r"(?:[- ]year[s]?)?(?:[- ]olds?)?\b",
    re.IGNORECASE,
)
_GROWN = re.compile(
    r"\b(?:dad|father|husband|boyfriend|brother|grand(?:pa|dad|father|ma|mother)|granny|uncle|aunt(?:ie)?|mum"
    r"|mom|mother"
    r"|wife|girlfriend|sister|partner|fianc\u00e9e?|boss|colleague|wears?)\b(?! of)",
    re.IGNORECASE,
)
_OF_A_PET = re.compile(r"\b(?:cats?|dogs?|pupp(?:y|ies)|kittens?|pets?|hounds?|labradors?)\b", re.IGNORECASE)
_SPEAKER = re.compile(r"\b(?:i|i'm|i am|we|we're)\s*(?:just |now )?$", re.IGNORECASE)


def with_ages(text: str) -> str:
    """The text with every age in one form; as it was where no child's age is said.

    >>> with_ages("a puzzle for my niece, she has just turned five"), with_ages("our lad, six next month")
    ('a puzzle for my niece, she has just 5-year-old', 'our lad, 6-year-old next month')
    """
    if (_OF_A_PET.search(text) or _GROWN.search(text)) and not re.search(rf"\b{_CHILD}\b", text, re.IGNORECASE):
        return text  # "he is 9": the dog's years, or the husband's size
    text = _AND_A_HALF.sub(_halved, text) if re.search(r"\b(?:old|she|he|son|daughter)\b", text, re.I) else text
    text = _RANGE.sub(lambda match: f"{match['low']}-year-old, {match['high']}-year-old", text)
    for pattern in _SAID:
        text = pattern.sub(_in_one_form, text)
    return _BIRTHDAY.sub(_birthday, text)


def _in_one_form(match: re.Match[str]) -> str:
    if _SPEAKER.search(match.string[: match.start()]) or _OF_A_PET.search(match["lead"]):
        return match[0]
    number = spelt_value(match["n"])
    count = int(match["n"]) if number is None else number
    unit = (match["unit"] or "y").strip(" -").lower()
    if unit.startswith("w"):
        return f"{match['lead']}{max(1, count // 4)}-month-old"
    if not unit.startswith("m") and count > OLDEST:
        return match[0]
    lead = re.sub(
        r"\b(?:turn(?:s|ed|ing)?|will be|aged?|ages|age group|age is)[:, ]*(?:of |from |about )?$",
        "",
        match["lead"],
        flags=re.IGNORECASE,
    )
    return f"{lead}{count}-{'month' if unit.startswith('m') else 'year'}-old"


def _halved(match: re.Match[str]) -> str:
    said = match["n"] or match["d"] or "1"
    number = spelt_value(said)
    return f"{12 * (int(said) if number is None else number) + 6}-month-old"


def _birthday(match: re.Match[str]) -> str:
    years = int(match["nth"]) if match["nth"] else _ORDINALS[match["word"].lower()]
    own = re.search(r"\bmy (?:own )?$", match.string[: match.start()], re.IGNORECASE)
    return match[0] if years > OLDEST or own else f"birthday, {years}-year-old"
