"""Which thing a message asks for, and which of several wanted things it speaks of.

Pure. Knows the message's constraints and the need; what becomes of the need, ``chat.need`` decides.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat.constraints import Constraints, read_constraints, without_who
from chat.mentions import Mention
from chat.phrases import PRONOUNS, REQUEST, head_of
from chat.refusals import BLANK
from chat.want import Need, Want
from chat.words import FILLERS, singular, tokens, word_set
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

# These open a refinement: what follows describes the thing already wanted.
_REFINING = re.compile(
    r"^\W*(?:(?:ok|okay|yes|no|and|but|well|hmm|actually|maybe|please)\W+)*(?:for|with|without|in|but|only|must"
    r"|should|it|it's|that|which|they|make it|more|less|not|no|from|preferably|ideally|something (?:more|less"
    r"|a bit|with|in|for|that)|anything (?:in|with|more)|cheaper|bigger|smaller|lighter|a (?:bit|little)"
    r"|the same|same)\b",
    re.IGNORECASE,
)
# A thing that is named only by what it is like and where it belongs.
_FOR_A_PLACE = re.compile(
    r"\W*(?:(?:ok|okay|and|so|also|now|then|i need|i want|i'd like|do you have|show me|i'm looking for)\W+)*"
    r"(?:some|any)thing (?!more\b|less\b|else\b|like\b)(?:[\w-]+ ){0,3}(?:for|to put in) "
    r"(?:my|our|the|a|his|her|their) (?:\w+ )?(?P<place>kitchen|bath ?room|bed ?room|living room|garden|balcony"
    r"|office|desk|car"
    r"|hallway|nursery"
    r"|house|home|flat|garage|bike|patio|terrace|dining room|study)\b",
    re.IGNORECASE,
)
# A use that nothing named so far serves: "and what should I sleep in?", "also something to cook on".
_PURPOSE = re.compile(
    r"^\W*(?:(?:ok|okay|and|so|also|then|well|hmm|now|plus|yes)\W+)*"
    r"(?:what (?:else )?(?:should|shall|can|could|do|would) (?:i|we) (?!do\b|pay\b|get\b|buy\b|take\b|choose\b|pick\b"
    r"|need\b|look\b|go\b|expect\b)"
    r"|(?<=and )something to |(?<=also )something to |(?<=plus )something to )[^.,;:!?]*",
    re.IGNORECASE,
)
# "Thanks! Now something for my dad": the next thing, and none of what was wanted for oneself.
_NEXT_FOR = re.compile(
    r"^\W*(?:(?:ok|okay|great|good|perfect|thanks|thank you|cheers|and|so)\W+)*(?:now|next)\W+"
    r"(?:i need |i want |find me |show me )?(?:some|any)thing (?:nice )?for (?:my|our|his|her|a) \w+\W*$",
    re.IGNORECASE,
)
_POINTING = re.compile(r"\b(?:it|them|these|those|this|that|one|ones)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:what|which) (?:kinds? of |sorts? of |types? of )?$", re.IGNORECASE)
_BARE_OPENING = re.compile(r"(?:\W|yes|no|ok|okay|and|well|so|please)*$", re.IGNORECASE)


def wanted_category(
    read: Constraints, head: list[str], asked: tuple[int, int], *, first: bool = False
) -> Mention | None:
    """The category that names the thing wanted: it stands at the end of the first noun phrase, or after "which".

    ``first``: nothing is wanted yet, so that what is liked names a gift, and what only one kind has names that kind.
    """
    named = _named_category(read, head, asked)
    if named is not None or not first:
        return named
    vague = not set(head) - _VAGUE - PRONOUNS
    kinds = {mention.paths: mention for mention in read.categories if all(len(path) > 1 for path in mention.paths)}
    if any(_DRINKS.search(read.rest[: mention.span[0]]) for mention in kinds.values()):
        return None  # who drinks coffee may well want a mug
    gift = set(head) & _GIFTS or _GIFT_SAID.search(read.rest)
    if vague and len(kinds) == 1 and gift:
        return next(iter(kinds.values()))
    return read.implied if vague and not kinds else None


_DRINKS = re.compile(r"\b(?:drinks?|eats?|bakes?|cooks?|plays?) (?:[\w-]+ ){0,4}$", re.IGNORECASE)
_GIFTS = word_set("gift gifts present presents treat surprise souvenir")
_GIFT_SAID = re.compile(r"\b(?:gifts?|presents?)\b", re.IGNORECASE)
_VAGUE = _GIFTS | word_set("person people birthday christmas anniversary thing things little small nice idea bit")


def _named_category(read: Constraints, head: list[str], asked: tuple[int, int]) -> Mention | None:
    inside = [mention for mention in read.categories if asked[0] <= mention.span[0] < asked[1]]
    # "She has a garden: a bird feeder": a whole department only where nothing in particular is named.
    inside = [mention for mention in inside if any(len(path) > 1 for path in mention.paths)] or inside
    for mention in inside:
        if _WHICH.search(read.rest[: mention.span[0]]):
            return mention
    if len(inside) == 1 and asked != (0, len(read.rest)):
        return inside[0]  # the only kind of thing in the sentence that asks
    if not head:
        return next((mention for mention in inside if _stands_for_itself(read.rest, mention)), None)
    end = singular(head[-1])
    deep = [mention for mention in read.categories if any(len(path) > 1 for path in mention.paths)]
    for mention in sorted(read.categories, key=lambda m: -len(m.text)):
        named = [singular(token.text) for token in tokens(mention.text)]
        if named and named[-1] == end and len(named) <= len(head):
            if mention in deep:
                return mention
            # "Our baby's 8 months, we need a bath seat": no whole department.
            return next((one for one in deep if _stands_for_itself(read.rest, one)), mention)
    if end in _PORTIONS and len(head) > 1:  # "a knife set"
        return _named_category(read, head[:-1], asked)
    return next((mention for mention in inside if _stands_for_itself(read.rest, mention)), None)


def _stands_for_itself(rest: str, mention: Mention) -> bool:
    """True if the kind is asked for where it stands, and not only what the thing is for, of, or goes with."""
    after = tokens(rest[mention.span[1] :])[:1]
    gap = rest[mention.span[1] : mention.span[1] + after[0].start] if after else BLANK
    if re.fullmatch(r"[ -]+", gap) and after[0].text not in FILLERS and not after[0].text[0].isdigit():
        return after[0].text in _AFTER_A_THING
    before = rest[: mention.span[0]]
    if _HAVE_FOR.search(before):
        return True
    link = re.search(
        rf"(?P<before>\S*)\s*\b(?P<word>{_LINKS})\b(?P<between>(?:[\w'-]|\s|{BLANK}){{0,30}})$", before, re.IGNORECASE
    )
    if link is None:
        return True
    between = tokens(link["between"])
    if any(token.text in ("a", "an", "some") for token in between[1:]):
        return True  # "for the garden a bird feeder"
    if link["word"].lower() == "of" and singular(link["before"].lower()) in _PORTIONS:
        return len({token.text for token in between} - FILLERS) <= MOST_ADJECTIVES  # "a pair of trail running shoes"
    if link["before"].endswith(BLANK) or not link["before"]:
        owned = any(token.text in ("my", "our", "his", "her", "their") for token in between)
        return link["word"].lower() not in ("with", "like") and not owned  # "50 dollars for a desk lamp"
    if link["word"].lower() == "in":
        return not between
    return len(between) > MOST_ADJECTIVES


# "What do you have for seeds?" asks for the seeds.
_HAVE_FOR = re.compile(
    r"\b(?:do you (?:have|sell|stock|offer)|have you got|is there|can you offer)(?: me)? (?:for|in(?: the way of)?"
    r"|by way of|in terms of|as regards|when it comes to) $",
    re.IGNORECASE,
)
MOST_ADJECTIVES = 3  # words between a preposition and what it leads to
_LINKS = (
    r"for|with|of|to|from|in|into|on|like|likes|love|loves|adores?|drinks?|enjoys?|collects?|about|by|than"
    r"|my|his|her|their"
)
# "A jar of honey" is honey.
_PORTIONS = word_set(
    "gift present idea thing stuff bar pair jar bag box pack packet bottle tin tub set bunch roll piece couple one some"
    " any kind sort"
)
_AFTER_A_THING = word_set("free under rated ideally preferably made suitable available tops max maximum including")


def opens_new_want(text: str, need: Need, head: list[str], category: Mention | None, read: Constraints) -> bool:
    """True if the message names another thing than the current want does."""
    current = need.current
    if current.is_empty:
        return False
    known = {singular(word) for word in current.words.split()} | set(current.topic.split())
    known |= {singular(part.lower()) for path in current.filter.categories for part in path}
    if category is not None:
        if singular(category.text.split()[-1]) in known:
            return False
        return not _within(category.paths, current.filter.categories)
    if (purpose := _PURPOSE.match(text)) and not _POINTING.search(text[: purpose.end()]):
        return True
    if (place := _FOR_A_PLACE.match(text)) and not read.cheaper and singular(place["place"].lower()) not in known:
        return True  # "something red for my kitchen", after tents
    if _NEXT_FOR.match(text):
        return True
    if not head or head[-1] in PRONOUNS or singular(head[-1]) in known:
        return False
    if not current.topic and not current.filter.categories and not current.order:
        return False  # "for my niece", "under $30": the first thing that is named is what was meant
    if read.references or _REFINING.match(text):
        return False
    request = match[0] if (match := REQUEST.match(text)) else ""
    asks = re.search(r"[a-z]", request, re.I) is not None
    has_article = re.match(r"\W*(?:a|an|some)\b", text, re.IGNORECASE) is not None
    plural = singular(head[-1]) != head[-1]
    return (asks and not _BARE_OPENING.match(request)) or has_article or plural


def names_thing(text: str, vocabulary: "Vocabulary") -> bool:
    """True if the text says what is wanted; "a new electric one, 1.5 L" and "women's, size 7" do not."""
    read = read_constraints(text, vocabulary, ())
    without_who(read)
    head = head_of(read.rest)
    return bool(read.categories) or (bool(head) and head[-1] not in PRONOUNS)


def turned_to(need: Need, text: str, pointed: Sequence[Item]) -> Need:
    """The need with that want last which the message speaks of, of those that were asked for together.

    It is the one whose thing the message names, else the one that a pointed-at item was shown for, else the latest.
    """
    together = need.together
    if len(together) < 2:
        return need
    said = {singular(token.text) for token in tokens(text)}
    named = [want for want in together if want.topic and said.issuperset(want.topic.split())]
    named = named or [want for item in pointed if (want := owner(item, together)) is not None]
    if not named or need.current in named:
        return need
    return need.model_copy(update={"wants": (*(w for w in need.wants if w is not named[0]), named[0])})


def owner(item: Item, wants: Sequence[Want]) -> Want | None:
    """The want that a shown item was found for: the latest whose kind of thing it is; None if none is."""
    path, words = item.category, {singular(token.text) for token in tokens(item.title)}
    for want in reversed(wants):
        if any(path[: len(prefix)] == prefix for prefix in want.filter.categories):
            return want
    for want in reversed(wants):
        if not want.filter.categories and want.topic and words.issuperset(want.topic.split()):
            return want
    return None


def _within(paths: Sequence[tuple[str, ...]], held: Sequence[tuple[str, ...]]) -> bool:
    """True if a path narrows or widens one that is held already."""
    return any(a[: len(b)] == b or b[: len(a)] == a for a in paths for b in held)
