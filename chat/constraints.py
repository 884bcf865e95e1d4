"""The constraints that a message states: price, rating, brands, values, what is refused, what no longer matters.

Pure. Reads one message against the vocabulary and what is shown; what it means for the need, ``chat.need`` decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from chat.mentions import Mention, find_mentions, has_many, lexicon
from chat.money import Money, currency_name, find_money
from chat.record import COLOURS as COLOUR_WORDS
from chat.references import ORDINALS, Reference, find_references
from chat.refusals import BLANK, ONLY, refusals
from chat.tying import is_head, is_tied
from chat.want import Order
from chat.words import forms, singular, tokens, word_set
from retrieval.items import Item

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

_RATING = re.compile(
    r"\b(?:(?:at least|minimum|min\.?|over|above|more than|rated|rating(?: of)?"
    r"|with)\s+)*(?P<stars>[1-5](?:[.,]\d)?)\s?(?:\+|plus)?\s?-?\s?stars?(?:\s?(?:rating|rated"
    r"|reviews?))?(?:\s?(?:and|or)\s(?:up|above|more|better|higher|over)|\s?\+|\s?minimum|\s?plus)?"
    r"|\brat(?:ed|ing)(?: of)? (?:at least |over |above |more than |> ?)?(?P<rated>[1-5](?:[.,]\d)?)(?:\s?\+"
    r"| ?(?:and|or) (?:up|above|more|better|higher))?(?!\w)",
    re.IGNORECASE,
)
_CHEAPER = re.compile(
    r"\b(?:(?:something|anything|any|one|ones|a bit|a little|much|even|any) )*(?:cheaper|less expensive"
    r"|less pricey|more affordable|lower priced|lower price|not so expensive|less costly)(?: (?:ones?|options?"
    r"|alternatives?|than (?:that|this|these|those|it)))?\b|\btoo (?:expensive|pricey|dear|costly|much money)\b",
    re.IGNORECASE,
)
_THAN_ONE = re.compile(rf"\W*than (?P<which>(?:the )?(?:{'|'.join(ORDINALS)})) ?(?:one)?\b", re.IGNORECASE)
_DEARER = re.compile(
    r"\b(?:(?:something|a bit|a little|much) )*(?:more expensive|pricier|higher end|more upmarket"
    r"|more premium)(?: (?:ones?|options?))?\b",
    re.IGNORECASE,
)
_BIT_MORE = re.compile(
    r"\b(?:(?:i )?(?:can|could|would|will|i'll|i'd|happy to|willing to|ok(?:ay)? to) )?(?:spend|pay|go"
    r"|stretch(?: to)?) (?:a (?:bit|little) )?(?:more|higher|further)\b|^\W*a (?:bit|little) more\W*$",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"^\W*(?:(?:hmm+|ok(?:ay)?|oh|well|actually|maybe|and|yes)\W+)*or\b"
    r"|\b(?:is|are|would be|works?)(?: also)? (?:fine|ok(?:ay)?|good|great|nice|alright)(?:,? (?:too|as well|also))?\b"
    r"|\b(?:too|as well)\W*$",
    re.IGNORECASE,
)
_ORDER: tuple[tuple[Order, re.Pattern[str]], ...] = (
    ("cheapest", re.compile(r"\b(?:cheapest|least expensive|lowest[- ]priced?|most affordable)\b", re.IGNORECASE)),
    ("dearest", re.compile(r"\b(?:most expensive|priciest|dearest|most premium)\b", re.IGNORECASE)),
    ("best_rated", re.compile(r"\b(?:best|highest|top)[- ](?:rated|reviewed)\b|\bbest reviews\b", re.IGNORECASE)),
)
_SUBJECTS = r"brands?|prices?|budget|cost|colou?rs?|sizes?|materials?|fabrics?|styles?|ratings?|stars?|minimum"
_RELAX = re.compile(
    rf"\bany (?P<a>{_SUBJECTS})(?! (?:but|except|other than))(?: (?:is|are|will|would|at all))?"
    rf"(?: (?:fine|ok(?:ay)?|good|do|work))?\b"
    rf"|\b(?:the )?(?P<b>{_SUBJECTS}|money) (?:doesn'?t|does not|do not|don'?t|isn'?t|is not"
    rf"|is no) (?:really )?(?:matter|important|an? issue|a problem|object|concern)\b"
    rf"|\b(?:don'?t|do not) (?:really )?(?:care|mind|bother)(?: about)?(?: the| what"
    rf"| which)? (?P<c>{_SUBJECTS})(?: it is)?\b"
    rf"|\b(?:no|without) (?:particular )?(?P<d>{_SUBJECTS})(?: preference| limit)?\b(?! (?:in|but|except|other than)\b)"
    rf"|\b(?:forget|ignore|drop|regardless of|never mind|remove)(?: about)? (?:the )?(?P<e>{_SUBJECTS})(?: limit"
    rf"| filter)?\b"
    rf"|\b(?:whatever|in whatever) (?P<f>{_SUBJECTS})\b",
    re.IGNORECASE,
)
_NO_PREFERENCE = re.compile(
    r"^\W*(?:(?:i )?(?:don'?t|do not) (?:mind|care|know)|no preference|either(?: is| one is)?(?: fine| ok)?"
    r"|whatever|any(?:thing)?(?: is| will)?(?: fine| ok| do)?|doesn'?t matter|you choose|up to you|both)\W*$",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(
    r"\b(?:(?:doesn'?t|does not|don'?t|do not) (?:have|need) (?:it |them )?(?:to be |to have )?|not necessarily "
    r"|(?:isn'?t|not) (?:a must|required|needed)\b)",
    re.IGNORECASE,
)
_SIZE_SAID = re.compile(r"\b(?:in |of )?sizes? (?P<size>\d{1,3}(?:[.,]5)?)(?![\w.])", re.IGNORECASE)
_COLOUR_SAID = re.compile(
    rf"(?:^\W*|\b(?:in|a|an|in a|in an|the|some) )(?P<said>(?:(?:dark|light|pale|bright|deep) )?"
    rf"(?P<colour>{'|'.join(sorted(COLOUR_WORDS))}))\b(?P<last>(?: ones?)?\W*$)?",
    re.IGNORECASE,
)
# Before a noun these are colours; "green tea", "gold ring" and "orange juice" are of no colour.
_PURE_COLOURS = word_set("red blue yellow pink purple grey gray navy teal turquoise beige maroon burgundy")
# "Not too heavy" refuses no word that an item could carry.
_NOT_TOO = re.compile(
    r"\b(?:not|isn'?t|aren'?t|nothing) (?:too|so|very|that|overly) [\w-]+(?: (?:or|and) [\w-]+)?", re.IGNORECASE
)
_SOLD_OUT = re.compile(
    r"\b(?:(?:include|including|also|even|show)(?: me)? (?:the )?(?:out[- ]of[- ]stock|sold[- ]out"
    r"|unavailable)(?: ones| items)?|(?:out[- ]of[- ]stock|sold[- ]out)(?: ones| items)? (?:too|as well|also)"
    r"|(?:don'?t mind|doesn'?t matter if)(?: it'?s)? (?:out of stock|sold out))\b",
    re.IGNORECASE,
)
_IN_STOCK = re.compile(
    r"\b(?:(?:only )?(?:that(?:'s| is| are) )?(?:currently )?in stock(?: only)?|available (?:now|right now|today))\b",
    re.IGNORECASE,
)


@dataclass
class Constraints:
    """What one message constrains. ``rest`` is the text with all of this blanked out."""

    rest: str = ""
    price: Money | None = None
    price_below: Decimal | None = None  # by comparison with what is shown
    price_above: Decimal | None = None
    stretch: bool = False  # "a bit more": the bound is raised by a quarter
    cheaper: bool = False
    rating_min: float | None = None
    in_stock_only: bool | None = None
    order: Order = ""
    brands: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    groups: list[tuple[tuple[str, str], ...]] = field(default_factory=list)  # each: one of these pairs must hold
    who: list[tuple[int, int]] = field(default_factory=list)  # words for whom it is, which are in the rest as well
    counted: bool = False  # a value with a number was read: "500 g"
    adds: bool = False  # "lavender is fine too": a value widens what was asked for rather than replacing it
    categories: list[Mention] = field(default_factory=list)  # wherever they stand; which is wanted, need decides
    excluded_brands: list[str] = field(default_factory=list)
    excluded_attributes: dict[str, list[str]] = field(default_factory=dict)
    excluded_terms: list[str] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)  # attribute names, "brand", "price", "rating"
    optional: dict[str, list[str]] = field(
        default_factory=dict
    )  # values that need not be: "doesn't have to be waterproof"
    references: list[Reference] = field(default_factory=list)
    no_preference: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def any_set(self) -> bool:
        """True if something other than a category or a reference was read."""
        return bool(
            self.price or self.price_below is not None or self.price_above is not None or self.stretch or self.cheaper
            or self.rating_min is not None or self.in_stock_only is not None or self.order or self.brands
            or self.attributes or self.groups or self.excluded_brands or self.excluded_attributes or self.excluded_terms
            or self.relaxed or self.optional or self.no_preference
        )  # fmt: skip


def read_constraints(
    text: str, vocabulary: "Vocabulary", shown: Sequence[Item], compared: Sequence[Item] | None = None
) -> Constraints:
    """What the text (already plain) constrains, against the catalogue's words and the items on show.

    ``compared``: those of them that "cheaper" is measured by, where not all were shown for the same thing.
    """
    read = Constraints(rest=text)
    read.no_preference = _NO_PREFERENCE.search(text) is not None
    read.adds = _ADDS.search(text) is not None
    _rating(read)
    _relaxed(read, vocabulary)
    _money(read, vocabulary)
    read.references = find_references(read.rest, shown)
    for reference in read.references:
        _blank(read, reference.span)
    _relative_price(read, shown, shown if compared is None else compared)
    for name, pattern in _ORDER:
        if match := pattern.search(read.rest):
            read.order = name
            _blank(read, match.span())
    if match := _SOLD_OUT.search(read.rest):
        read.in_stock_only = False
        _blank(read, match.span())
    elif match := _IN_STOCK.search(read.rest):
        read.in_stock_only = True
        _blank(read, match.span())
    _catalogue_words(read, vocabulary)
    return read


def without_who(read: Constraints) -> None:
    """Blank the words for whom it is, where something else says what it is."""
    for span in read.who:
        _blank(read, span)


def _blank(read: Constraints, span: tuple[int, int]) -> None:
    start, end = span
    read.rest = read.rest[:start] + BLANK * (end - start) + read.rest[end:]


def _rating(read: Constraints) -> None:
    if match := _RATING.search(read.rest):
        read.rating_min = float((match["stars"] or match["rated"]).replace(",", "."))
        _blank(read, match.span())


def _relaxed(read: Constraints, vocabulary: "Vocabulary") -> None:
    while match := _RELAX.search(read.rest):
        said = next(word for word in match.groups() if word).lower().rstrip("s")
        subject = {"budget": "price", "cost": "price", "money": "price", "star": "rating", "minimum": "price_min"}.get(
            said, said
        )
        names = [name for name in vocabulary.attributes if _same_subject(name.lower(), subject)]
        read.relaxed += names or [subject]
        _blank(read, match.span())


def _same_subject(name: str, subject: str) -> bool:
    spelling = {"color": "colour", "fabric": "material"}
    return spelling.get(name, name) == spelling.get(subject, subject)


def _money(read: Constraints, vocabulary: "Vocabulary") -> None:
    currency = vocabulary.currency
    # "UPF 50+" and "100 g" are values, however a number beside them is worded.
    values = [mention.span for mention in find_mentions(read.rest, vocabulary) if _is_counted(mention)]
    for money in find_money(read.rest):
        if not money.currencies and any(_overlaps(money.span, span) for span in values):
            continue
        if money.fits(currency):
            read.price = _joined(read.price, money)
        else:
            read.notes.append(
                f"Our prices are in {currency_name(currency)}, so I have not filtered by {_bare_sum(money.text)}."
            )
        _blank(read, money.span)


def _is_counted(mention: Mention) -> bool:
    """True if the value is a number with what it counts."""
    return mention.kind == "attribute" and re.search(r"(?i)(?=.*\d)(?=.*[a-z])", mention.text) is not None


def _bare_sum(text: str) -> str:
    match = re.search(r"\S?\d.*", text)
    return match[0].strip() if match else text


def _joined(held: Money | None, new: Money) -> Money:
    """Two bounds of one message as one: "over 20 but under 50"; of two of the same side the later counts."""
    if held is None:
        return new
    low = new.low if new.low is not None else held.low
    high = new.high if new.high is not None else held.high
    if low is not None and high is not None and low > high:
        return new
    return Money(low, high, new.currencies or held.currencies, new.span, f"{held.text} {new.text}")


def _relative_price(read: Constraints, shown: Sequence[Item], compared: Sequence[Item]) -> None:
    """ "Cheaper" is below the item pointed at, else below the first of ``compared`` that has a price."""
    pointed = {reference.item_id for reference in read.references}
    priced = [item.price for item in compared if item.price is not None]
    base = next((item.price for item in shown if item.id in pointed and item.price is not None), None)
    base = base if base is not None else next(iter(priced), None)
    if match := _CHEAPER.search(read.rest):
        read.cheaper = True
        read.price_below = base
        if base is None:
            read.order = "cheapest"
        _blank(read, match.span())
        if base is not None and not pointed and (unseen := _THAN_ONE.match(read.rest[match.end() :])):
            read.notes.append(f"I can't see {unseen['which']} one here, so I went by {_priced_at(shown, base)}.")
            _blank(read, (match.end(), match.end() + unseen.end()))
    elif match := _DEARER.search(read.rest):
        read.price_above = base
        _blank(read, match.span())
    elif match := _BIT_MORE.search(read.rest):
        read.stretch = True
        _blank(read, match.span())


def _priced_at(shown: Sequence[Item], price: Decimal) -> str:
    return next(item.title for item in shown if item.price == price)


def _catalogue_words(read: Constraints, vocabulary: "Vocabulary") -> None:
    mentions = find_mentions(read.rest, vocabulary)
    _unknown_sizes(read, mentions)
    _unknown_colour(read, mentions, vocabulary)
    for match in _OPTIONAL.finditer(read.rest):
        for mention in list(mentions):
            if mention.kind == "attribute" and 0 <= mention.span[0] - match.end() < 3:
                read.optional.setdefault(mention.attribute, []).extend(mention.values)
                mentions.remove(mention)
                _blank(read, (match.start(), mention.span[1]))
                break
    for match in _NOT_TOO.finditer(read.rest):
        _blank(read, match.span())
    for match in ONLY.finditer(read.rest):
        _blank(read, match.span())
    refused = refusals(read.rest)
    for span in (span for _, spans in refused for span in spans):
        inside = [mention for mention in mentions if _overlaps(mention.span, span)]
        for mention in inside:
            _exclude(read, mention, vocabulary)
        if not inside:
            term = " ".join(token.text for token in tokens(read.rest[span[0] : span[1]]))
            read.excluded_terms += [form for form in forms(term) if term and form not in read.excluded_terms]
        mentions = [mention for mention in mentions if mention not in inside]
    for start, spans in refused:
        _blank(read, (start, spans[-1][1]))
    gender, last = lexicon(vocabulary).gender, None
    whole = read.rest
    for mention in mentions:
        if mention.kind == "category":
            read.categories.append(mention)
        elif mention.kind == "brand":
            read.brands.append(mention.brand)
            _blank(read, mention.span)
        elif (mention.attribute == gender and _is_adult(mention)) or (
            mention.attribute != gender
            and not is_head(read.rest, mention, mentions)
            and is_tied(read.rest, mention, mentions)
        ):
            _require(read, mention, joined=last is not None and _either(whole[last.span[1] : mention.span[0]]))
            _blank(read, mention.span)
            last = mention
        elif mention.attribute == gender:
            # Who it is for says what kind of thing it is, where nothing else does: "a bored cat".
            _require(read, mention, joined=False)
            if any(other.kind == "category" for other in mentions):
                _blank(read, mention.span)
            else:
                read.who.append(mention.span)


def _is_adult(mention: Mention) -> bool:
    return any(value.lower() in ("men", "women", "man", "woman", "male", "female") for value in mention.values)


def _either(between: str) -> bool:
    return re.fullmatch(r"\W*(?:,|/|\bor\b)\W*(?:in |a |an )?", between, re.IGNORECASE) is not None and (
        "or" in between or "/" in between
    )


def _require(read: Constraints, mention: Mention, *, joined: bool) -> None:
    """Note what the value asks for; ``joined``: an "or" ties it to the value before."""
    read.counted = read.counted or _is_counted(mention)
    if not mention.others and not has_many(mention.attribute):
        held = read.attributes.setdefault(mention.attribute, [])
        held += [value for value in mention.values if value not in held]
    elif joined and read.groups:
        read.groups[-1] = tuple(dict.fromkeys((*read.groups[-1], *mention.pairs)))
    elif mention.pairs not in read.groups:
        read.groups.append(mention.pairs)


def _unknown_sizes(read: Constraints, mentions: Sequence[Mention]) -> None:
    """A size that no item has would leave nothing: it is dropped, and that is said."""
    for match in _SIZE_SAID.finditer(read.rest):
        if not any(_overlaps(mention.span, match.span()) for mention in mentions):
            read.notes.append(f"I can't filter by size {match['size']}: nothing here is listed with it.")
            _blank(read, match.span())


def _unknown_colour(read: Constraints, mentions: Sequence[Mention], vocabulary: "Vocabulary") -> None:
    """A colour that no item is listed in: the colour asked for before no longer holds, and that is said."""
    name = lexicon(vocabulary).colour_name
    for match in _COLOUR_SAID.finditer(read.rest) if name else ():
        if any(_overlaps(mention.span, match.span("colour")) for mention in mentions):
            continue
        kinds = [mention for mention in mentions if mention.kind == "category"]
        before = any(0 <= mention.span[0] - match.end("colour") < 2 for mention in kinds)
        if match["last"] is not None or (before and match["colour"].lower() in _PURE_COLOURS):
            read.notes.append(f"Nothing here is listed as {match['said'].lower()}.")
            read.relaxed.append(name)


def _exclude(read: Constraints, mention: Mention, vocabulary: "Vocabulary") -> None:
    if mention.kind == "brand":
        read.excluded_brands.append(mention.brand)
        return
    if mention.kind == "attribute":
        for name, value in mention.pairs:
            read.excluded_attributes.setdefault(name, []).append(value)
        _exclude_compounds(read, mention, vocabulary)
    # Merchants leave attributes out: what is called leather in its title is refused as well.
    if not mention.text.startswith(("size", "in ")):
        read.excluded_terms += [form for form in forms(mention.text) if form not in read.excluded_terms]


def _exclude_compounds(read: Constraints, mention: Mention, vocabulary: "Vocabulary") -> None:
    """Who refuses wool refuses lambswool: values of the same attribute that end in the refused word."""
    end = singular(mention.text)
    for value in vocabulary.attributes.get(mention.attribute, ()) if len(end) > 3 else ():
        for word in (token.text for token in tokens(value)):
            if singular(word) != end and singular(word).endswith(end) and "-" not in word:
                read.excluded_attributes[mention.attribute].append(value)
                read.excluded_terms += [form for form in forms(word) if form not in read.excluded_terms]


def _overlaps(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]
