"""The claims that a stretch of a sentence makes of items, each held against their records.

Pure. Knows the kinds of claim: promises, comparisons, stock, superlatives, budgets, sums, ratings, counts, numbers,
and plain words. Which items a stretch speaks of, ``chat.grounding_check`` decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chat.ages import check_ages
from chat.amounts import quantities
from chat.company import check_company
from chat.denials import check_denials
from chat.money import parse_amount, price_text
from chat.numbers import SPELT, spelt_value
from chat.paraphrases import check_paraphrases
from chat.plain_talk import HARMLESS, NOT_HARMLESS
from chat.pointers import BLANK
from chat.record import Record, stem
from chat.relations import wrong_tie
from chat.sizes import without_runs
from chat.standing import check_standing
from chat.want import Need
from chat.words import FILLERS, Token, singular, tokens

_PROMISE = re.compile(
    r"\b(?:discount\w*|sale|deals?|off|save[sd]?|savings?|free|coupon|voucher|promo\w*|reduced|bargain|ship\w*"
    r"|deliver\w*"
    r"|dispatch\w*|warrant\w*|guarantee\w*|refund\w*|returns?|exchange\w*|policy|sold out|limited|hurry|left"
    r"|best[- ]?sell\w*|popular|favou?rite|award\w*|trending|new arrival|exclusive|customers?|reviewers?|people say"
    r"|people love|recommended by|tested|certified|proven|approved|percent|half|double|twice|totals?|altogether"
    r"|together|each|per|normally|usually"
    r"|(?:was|were)(?! (?:made|built|meant|designed|cut|cured|woven|born))|originally)\b|%",
    re.IGNORECASE,
)
_COMPARISON = re.compile(
    r"\b(?:cheaper|cheap|inexpensive|affordable|expensive|pricey|pricier|dearer|rated higher|than|more|less"
    r"|better|worse"
    r"|compared|similar|same(?! (?:idea|thing|sort|kind)\b)|difference)\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(
    r"\b(?:best|most|least|top|only one|number one|ultimate|perfect(?:ly)?|unbeatable|ever|always|every|all|any"
    r"|everything|leading|premium)\b"
    r"|\b(?!honest|modest|forest|west\b|nest\b|rest\b|test\b|vest\b|chest|guest|request|interest|harvest"
    r"|suggest)\w{3,}est\b",
    re.IGNORECASE,
)
_BUDGET = re.compile(
    r"\b(?:(?:within|under|in|inside|fits?|below|meets?|suits?)\s+(?:\w+\s+)?(?:your|the)\s+(?:\w+\s+)?"
    r"(?:budget|limit|price range|price)|budget)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?P<pre>US\$|CA\$|A\$|[$€£¥₹])\s?(?P<sum>\d[\d.,]*\d|\d)"
    r"|(?P<sum2>\d[\d.,]*\d|\d)\s?(?P<post>€|£|USD|EUR|GBP|INR|JPY|dollars?|euros?|pounds?|rupees?|yen)(?!\w)"
    rf"|\b(?P<sum3>{SPELT})\s(?P<post3>dollars?|euros?|pounds?)(?!\w)",
    re.IGNORECASE,
)
_BOUND_BEFORE = re.compile(r"\b(?:under|below|within|less than|up to|budget of|your)\s+(?:your\s+)?$", re.IGNORECASE)
_AT_MOST = re.compile(
    r"\b(?:(?:for|at|costs?|priced)\s+)?(?:just |well )?(?:under|below|less than|no more than)\s+$", re.IGNORECASE
)
_BOUND_ANY = re.compile(
    r"\b(?:over|above|more than|at least|from|starting at|around|about"
    r"|between)\s+$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"(?<![\w.])\d+(?:[.,]\d+)*(?:[-–]\d+(?:[.,]\d+)*)?|\b(?!one\b(?! hundred| thousand)){SPELT}\b",
    re.IGNORECASE,
)
_OF_EACH = re.compile(rf"(?<={BLANK}\s)(?:all|both|each)\b", re.IGNORECASE)
_ON_WHAT = re.compile(r"\b(?:run|work|charge|bet|rely)\w* on\b|\bgo(?:es)? down to\b", re.IGNORECASE)  # no place
# "30 cm across", "a 1 kg bag": what holds it, or which way it is measured.
_AFTER_AMOUNT = re.compile(
    r"\s+(?:across|wide|tall|long|high|deep|thick|in (?:length|height|width|diameter)|bags?|bottles?|jars?|packs?"
    r"|packets?|tins?|boxes|box|bars?|tubes?)\b",
    re.IGNORECASE,
)
# Where a thing is, is a claim of its own: "a whistle on the handle" needs more than a whistle and a handle.
_PLACE = re.compile(
    r"\b(?:on|inside|under|behind|around|over|onto|into|against|between|above|below|through)\s+(?:(?:the|a|an"
    r"|its|each|your)\s+)?(\w+)",
    re.IGNORECASE,
)


@dataclass
class Outcome:
    """What became of a stretch: why the sentence has to go, or the changes that make it right."""

    cut: str = ""
    changes: tuple[tuple[tuple[int, int], str], ...] = ()


def check_claims(part: str, records: list[Record], shown: Sequence[Record], need: Need, whole: str = "") -> Outcome:
    """Hold one stretch, its item names blanked out, against the records of the items it speaks of.

    ``whole``: the sentence that it is a stretch of.
    """
    if len(records) > 1:  # "the pairs all run small": said of each of them
        part = _OF_EACH.sub(lambda match: BLANK * len(match[0]), part)
    part, fault = check_standing(without_runs(_blanked_shared(part, records), records), records, whole or part)
    if not fault:
        part, fault = check_paraphrases(part, records)
    if not fault:
        part, fault = check_denials(part, records, shown)
    if not fault:
        part, fault = check_ages(part, records)
    if not fault:
        part, fault = check_company(part, records)
    if not fault:
        part, fault = _check_bounds(part, records)
    if fault:
        return Outcome(fault)
    for one in quantities(part):  # before "half" is read as a promise
        if all(one.size in record.quantities for record in records):
            after = _AFTER_AMOUNT.match(part[one.span[1] :])
            part = _blanked(part, (one.span[0], one.span[1] + (after.end() if after else 0)))
    if (match := _COMPARISON.search(part)) and not _phrase_carried(part, match, records):
        return Outcome(f"a comparison: {match[0]}")
    for match in _PROMISE.finditer(part):
        shared = match[0].lower() == "each" and len(records) > 1  # "250 ml each"
        if not shared and not _phrase_carried(part, match, records):
            return Outcome(f"a promise: {match[0]}")
    for match in _SUPERLATIVE.finditer(part):
        if not _phrase_carried(part, match, records):
            return Outcome(f"a superlative: {match[0]}")
    limit = need.current.filter.price_max
    if match := _BUDGET.search(part):
        if limit is None or any(r.item.price is None or r.item.price > limit for r in records):
            return Outcome("a budget that is not kept")
        part = _blanked(part, match.span())
    outcome = _numbers(part, records, limit)
    if outcome.cut:
        return outcome
    for one in quantities(part):
        after = _AFTER_AMOUNT.match(part[one.span[1] :])
        part = _blanked(part, (one.span[0], one.span[1] + (after.end() if after else 0)))
    whole = part
    for pattern in (_MONEY, _NUMBER):
        part = pattern.sub(lambda m: BLANK * len(m[0]), part)
    part = _ON_WHAT.sub(lambda m: BLANK * len(m[0]), part)
    for match in _PLACE.finditer(part):
        preposition = match[0].split()[0]
        word = match[1].lower()
        if word in FILLERS or word in HARMLESS:
            continue
        if not all(r.carries_pair(preposition, word) or r.carries_phrase(match[0]) for r in records):
            return Outcome(f"a place that no record carries: {match[0]}")
    if tie := wrong_tie(whole, records):
        return Outcome(f"a tie that no record carries: {tie}")
    if word := _unknown_word(part, records, need):
        return Outcome(f"no record carries {word!r}")
    return outcome


def _check_bounds(part: str, records: list[Record]) -> tuple[str, str]:
    """The stretch without "for less than ten dollars", where each of them costs less, and why it has to go."""
    for match in _MONEY.finditer(part):
        bound = _AT_MOST.search(part[: match.start()])
        if bound is None or (amount := _said(match)) is None or not _same_currency(match, records[0].item.currency):
            continue
        strict = not bound[0].lower().lstrip().startswith("no")
        prices = [record.item.price for record in records]
        if not all(price is not None and (price < amount or (not strict and price == amount)) for price in prices):
            return part, f"a limit that is not kept: {bound[0]}{match[0]}"
        part = _blanked(part, (bound.start(), match.end()))
    return part, ""


def _said(match: re.Match[str]) -> Decimal | None:
    """The amount of a sum, in figures or in words."""
    spelt = spelt_value(match["sum3"]) if match["sum3"] else None
    return parse_amount(match["sum"] or match["sum2"]) if spelt is None else Decimal(spelt)


def _blanked_shared(part: str, records: list[Record]) -> str:
    """The stretch without "in mustard and navy", where it is said of several and each of them is one or the other."""
    if len(records) < 2:
        return part
    for name in ("colour", "color", "size", "scent", "material", "type", "flavour"):
        held = [{value.lower() for value in record.item.attributes.get(name, ())} for record in records]
        values = sorted(set().union(*held), key=len, reverse=True)
        if not all(held) or len(values) < 2:
            continue
        one = f"(?:{'|'.join(map(re.escape, values))})"
        for match in re.finditer(
            rf"\b(?:in )?{one}(?:, (?:in )?{one})* (?:and|or) (?:in )?{one}\b", part, re.IGNORECASE
        ):
            said = {value.lower() for value in re.findall(one, match[0], re.IGNORECASE)}
            if all(said & values_of for values_of in held) and all(any(v in one_of for one_of in held) for v in said):
                part = _blanked(part, match.span())
    return part


def states_a_fact(rest: str, records: list[Record]) -> bool:
    """True if a sentence, its item names taken out, says more than the title does."""
    if _MONEY.search(rest) or _NUMBER.search(rest):
        return True
    said = [t.text for t in tokens(rest) if t.text not in HARMLESS and t.text not in FILLERS]
    return any(
        stem(word) not in record.title_words or any(stem(word) in held for held in record.attribute_words.values())
        for record in records
        for word in said
    )


def _numbers(part: str, records: list[Record], limit: Decimal | None) -> Outcome:
    """Sums, ratings, counts and every other number; a single wrong price of a single item is mended."""
    changes: list[tuple[tuple[int, int], str]] = []
    for match in _MONEY.finditer(part):
        right = _right_sum(match, part, records, limit)
        if right is None:
            return Outcome(f"a sum that no record carries: {match[0]}")
        if right:
            changes.append((match.span(), right))
    part = _MONEY.sub(lambda m: BLANK * len(m[0]), part)
    for one in quantities(part):
        if not all(one.size in record.quantities for record in records):
            return Outcome(f"an amount that no record carries: {part[one.span[0] : one.span[1]]}")
        part = _blanked(part, one.span)
    for match in _NUMBER.finditer(part):
        if not all(_number(match, part, record) for record in records):
            return Outcome(f"a number that no record carries: {match[0]}")
    return Outcome("", tuple(changes))


def _blanked(part: str, span: tuple[int, int]) -> str:
    return part[: span[0]] + BLANK * (span[1] - span[0]) + part[span[1] :]


def _phrase_carried(part: str, match: re.Match[str], records: list[Record]) -> bool:
    """True if the records have the word with the one after it, or the one before: "all skin", "fragrance tested"."""
    after = re.match(r"[\s-]+(\w+)", part[match.end() :])
    before = re.search(r"(\w+)[\s-]+$", part[: match.start()])
    said = match[0].lower()
    if said in ("twice", "double"):  # "can be brewed twice", in whatever order
        return all(record.carries(said) for record in records)
    if re.fullmatch(
        r"discount\w*|sale|save[sd]?|reduced|percent|%|ship\w*|deliver\w*|refund\w*|warrant\w*|was|were", said
    ):
        return False
    return all(
        (after is not None and record.carries_pair(said, after[1]))
        or (before is not None and record.carries_pair(before[1], said))
        for record in records
    )


def _right_sum(match: re.Match[str], part: str, records: list[Record], limit: Decimal | None) -> str | None:
    """Empty if the sum is right, the right price where it can be mended, None if the sentence has to go."""
    amount = _said(match)
    before = part[: match.start()]
    if amount is None or _BOUND_ANY.search(before):
        return None
    prices = [record.item.price for record in records]
    if bound := _BOUND_BEFORE.search(before):
        stated = amount == limit or bound[0].lower().strip() in ("under", "below", "less than")
        return "" if stated and all(price is not None and price <= amount for price in prices) else None
    if all(price == amount for price in prices) and _same_currency(match, records[0].item.currency):
        return ""
    by_word = not match["pre"] and (match["post"] or match["post3"])[0].isalpha()
    if by_word and not _same_currency(match, records[0].item.currency):
        return None  # "3 pounds" may be a weight
    if len(records) == 1 and prices[0] is not None and len(_MONEY.findall(part)) == 1:
        return price_text(prices[0], records[0].item.currency)
    return None


_NAMES = {"USD": "dollar", "EUR": "euro", "GBP": "pound", "INR": "rupee", "JPY": "yen"}


def _same_currency(match: re.Match[str], currency: str) -> bool:
    sign = match["pre"] or match["post"] or match["post3"] or ""
    if not currency or sign.upper() == currency:
        return True
    if sign[0].isalpha() and sign.lower() != "us$":
        return _NAMES.get(currency, "?") == singular(sign.lower())
    return sign in price_text(Decimal(1), currency) or (sign.lower() == "us$" and currency == "USD")


def _number(match: re.Match[str], part: str, record: Record) -> bool:
    spelt = spelt_value(match[0])
    number = str(spelt) if spelt is not None else re.sub(r",(?=\d{3}\b)", "", match[0]).replace(",", ".")
    after = re.match(r"[\s°-]*([^\W\d_]+)", part[match.end() :])
    before = re.search(r"([^\W\d_]+)[\s:-]*$", part[: match.start()])
    return record.carries_number(number, before[1].lower() if before else "", after[1].lower() if after else "")


def _unknown_word(part: str, records: list[Record], need: Need) -> str:
    """The first word that claims something and stands in no field of an item spoken of; empty if there is none."""
    asked = {stem(word) for word in need.current.words.split()}
    words = tokens(part)
    for place, token in enumerate(words):
        text = re.sub(r"'(?:s|d|ll|ve|re)?$", "", token.text)
        if text not in NOT_HARMLESS and (text in HARMLESS or text in FILLERS or singular(text) in HARMLESS):
            continue
        follows = words[place + 1].text if place + 1 < len(words) else ""
        # "A rubber sole" on a suede shoe: the words together, where the one alone would say what it is made of.
        if all(record.carries(text) or (follows and record.carries_pair(text, follows)) for record in records):
            continue
        if token.raw.islower() and stem(text) in asked and _is_purpose(words, place):
            continue
        return token.raw
    return ""


def _is_purpose(words: list[Token], place: int) -> bool:
    """True if the word stands in a phrase such as "for your desk": the shopper's own words, said back."""
    return any(token.text in ("for", "your") for token in words[max(0, place - 4) : place])
