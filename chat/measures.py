"""What a sentence measures of items against each other: cheaper, best rated, twice the price, 4.5 against 3.1.

Pure. Reads a sentence whose pointers are coded (``chat.pointers.coded``) and holds each such claim against the records.
A claim that is true is blanked out, so that what is left can be held against the records word by word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chat.money import parse_amount
from chat.numbers import SPELT, spelt_value
from chat.pointers import BLANK, CODE, Pointer, Shown
from chat.ranges import ranges, same_words, sames, versus
from chat.sizes import sizes
from chat.subjects import MEASURES, SIZES, Claims, after, before, blanked, items_of, pointed
from chat.words import FILLERS, tokens

NEARLY = 0.06  # how far "about", "nearly" and "some" may be off, as a share of what is said
NEARLY_ALL_RATINGS = 0.2  # "twice the price": how far the ratio may be off where nothing says "exactly"

_AMOUNT = (
    r"(?:(?:US)?[$€£¥₹]\s?(?P<sum>\d[\d,]*(?:\.\d+)?)"
    rf"|(?P<words>an?|{SPELT}|\d+(?:\.\d+)?)\s(?:dollars?|euros?|pounds?))"
)
_ROUGH = (
    r"(?P<rough>about|around|some|nearly|almost|roughly|just over|just under|a little over|over|under|more than"
    r"|less than)?\s*"
)
_HOW = r"(?:\s*(?:much|far|slightly|a little|a bit|a lot|somewhat|even|rather|considerably|quite a bit|also))*\s*"
_LESS_PRICE = r"cheaper|less expensive|more affordable|lower[- ]priced|less dear"
_MORE_PRICE = r"dearer|more expensive|pricier|costlier|higher[- ]priced"
_COMPARED = re.compile(
    rf"(?:{_ROUGH}{_AMOUNT}\s+)?{_HOW}(?:"
    rf"(?P<less_price>{_LESS_PRICE})|(?P<more_price>{_MORE_PRICE})"
    r"|(?P<more_rating>(?:better|higher)[- ]rated|rated (?:\w+ )?(?:better|higher)|(?:better|higher) rating)"
    r"|(?P<less_rating>(?:worse|lower)[- ]rated|rated (?:\w+ )?(?:worse|lower)|(?:worse|lower) rating)"
    r"|(?P<more_count>more (?:ratings|reviews))|(?P<less_count>fewer (?:ratings|reviews))"
    r"|(?P<more>more|higher)|(?P<less>less|lower))\b",
    re.IGNORECASE,
)
_THAN = re.compile(
    rf"(?:\s+(?:in price|too|than(?:\s+(?:the price|that) of|\s+for)?))*\s*(?P<object>{CODE})", re.IGNORECASE
)
_RATIO = re.compile(
    r"(?P<rough>more than|less than|over|under|nearly|almost|about|around|roughly|just)?\s*"
    r"(?P<ratio>twice|double|half|three times|a third of|a quarter of)\s+(?:the (?:price|cost) of|as much as|what)\s+"
    rf"(?:that of\s+)?(?P<object>{CODE})(?:\s+costs?)?",
    re.IGNORECASE,
)
_RATIOS = {"twice": 2.0, "double": 2.0, "half": 0.5, "three times": 3.0, "a third of": 1 / 3, "a quarter of": 0.25}
_EXTREME = re.compile(
    r"\b(?:(?:the|its|a)\s+)?(?:"
    r"(?P<min_price>cheapest|(?:easiest|kindest|lightest|gentlest) (?:on|to) (?:the|your) (?:purse|wallet"
    r"|pocket|budget)|least expensive|lowest[- ]priced|(?:lowest|best) price)"
    r"|(?P<max_price>dearest|most expensive|priciest|costliest|highest[- ]priced|highest price)"
    r"|(?P<max_rating>(?:best|highest|top)[- ]rated|rated (?:the )?(?:best|highest)|(?:best|highest|top) rating)"
    r"|(?P<min_rating>(?:worst|lowest)[- ]rated|rated (?:the )?(?:worst|lowest)|(?:worst|lowest) rating)"
    r"|(?P<max_rating3>tops? the ratings|comes? top (?:of|in) the ratings|leads? the ratings)"
    r"|(?P<max_count>most (?:ratings|reviews)|most[- ](?:rated|reviewed)"
    r"|most (?:shoppers|people|customers) have (?:rated|reviewed|judged|had their say on"
    r"|given their opinion (?:of|on)))"
    r"|(?P<max_price3>(?<=cost )the most|(?<=costs )the most)|(?P<min_price3>(?<=cost )the least|(?<=costs )the least)"
    r"|(?P<max_size>biggest|largest|tallest|longest|roomiest)|(?P<min_size>smallest|shortest)"
    r"|(?P<max_mass>heaviest)|(?P<min_mass>lightest)"
    rf"|(?P<min_price2>cheaper)(?= of {CODE})|(?P<max_price2>dearer|pricier|more expensive)(?= of {CODE})"
    rf"|(?P<max_rating2>better[- ]rated)(?= of {CODE})"
    rf"|(?P<max_size2>larger|bigger|taller|longer)(?= of {CODE})|(?P<min_size2>smaller|shorter)(?= of {CODE})"
    r")\b",
    re.IGNORECASE,
)
# What may follow a superlative; anything else is a noun, and then the whole shop may be meant.
_SCOPE = re.compile(
    rf"(?P<noun>(?:\s+(?!of\b|among\b|at\b|with\b|and\b|but\b|here\b|is\b|are\b|on\b|from\b|by\b|too\b|for\b|if\b|"
    rf"though\b|in\b)[\w'-]+)*)(?:\s+(?:of|among|in)\s+(?P<of>{CODE})|\s+(?P<here>here|shown|on show|on this list))?",
    re.IGNORECASE,
)
_WHOLE_SHOP = re.compile(
    r"\b(?:in (?:the |our |this )?(?:shop|store|stock|catalogue|range)|we (?:have|sell|carry)|ever|market|our"
    r"|anywhere)\b",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\b(?:together|in all|altogether|in total|combined|for both|adds? up|sum(?: of)?|totals?)\b", re.IGNORECASE
)
_BY_TAKING = re.compile(
    rf"\s+(?:by (?:taking|choosing|picking)|with)\s+the (?P<lesser>smaller|shorter|cheaper|less expensive)(?: one)?"
    rf"(?:\s+of\s+{CODE})?",
    re.IGNORECASE,
)
_SPENDING = re.compile(
    r"\b(?:If|When) you(?:'d| would|'re| want| wish| like| need| prefer| rather| to| only| can)* "
    r"(?:spend|spending|pay|paying|stay|staying|keep|keeping)(?: it)? (?:under|below|less than|within|no more than"
    rf"|up to) {_AMOUNT},? (?P<only>only|just)?\s*(?:the )?(?P<fits>{CODE})"
    r"(?: (?:fits?|will do|would do|is the one|is left|qualif(?:y|ies)|do|does)(?: that| the bill)?(?=[,.;! ]))?",
    re.IGNORECASE,
)
_APART = re.compile(rf"{_ROUGH}{_AMOUNT}\s+apart\b", re.IGNORECASE)
_SAVED = re.compile(rf"\bsave\s+{_AMOUNT}", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """What is left of the sentence, and whether a measure was found; or why it has to go."""

    text: str
    found: bool = False
    cut: str = ""


def measure(text: str, pointers: Sequence[Pointer], shown: Shown) -> Measured:
    """Hold every measuring claim of the coded sentence against the records."""
    whole, found = text, False
    for claims in (
        _ratios,
        _together,
        _saved,
        _apart,
        _affordable,
        sizes,
        _compared,
        _extremes,
        versus,
        ranges,
        sames,
        same_words,
    ):
        for span, fault in claims(text, pointers, shown):
            if fault:
                return Measured(text, True, f"{fault}: {whole[span[0] : span[1]].replace(BLANK, '').strip()}")
            text, found = blanked(text, span), True
    return Measured(text, found)


def _ratios(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    for match in _RATIO.finditer(text):
        subjects, objects = before(text, match.start(), pointers), pointed(match["object"], pointers)
        wanted, rough = _RATIOS[match["ratio"].lower()], (match["rough"] or "").lower()
        holds = bool(re.search(r"\bholds?\s*$", text[: match.start()], re.IGNORECASE))
        true = bool(subjects) and all(
            _is_ratio(mine, its, wanted, rough)
            for one in subjects
            for other in objects
            for mine, its in [_volumes(one, other, shown) if holds else _prices(one, other, shown)]
        )
        yield match.span(), "" if true else "a ratio that the prices do not have"


def _prices(one: int, other: int, shown: Shown) -> tuple[float | None, float | None]:
    price = MEASURES["price"]
    return price(shown.items[one]), price(shown.items[other])


def _volumes(one: int, other: int, shown: Shown) -> tuple[float | None, float | None]:
    return shown.records[one].sizes.get("volume"), shown.records[other].sizes.get("volume")


def _is_ratio(one: float | None, other: float | None, wanted: float, rough: str) -> bool:
    if one is None or not other:
        return False
    ratio = one / other
    if rough in ("more than", "over"):
        return wanted < ratio
    if rough in ("less than", "under"):
        return ratio < wanted
    below, above = (NEARLY_ALL_RATINGS * wanted, NEARLY * wanted) if rough else (NEARLY * wanted, NEARLY * wanted)
    return wanted - below <= ratio <= wanted + above


def _together(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "The A and the B together cost $50": a sum of one price for each item that the sentence points at."""
    if (match := _TOGETHER.search(text)) is None:
        return
    sums = list(re.finditer(rf"[$€£¥₹]\s?\d[\d,]*(?:\.\d+)?|\b{_AMOUNT}", text))
    indices = list(dict.fromkeys(index for pointer in pointers for index in pointer.indices if not pointer.some))
    prices = [shown.items[index].price for index in indices]
    said = parse_amount(re.sub(r"[^\d.,]", "", sums[0][0])) if len(sums) == 1 else None
    right = said is not None and len(indices) > 1 and None not in prices and sum(p for p in prices if p) == said
    if not sums and re.match(rf"{match[0]}", "together", re.IGNORECASE):
        return  # "click together", "woven together": a word like any other
    yield (sums[0].span() if sums else match.span()), "" if right else "a sum that the prices do not make"
    yield match.span(), ""


