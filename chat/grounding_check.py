"""Whether a sentence of the LLM's is carried by the records of what is shown; if not, it is mended or left out.

Pure. Strict by design: a sentence passes only if it names a shown item, every number is the record's, and every word
that could be a claim stands in the record of the item it is said of. A true sentence lost costs a template; a false
one let through costs the shopper's trust.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chat.money import parse_amount, price_text
from chat.naming import Naming, find_namings
from chat.record import NUMBER_WORDS, Record, stem
from chat.want import Need
from chat.words import FILLERS, Token, plain, singular, tokens
from retrieval.items import Item

Verdict = Literal["kept", "repaired", "cut"]
LONGEST_SENTENCE = 320  # characters

_MARKUP = re.compile(
    r"https?:|www\.|\w\.(?:com|org|net|io|shop)\b|[<>\[\]{}|`*_#\\]|!\[|&[a-z]+;|@\w|\bsystem\s*:|\bassistant\s*:|\buser\s*:|\bprompt\b|\binstructions?\b",
    re.IGNORECASE,
)
_WRONGLY_ADDRESSED = re.compile(
    r"\b(?:the|this) (?:shopper|customer|user|client|buyer|person)\b|\bshopper\b|\bas an? (?:ai|assistant|language)\b|\b(?:i|i'm|i've|i'll|i'd|me|my|we|we're|we've|we'll|our|us)\b",
    re.IGNORECASE,
)
_EMPTY_TALK = re.compile(
    r"^(?:sure|certainly|of course|here (?:is|are)|here's|absolutely|sorry|unfortunately|thank|please|let me|hello|hi\b|note\b|yes\b|no\b|okay|ok\b|in conclusion|overall|remember)",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|none|neither|nor|lacks?|cannot|unlike|except|unless|if|may|might|could|would|should|probably|perhaps|seems?)\b|n't\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:discount\w*|sale|deal|off|save[sd]?|savings?|free|coupon|voucher|promo\w*|offer ends|reduced|bargain|ship\w*|deliver\w*|dispatch\w*|warrant\w*|guarantee\w*|refund\w*|returns?|exchange\w*|policy"
    r"|sold out|limited|hurry|left|best[- ]?sell\w*|popular|favou?rite|award\w*|trending|new arrival|exclusive|customers?|reviewers?|people (?:say|love)|recommended by|tested|certified|proven|approved|percent|%|half|double|twice|total|altogether|together|each|per)\b|%",
    re.IGNORECASE,
)
_STOCK = re.compile(r"\b(?:in stock|available(?: now)?|availability)\b", re.IGNORECASE)
_SUPERLATIVE = re.compile(
    r"\b(?:best|most|least|cheapest|lowest|highest|lightest|largest|biggest|smallest|fastest|strongest|warmest|softest|finest|newest|top|only one|number one|ultimate|perfect(?:ly)?|unbeatable|ever|always|every|all|any|everything|leading|premium)\b|\b(?!honest|modest|forest|west|nest|rest|test|vest|chest|guest|request|interest|harvest|suggest)\w{3,}est\b",
    re.IGNORECASE,
)
_COMPARATIVE = re.compile(
    r"\b(?:cheaper|less expensive|more expensive|pricier|dearer|higher rated|better rated|than|more|less|better|compared|similar|same|both|also)\b",
    re.IGNORECASE,
)
_BUDGET = re.compile(
    r"\b(?:(?:within|under|in|inside|fits?|below|meets?|suits?)\s+(?:\w+\s+)?(?:your|the)\s+(?:\w+\s+)?(?:budget|limit|price range|price)|budget)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?P<pre>US\$|CA\$|A\$|[$€£¥₹])\s?(?P<sum>\d[\d.,]*\d|\d)|(?P<sum2>\d[\d.,]*\d|\d)\s?(?P<post>€|£|USD|EUR|GBP|INR|JPY|dollars?|euros?|pounds?|rupees?|yen)(?!\w)",
    re.IGNORECASE,
)
_BOUND_BEFORE = re.compile(r"\b(?:under|below|within|less than|up to|budget of|your)\s+(?:your\s+)?$", re.IGNORECASE)
_RATING = re.compile(
    r"\b(?:rat(?:ed|ing)(?: of| is| at)?:?\s*(?P<a>[0-5](?:\.\d+)?)(?!\s*(?:reviews?|ratings?))|(?P<b>[0-5](?:\.\d+)?)[- ]?stars?(?: rating)?|(?P<c>[0-5](?:\.\d+)?)\s*(?:out of|/)\s*(?:5|five)(?: stars?)?)(?:\s*(?:out of|/)\s*(?:5|five))?(?: stars?)?",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\b(?P<count>\d[\d,]*)\s+(?:customer |shopper )?(?:reviews?|ratings?)\b", re.IGNORECASE)
_NUMBER = re.compile(
    rf"(?<![\w.])\d+(?:[.,]\d+)*|\b(?:{'|'.join(w for w in NUMBER_WORDS if w != 'one')})\b", re.IGNORECASE
)
_PRONOUN = re.compile(r"^(?:it|it's|this(?: one)?|they|these|this \w+)\b", re.IGNORECASE)

# Words that claim nothing about an item, or nothing that could be wrong.
_HARMLESS = frozenset(
    "cost costs costing price priced pricing come comes coming make made has have having feature features offer offers "
    "include includes provide provides give gives is are it its this that these they which while with and or but also "
    "item choice option pick match fit fits suit suits suited suitable consider look looks looking try "
    "good great nice lovely solid fine smart simple well worth work works available show shown see list "
    "colour color size material brand category rating rated star stars piece style design shop price tag "
    "you your need want asked ask request looking for here there too just only at by from of in on to as either "
    "another other first second third last one ones alternative instead then so priced keep keeps "
    "such both each like likes bring brings use used using serve serves call called name named".split()
)
_VERBS = frozenset(
    "is are has have comes come costs cost features offers includes fits suits provides gives works keeps made priced "
    "rated uses brings serves looks it's".split()
)
_CLAUSE = re.compile(
    r",\s+(?:and\s+|which\s+|making\s+|while\s+|but\s+|so\s+|with\s+)?|\s+(?:and|with|which|while|but|making|so that|so|that|for|in|to|from)\s+",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:\b(?:a|an|the|is|are|has|have|of|for|with|and|or|to|in|at|by|on|its|your|as|comes|made|also|very|that|which|from|features|offers|includes|costs|priced|rated|but|it|both|great|good|nice|perfect|suitable|ideal)|,)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Checked:
    """What became of a sentence."""

    text: str  # "" if cut
    verdict: Verdict
    why: str = ""  # for the log: what was repaired, or what no record carries
    item_ids: tuple[str, ...] = ()  # the items it names


def check(sentence: str, shown: Sequence[Item], need: Need, about: Sequence[str] = ()) -> Checked:
    """Hold the sentence against the records of the shown items and the need.

    ``about``: ids of the items that the sentence before named, for "It costs …". The verdict is "kept" only where the
    text is unchanged apart from its spaces.
    """
    text = plain(sentence)
    whole = _check_once(text, shown, need, about)
    if whole.verdict != "cut" or whole.why.startswith("form"):
        return whole
    # What no record carries often stands at the end: what is left before it may still be a true sentence.
    for shorter in _shortened(text):
        tried = _check_once(shorter, shown, need, about)
        if tried.verdict != "cut" and _says_something(tried, shown):
            return Checked(tried.text, "repaired", f"shortened: {whole.why}", tried.item_ids)
    return whole


def _check_once(text: str, shown: Sequence[Item], need: Need, about: Sequence[str]) -> Checked:
    if why := _bad_form(text):
        return Checked("", "cut", f"form: {why}")
    namings = find_namings(text, shown)
    by_id = {item.id: index for index, item in enumerate(shown)}
    if not namings:
        indices = [by_id[item_id] for item_id in about if item_id in by_id]
        if len(indices) != 1 or not _PRONOUN.match(text):
            return Checked("", "cut", "names no shown item")
        parts = [(indices, (0, len(text)))]
    else:
        parts = _parts(text, namings)
    repaired = text
    whys: list[str] = []
    for indices, (start, end) in reversed(parts):
        masked = _masked(text, namings, start, end)
        outcome = _check_part(masked, [Record(shown[i]) for i in indices], shown, need)
        if outcome.cut:
            return Checked("", "cut", outcome.cut)
        for (first, last), new in reversed(outcome.changes):
            repaired = repaired[: start + first] + new + repaired[start + last :]
            whys.append(f"price {masked[first:last]} → {new}")
    for naming in reversed(namings):
        if not naming.exact:
            title = shown[naming.index].title
            if repaired != text:
                return Checked("", "cut", "a wrong name and a wrong price")
            whys.append(f"name {text[naming.span[0] : naming.span[1]]} → {title}")
    if any(not naming.exact for naming in namings):
        for naming in reversed(namings):
            if not naming.exact:
                repaired = repaired[: naming.span[0]] + shown[naming.index].title + repaired[naming.span[1] :]
    ids = tuple(dict.fromkeys(shown[i].id for indices, _ in parts for i in indices))
    return Checked(repaired, "repaired" if whys else "kept", "; ".join(whys), ids)


def _bad_form(text: str) -> str:
    """What is wrong with the sentence before its facts are looked at; empty if nothing is."""
    if not text or len(text) > LONGEST_SENTENCE:
        return "empty or too long"
    if text[-1] not in ".!":
        return "no full stop"
    if _MARKUP.search(text):
        return "markup, link or tag"
    if _EMPTY_TALK.search(text) or not text[0].isupper():
        return "empty talk"
    if _WRONGLY_ADDRESSED.search(text):
        return "speaks of itself or of the shopper as someone else"
    return ""


def _parts(text: str, namings: list[Naming]) -> list[tuple[list[int], tuple[int, int]]]:
    """The sentence cut into stretches, each with the items that it speaks of.

    Names that only "and", "or" or a comma joins share what follows: "The A and the B are waterproof."
    """
    groups: list[tuple[list[int], int, int]] = []
    for naming in namings:
        if groups and re.fullmatch(
            r"(?:\s|,|\band\b|\bor\b|\bthe\b|\bboth\b)*", text[groups[-1][2] : naming.span[0]], re.IGNORECASE
        ):
            groups[-1] = ([*groups[-1][0], naming.index], groups[-1][1], naming.span[1])
        else:
            groups.append(([naming.index], *naming.span))
    parts = []
    for number, (indices, _, _) in enumerate(groups):
        start = 0 if number == 0 else _clause_start(text, groups[number - 1][2], groups[number][1])
        end = len(text) if number + 1 == len(groups) else _clause_start(text, groups[number][2], groups[number + 1][1])
        parts.append((indices, (start, end)))
    return parts


def _clause_start(text: str, start: int, end: int) -> int:
    """Where the clause of the next name begins: at the last comma or joining word before it."""
    joins = list(re.finditer(r"[,;]|\b(?:and|while|but|or|whereas)\b", text[start:end], re.IGNORECASE))
    return start + joins[-1].start() if joins else end


def _masked(text: str, namings: list[Naming], start: int, end: int) -> str:
    """The stretch with its item names blanked out, of the same length."""
    chars = list(text)
    for naming in namings:
        for place in range(*naming.span):
            chars[place] = "\x1f"
    return "".join(chars[start:end])


@dataclass
class _Outcome:
    cut: str
    changes: list[tuple[tuple[int, int], str]]


def _check_part(part: str, records: list[Record], shown: Sequence[Item], need: Need) -> _Outcome:
    changes: list[tuple[tuple[int, int], str]] = []
    for pattern, what in ((_DENIAL, "a denial or a guess"), (_PROMISE, "a promise that no record carries")):
        if match := pattern.search(part):
            return _Outcome(f"{what}: {match[0]}", [])
    if match := _COMPARATIVE.search(part):
        if not (match[0].lower() in ("both", "also") or _fair_comparison(part)):
            return _Outcome(f"a comparison: {match[0]}", [])
    if match := _STOCK.search(part):
        in_stock = match[0].lower().startswith("in stock")
        follows = re.match(r"\s+(?:in|for|at|with)\b", part[match.end() :])
        if (in_stock or not follows) and not all(r.item.stock for r in records):
            return _Outcome("stock that no record carries", [])
        part = _blanked(part, match.span())
    if match := _SUPERLATIVE.search(part):
        if not _true_superlative(match[0].lower(), part, records, shown):
            return _Outcome(f"a superlative: {match[0]}", [])
        part = _blanked(part, match.span())
        part = re.sub(r"\b(?:of|among) (?:these|them|those)\b|\bhere\b", lambda m: " " * len(m[0]), part)
    limit = need.current.filter.price_max
    if match := _BUDGET.search(part):
        if limit is None or any(r.item.price is None or r.item.price > limit for r in records):
            return _Outcome("a budget that is not kept", [])
        part = _blanked(part, match.span())
    for match in _MONEY.finditer(part):
        wrong = _money(match, part, records, limit)
        if wrong is None:
            return _Outcome(f"a sum that no record carries: {match[0]}", [])
        if wrong:
            changes.append((match.span(), wrong))
    part = _MONEY.sub(lambda m: "\x1f" * len(m[0]), part)
    for match in _RATING.finditer(part):
        value = match["a"] or match["b"] or match["c"]
        if not all(_rated(r.item, value) for r in records):
            return _Outcome(f"a rating that no record carries: {match[0]}", [])
    part = _RATING.sub(lambda m: "\x1f" * len(m[0]), part)
    for match in _COUNT.finditer(part):
        if any(r.item.rating_count != int(match["count"].replace(",", "")) for r in records):
            return _Outcome(f"a count that no record carries: {match[0]}", [])
    part = _COUNT.sub(lambda m: "\x1f" * len(m[0]), part)
    for match in _NUMBER.finditer(part):
        if not all(_number(match, part, record) for record in records):
            return _Outcome(f"a number that no record carries: {match[0]}", [])
    part = _NUMBER.sub(lambda m: "\x1f" * len(m[0]), part)
    if word := _unknown_word(part, records, need):
        return _Outcome(f"no record carries {word!r}", [])
    return _Outcome("", changes)


def _blanked(part: str, span: tuple[int, int]) -> str:
    return part[: span[0]] + "\x1f" * (span[1] - span[0]) + part[span[1] :]


def _fair_comparison(part: str) -> bool:
    return False


def _true_superlative(word: str, part: str, records: list[Record], shown: Sequence[Item]) -> bool:
    """True for "the cheapest of these" where the price is the lowest shown; every other superlative is cut."""
    if (
        word not in ("cheapest", "lowest")
        or len(records) != 1
        or not re.search(r"\b(?:of|among) (?:these|them|those)\b|\bhere\b", part)
    ):
        return False
    price = records[0].item.price
    prices = [item.price for item in shown]
    return price is not None and None not in prices and price == min(p for p in prices if p is not None)


def _money(match: re.Match[str], part: str, records: list[Record], limit: Decimal | None) -> str | None:
    """Empty if the sum is right, the right price where it can be mended, None if the sentence has to go."""
    amount = parse_amount(match["sum"] or match["sum2"])
    if amount is None:
        return None
    prices = [record.item.price for record in records]
    if _BOUND_BEFORE.search(part[: match.start()]):
        return "" if amount == limit and all(price is not None and price <= amount for price in prices) else None
    right_currency = _same_currency(match, records[0].item.currency)
    if right_currency and all(price == amount for price in prices):
        return ""
    if len(records) == 1 and prices[0] is not None and len(_MONEY.findall(part)) == 1:
        return price_text(prices[0], records[0].item.currency)
    return None


def _same_currency(match: re.Match[str], currency: str) -> bool:
    sign = match["pre"] or match["post"] or ""
    sample = price_text(Decimal(1), currency)
    return not currency or sign.upper() == currency or sign in sample or (sign[0].isalpha() and sign.lower().rstrip("s") in {
        "USD": "dollar", "EUR": "euro", "GBP": "pound", "INR": "rupee", "JPY": "yen"}.get(currency, ""))  # fmt: skip


def _rated(item: Item, value: str) -> bool:
    if item.rating is None:
        return False
    decimals = len(value.partition(".")[2])
    return round(item.rating, decimals) == float(value) or item.rating == float(value)


def _number(match: re.Match[str], part: str, record: Record) -> bool:
    number = NUMBER_WORDS.get(match[0].lower(), match[0].replace(",", "."))
    after = re.match(r"[\s-]*([^\W\d_]+)", part[match.end() :])
    before = re.search(r"([^\W\d_]+)[\s:-]*$", part[: match.start()])
    return record.carries_number(number, before[1].lower() if before else "", after[1].lower() if after else "")


def _unknown_word(part: str, records: list[Record], need: Need) -> str:
    """The first word that claims something and stands in no field of every item spoken of; empty if there is none."""
    asked = {stem(word) for word in need.current.words.split()}
    words = tokens(part)
    for place, token in enumerate(words):
        text = token.text.removesuffix("'s")
        if text in _HARMLESS or text in FILLERS or singular(text) in _HARMLESS:
            continue
        if token.raw[0].isupper() and token.start and not all(_names(text, record) for record in records):
            return token.raw
        if all(record.carries(text) for record in records):
            continue
        if stem(text) in asked and _is_purpose(words, place):
            continue
        return token.raw
    return ""


def _names(word: str, record: Record) -> bool:
    return record.carries(word)


def _is_purpose(words: list[Token], place: int) -> bool:
    """True if the word stands in a phrase such as "for your desk": the shopper's own words, said back."""
    return any(token.text in ("for", "your") for token in words[max(0, place - 4) : place])


def _shortened(text: str) -> list[str]:
    """The sentence cut before its last clause, the one before that, and so on; only what could stand alone."""
    found = []
    for match in reversed(list(_CLAUSE.finditer(text))):
        left = text[: match.start()].rstrip(" ,;")
        if _DANGLING.search(left) or not any(token.text in _VERBS for token in tokens(left)):
            continue
        found.append(left + ".")
    return found


def _says_something(checked: Checked, shown: Sequence[Item]) -> bool:
    """True if a shortened sentence still says more of its item than its name and kind."""
    named = [Record(item) for item in shown if item.id in checked.item_ids]
    rest = checked.text
    for naming in reversed(find_namings(rest, shown)):
        rest = rest[: naming.span[0]] + rest[naming.span[1] :]
    if _MONEY.search(rest) or _RATING.search(rest) or _NUMBER.search(rest):
        return True
    said = [t.text for t in tokens(rest) if t.text not in _HARMLESS and t.text not in FILLERS]
    return any(stem(word) not in record.title_words for record in named for word in said)