def _saved(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "You'd save $12 by taking the smaller of the two": the difference of two prices that are pointed at."""
    for match in _SAVED.finditer(text):
        indices = list(dict.fromkeys(index for pointer in pointers for index in pointer.indices))
        prices = [price for index in indices if (price := shown.items[index].price) is not None]
        amount = _amount(match)
        right = len(prices) == 2 == len(indices) and amount == max(prices) - min(prices)
        if right and (rest := _BY_TAKING.match(text[match.end() :])):
            lesser = rest["lesser"].lower()
            small = "min_size" if lesser in ("smaller", "shorter") else "min_price"
            cheap = [index for index in indices if shown.items[index].price == min(prices)]
            true = _is_extreme(small, cheap, indices, shown)
            yield (match.start(), match.end() + rest.end()), "" if true else "a saving that no two prices make"
        else:
            yield match.span(), "a saving that no two prices make"


def _compared(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    for match in _COMPARED.finditer(text):
        name = next(name for name, held in match.groupdict().items() if held and name not in ("rough", "sum", "words"))
        if re.match(rf" of {CODE}", text[match.end() :]):
            continue  # "the cheaper of the two" is an extreme
        than = _THAN.match(text[match.end() :])
        subjects = before(text, match.start(), pointers)
        if than is not None and re.search(r"\bthan\b|\bthan$", than[0], re.IGNORECASE):
            objects, end = pointed(than["object"], pointers), match.end() + than.end()
            if not subjects:  # "For $2 more than the A": of what comes next
                subjects = tuple(index for index in after(text, end, pointers) if index not in objects)
        elif re.match(r"\s+than\b", text[match.end() :]):
            if name in ("more", "less"):
                continue
            yield match.span(), "a comparison with what is not shown"
            continue
        else:
            if name in ("more", "less") and not _has_amount(match):
                continue
            said = [index for p in pointers if p.span[0] < match.start() for index in p.indices]
            objects, end = tuple(index for index in dict.fromkeys(said) if index not in subjects), match.end()
            if not objects and len(shown.items) == 2:
                objects = tuple(index for index in shown.all if index not in subjects)
            if not objects and subjects and _has_amount(match):
                objects = _with_difference(match, name, subjects, shown)
            if match["less_price"] and len(subjects) == 1 and not objects:
                yield match.span(), "a comparison with nothing"
                continue
        yield (match.start(), end), _comparison_fault(match, name, subjects, objects, text, shown)


def _apart(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "The two are less than four dollars apart": the difference of two prices that are pointed at."""
    for match in _APART.finditer(text):
        indices = before(text, match.start(), pointers)
        prices = [price for index in indices if (price := shown.items[index].price) is not None]
        true = len(prices) == 2 == len(indices) and _is_difference(float(abs(prices[0] - prices[1])), match)
        yield match.span(), "" if true else "a difference that the prices do not have"


def _affordable(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    """ "If you'd rather spend under $50, only the A fits": what costs no more, and with "only" all that does."""
    for match in _SPENDING.finditer(text):
        fitting, limit = pointed(match["fits"], pointers), _amount(match)
        costs = [item.price for item in shown.items]
        within = {i for i, price in enumerate(costs) if price is not None and price < limit}
        others = {i for i, price in enumerate(costs) if price is None or price < limit} - set(fitting)
        true = set(fitting) <= within and not (match["only"] and others)
        yield match.span(), "" if true else "a limit that is not kept"


def _with_difference(match: re.Match[str], name: str, subjects: Sequence[int], shown: Shown) -> tuple[int, ...]:
    """What "it is $11 less" is less than, where nothing else is pointed at: the shown items that cost so much more."""
    mine = [shown.items[index].price for index in subjects]
    sign = 1 if name.startswith("less") else -1
    return tuple(
        index
        for index, item in enumerate(shown.items)
        if index not in subjects
        and item.price is not None
        and all(price is not None and (item.price - price) * sign == _amount(match) for price in mine)
    )


def _comparison_fault(
    match: re.Match[str], name: str, subjects: Sequence[int], objects: Sequence[int], text: str, shown: Shown
) -> str:
    if not subjects or not objects:
        return "a comparison with nothing"
    more = name.startswith("more")
    kind = name.partition("_")[2]
    if not kind:
        if not (_has_amount(match) or re.search(r"\bcosts?\b|\bprice", text)):
            return "a comparison of what no record counts"
        kind = "price"
    value = MEASURES[kind]
    for one in items_of(subjects, shown):
        for other in items_of(objects, shown):
            mine, its = value(one), value(other)
            if mine is None or its is None or (mine <= its if more else mine >= its):
                return "a comparison that the records do not bear"
            if _has_amount(match) and not _is_difference(abs(mine - its), match):
                return "a difference that the prices do not have"
    return ""


def _has_amount(match: re.Match[str]) -> bool:
    return bool(match["sum"] or match["words"])


def _amount(match: re.Match[str]) -> Decimal:
    if match["sum"]:
        return Decimal(match["sum"].replace(",", ""))
    words = match["words"].lower()
    spelt = 1 if words in ("a", "an") else spelt_value(words)
    return Decimal(words) if spelt is None else Decimal(spelt)


def _is_difference(difference: float, match: re.Match[str]) -> bool:
    said, rough = float(_amount(match)), (match["rough"] or "").lower()
    if rough in ("over", "more than", "just over", "a little over"):
        return said < difference
    if rough in ("under", "less than", "just under"):
        return difference < said
    slack = max(NEARLY * said, 0.1) if rough else 0.006
    return abs(difference - said) <= slack


def _extremes(text: str, pointers: Sequence[Pointer], shown: Shown) -> Claims:
    for match in _EXTREME.finditer(text):
        name = next(name for name, held in match.groupdict().items() if held)
        scope = _SCOPE.match(text[match.end() :])
        noun, of = (scope["noun"] or "", scope["of"]) if scope else ("", None)
        end = match.end() + (scope.end() if scope and (of or scope["here"]) else 0)
        subjects = before(text, match.start(), pointers)
        leading = re.search(rf"^(?:\s*(?:one|pick|choice|\w+)?)?(?:\s+here|\s+of {CODE})?\s+(?:is|are)\s+(?={CODE})"
                            rf"|^\s+(?={CODE})", text[match.end() :])  # fmt: skip
        if (leading and not of) or (leading and not subjects):
            subjects = after(text, match.end() + leading.end(), pointers)
        pool = set(pointed(of, pointers)) if of else set(_scope(text, pointers) or shown.all)
        if (
            _WHOLE_SHOP.search(text[match.end() : match.end() + 30])
            or re.search(r"\bour\s+$", text[: match.start()])
            or (noun.strip() and not of and not (scope and scope["here"]) and not _generic(noun))
        ):
            yield match.span(), "a superlative of the whole shop"
        elif not subjects or not set(subjects) <= pool:
            yield match.span(), "a superlative of nothing"
        else:
            true = _is_extreme(name, subjects, sorted(pool), shown)
            yield (match.start(), end), "" if true else "a superlative that the records do not bear"


def _scope(text: str, pointers: Sequence[Pointer]) -> tuple[int, ...]:
    """What "Of the two gels, …" limits the sentence to; the code is blanked out, and the pointer tells."""
    return pointers[0].indices if re.match(rf"(?:Of|Out of|Among|Between) {BLANK}+\s*,", text) and pointers else ()


def _generic(noun: str) -> bool:
    return all(token.text in FILLERS for token in tokens(noun))


def _is_extreme(name: str, subjects: Sequence[int], pool: Sequence[int], shown: Shown) -> bool:
    """True if the subjects' value is the pool's highest or lowest; several may share it."""
    direction, kind = re.sub(r"\d", "", name).split("_")
    if kind in ("size", "mass"):
        sizes = [shown.records[index].sizes for index in pool]
        common = set.intersection(*(set(held) for held in sizes)) & ({"mass", "weave"} if kind == "mass" else SIZES)
        measures = min(common, default="")
        values = {index: held.get(measures) for index, held in zip(pool, sizes, strict=True)}
    else:
        values = {index: MEASURES[kind](shown.items[index]) for index in pool}
    held = [value for value in values.values() if value is not None]
    if len(held) < 2 or (len(held) < len(pool) and kind in ("price", "size", "mass")):
        return False
    extreme = max(held) if direction == "max" else min(held)
    return all(values[index] == extreme for index in subjects)
