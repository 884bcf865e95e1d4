"""Whether a sentence of the LLM's is carried by the records of what is shown; if not, it is mended or left out.

Pure. Strict by design: a sentence passes only if it names a shown item, every number is the record's, and every word
that could be a claim stands in the record of the item it is said of. A true sentence lost costs a template; a false
one let through costs the shopper's trust.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from chat.advice import is_courtesy, is_question, without_advice
from chat.claims import check_claims, states_a_fact
from chat.measures import measure
from chat.pointers import BLANK, CODE, Pointer, Shown, coded, find_pointers, number_of
from chat.record import records, stem
from chat.shortening import VERBS, shortened
from chat.spreads import is_spread
from chat.standing import check_standing
from chat.want import Need
from chat.words import plain, tokens
from retrieval.items import Item

Verdict = Literal["kept", "repaired", "cut"]
LONGEST_SENTENCE = 320  # characters
CLAIMS_NOTHING = "claims nothing"

_MARKUP = re.compile(
    r"https?:|www\.|\w\.(?:com|org|net|io|shop)\b|[<>\[\]{}|`*_#\\]|&[a-z]+;|@\w"
    r"|\b(?:system|assistant|user)\s*:|\bprompts?\b|\binstructions?\b",
    re.IGNORECASE,
)
_WRONGLY_ADDRESSED = re.compile(
    r"\b(?:the|this|a) (?:shopper|customer|user|client|buyer|person)\b|\bshopper\b|\bas an? (?:ai|assistant"
    r"|language)\b"
    r"|\b(?:i|i'm|i've|i'll|i'd|me|my|we|we're|we've|we'll|our|us)\b",
    re.IGNORECASE,
)
_EMPTY_TALK = re.compile(
    r"^(?:sure|certainly|of course|here (?:is|are)|here's|absolutely|sorry|unfortunately|thank|please|let me|hello|hi"
    r"|note|yes|no|okay|ok|in conclusion|overall|remember|price|item|facts|wanted)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_PRONOUN = re.compile(r"^(?:it|it's|they|they're)\b", re.IGNORECASE)
_PRONOUN_SUBJECT = re.compile(r"^(?:It|They)(?:'(?P<verb>s|re))?\b")
_IN_FULL = {None: "", "s": " is", "re": " are"}
# "Of the two gels, the A is cheaper": what is compared, and no part of what the sentence is said of.
_SCOPE = re.compile(rf"^(?:Of|Out of|Among|Between) (?P<of>{CODE})\s*,")
# Where a clause begins anew; a colon anywhere else is a form that is filled in: "Material: cotton".
_JOINT = re.compile(r";(?=\s)|(?<!\bmaterial)(?<!\bfeatures)(?<!\bcolour)(?<!\bsize)(?<!\bprice):(?=\s)", re.IGNORECASE)
_INDEFINITE = re.compile(r"(?:there(?:'s| is| are)|an?|one|at|for|under|with|from|just|only|\d+)\b", re.IGNORECASE)
# Where only the opening or the end has a form that cannot stand: "Of the two that we have left, …", "…, shall I look?"
_MAY_BE_SHORTENED = re.compile(r"\?$|\bafraid\b|^(?:Of|From|Among) [^,]*\b(?:we|our)\b[^,]*, ")
_MAKER = re.compile(rf"(?P<brand>{CODE})\s+(?:makes?|sells?)\s+(?:the\s+)?(?P<item>{CODE})", re.IGNORECASE)


@dataclass(frozen=True)
class Checked:
    """What became of a sentence."""

    text: str  # "" if cut
    verdict: Verdict
    why: str = ""  # for the log: what was repaired, or what no record carries
    item_ids: tuple[str, ...] = ()  # the items it names, also where it was cut


def on_show(items: Sequence[Item]) -> Shown:
    """What the check knows of the shown items; made once, it serves for every sentence about them."""
    return Shown(records(items))


def check(
    sentence: str, shown: Sequence[Item] | Shown, need: Need, about: Sequence[str] = (), passages: Sequence[str] = ()
) -> Checked:
    """Hold the sentence against the records of the shown items and the need.

    ``passages``: of the shop's policies; a whole sentence of one, word for word, is the merchant's own and stands.
    ``about``: ids of the items that the sentence before named, shown or cut, for "It costs …". The verdict is "kept"
    only where the text is unchanged apart from its spaces.
    """
    text, held = plain(sentence), shown if isinstance(shown, Shown) else on_show(shown)
    if _quotes(text, passages):
        return Checked(text, "kept")
    if is_courtesy(text, frozenset().union(*(record.title_words for record in held.records))):
        return Checked(text, "kept", CLAIMS_NOTHING)
    checked = _check_once(text, held, need, about)
    if checked.verdict != "cut" or (checked.why.startswith("form") and not _MAY_BE_SHORTENED.search(text)):
        return checked
    # What no record carries often stands at one end: what is left may still be a true sentence.
    bare = not find_pointers(text, held)
    for shorter in shortened(text):
        if is_question(shorter):
            continue  # the half of one is no sentence
        tried = _check_once(shorter, held, need, about, bare)
        if tried.verdict != "cut":
            return Checked(tried.text, "repaired", f"shortened: {checked.why}", tried.item_ids)
    # "They range from $50 to $82": not of the one that was spoken of, but of all that are shown.
    if text.startswith("They "):
        tried = _check_once(text, held, need, (), they=True)
        if tried.verdict != "cut":
            return tried
    return checked


def _quotes(text: str, passages: Sequence[str]) -> bool:
    """True if the text is a passage, or one of its sentences, word for word."""
    sentences = {plain(part) for passage in passages for part in (passage, *_SENTENCE_END.split(passage))}
    return text in sentences - {""}


def with_name(checked: Checked, shown: Sequence[Item]) -> Checked:
    """The sentence with "It" replaced by the item's title, for where the sentence before is not shown."""
    titles = [item.title for item in shown if item.id in checked.item_ids]
    if len(titles) != 1 or not _PRONOUN_SUBJECT.match(checked.text):
        return checked
    text = _PRONOUN_SUBJECT.sub(lambda found: titles[0] + _IN_FULL[found["verb"]], checked.text, count=1)
    return Checked(text, "repaired", "named the item", checked.item_ids)


def needs_antecedent(checked: Checked) -> bool:
    """True if the sentence speaks of "it" and can only stand after one that names the item."""
    return bool(_PRONOUN.match(checked.text))


def _check_once(
    text: str, shown: Shown, need: Need, about: Sequence[str], bare: bool = True, they: bool = False
) -> Checked:
    """``bare``: a sentence that points at nothing may stand for the one item that carries it."""
    pointers = [Pointer((0, 4), shown.all)] if they else find_pointers(text, shown)
    named = tuple(dict.fromkeys(shown.items[i].id for pointer in pointers if not pointer.some for i in pointer.indices))
    masked = coded(text, pointers)
    if why := _bad_form(text, masked):
        return Checked("", "cut", f"form: {why}", named)
    if not pointers:
        if is_spread(text, shown.records):
            return Checked(text, "kept", item_ids=tuple(item.id for item in shown.items))
        spoken = [index for index, item in enumerate(shown.items) if item.id in about]
        if len(spoken) != 1 or not _PRONOUN.match(text):
            spoken = (
                [] if not bare or not _is_bare(text, shown) else _true_of(_told(text), shown.all, shown, need, text)
            )
        if len(spoken) != 1:
            return Checked("", "cut", "names no shown item")
        named = (shown.items[spoken[0]].id,)
    if why := _wrong_maker(masked, text, pointers, shown):
        return Checked("", "cut", why, named)
    measured = measure(_without_scope(without_advice(masked)), pointers, shown)
    if measured.cut:
        return Checked("", "cut", measured.cut, named)
    left = _JOINT.sub(",", measured.text)
    parts = _parts(left, pointers) if pointers else [(Pointer((0, 0), tuple(spoken)), (0, len(text)))]
    changes: list[tuple[tuple[int, int], str]] = []
    for pointer, (start, end) in parts:
        stretch = _without_codes(left[start:end])
        if re.match(r"(?:neither|none)\b", text[pointer.span[0] : pointer.span[1]], re.IGNORECASE):
            denied = _denying(stretch)
            if denied == stretch:
                return Checked("", "cut", "a denial of what no record denies", named)
            stretch = denied
        if not pointer.some:
            about_these = [shown.records[index] for index in pointer.indices]
            outcome = check_claims(stretch, about_these, shown.records, need, text)
            if (
                not outcome.cut
                and _is_only(left, start, pointer)
                and not _of_no_other(stretch, pointer, shown, need, text)
            ):
                return Checked("", "cut", "what is true of others too", named)
            if outcome.cut:
                return Checked("", "cut", outcome.cut, named)
            changes += [((start + first, start + last), new) for (first, last), new in outcome.changes]
        elif len(_true_of(stretch, pointer.indices, shown, need, text)) != pointer.some:
            return Checked("", "cut", f"a number of items of which it is not true: {pointer.some}", named)
    plainly = _without_codes(left).replace(BLANK, " ")
    if not (measured.found or any(token.text in VERBS for token in tokens(_without_codes(masked)))
            or _says_what_it_does(plainly, shown)):  # fmt: skip
        return Checked("", "cut", "no sentence", named)
    about_named = [record for record in shown.records if record.item.id in named] or list(shown.records)
    stands = check_standing(_without_codes(left), about_named, text)[0] != _without_codes(left)
    if not measured.found and not stands and not states_a_fact(plainly, about_named):
        return Checked("", "cut", "says nothing of the item", named)
    changes += [(held.span, shown.items[held.indices[0]].title) for held in pointers if not held.exact]
    whys = [f"{text[start:end]} → {new}" for (start, end), new in sorted(changes)]
    repaired = text
    for (start, end), new in sorted(changes, reverse=True):
        repaired = repaired[:start] + new + repaired[end:]
    return Checked(repaired, "repaired" if changes else "kept", "; ".join(whys), named)


def _without_scope(text: str) -> str:
    return _SCOPE.sub(lambda match: match[0].replace(match["of"], BLANK * len(match["of"])), text)


def _wrong_maker(masked: str, text: str, pointers: Sequence[Pointer], shown: Shown) -> str:
    """Why "Acme makes the dome tent" has to go; empty if Acme does, or nothing of the kind is said."""
    if (match := _MAKER.search(masked)) is None:
        return ""
    brand, thing = (pointers[number_of(match[name])] for name in ("brand", "item"))
    said = text[brand.span[0] : brand.span[1]].lower()
    makes = {shown.items[index].brand.lower() for index in thing.indices}
    return "" if makes == {said.removeprefix("the ")} else f"a maker that no record carries: {said}"


def _is_bare(text: str, shown: Shown) -> bool:
    """True if the sentence can stand for one item that it does not point at: "There are three of the tin left"."""
    names = frozenset().union(*shown.proper)
    return bool(_INDEFINITE.match(text)) and not any(
        token.raw[0].isupper() and stem(token.text.removesuffix("'s")) in names for token in tokens(text)[1:]
    )


def _told(text: str) -> str:
    """A sentence that points at nothing, as it is held against each item: the one that carries it all is meant."""
    return _JOINT.sub(",", without_advice(text))


def _denying(stretch: str) -> str:
    """What "neither" says of each: "is cotton" as "not cotton", as long as before where it can be."""
    return re.sub(r"\b(?:is|are|has|have|needs?|comes?)\b", lambda match: "not".ljust(len(match[0])), stretch, count=1)


def _is_only(text: str, start: int, pointer: Pointer) -> bool:
    return bool(re.search(r"\bonly\s+$", text[start : pointer.span[0]], re.IGNORECASE))


def _of_no_other(stretch: str, pointer: Pointer, shown: Shown, need: Need, text: str) -> bool:
    others = [index for index in shown.all if index not in pointer.indices]
    return not _true_of(stretch, others, shown, need, text)


def _true_of(stretch: str, indices: Sequence[int], shown: Shown, need: Need, text: str) -> list[int]:
    """The items that every claim of the stretch is true of, as it stands."""
    outcomes = {i: check_claims(stretch, [shown.records[i]], shown.records, need, text) for i in indices}
    return [index for index, outcome in outcomes.items() if not outcome.cut and not outcome.changes]


def _says_what_it_does(bare: str, shown: Shown) -> bool:
    """True if a word looks like the verb of a record: "digs, saws, measures and cuts"."""
    return any(
        token.text.endswith("s") and any(record.carries(token.text) for record in shown.records)
        for token in tokens(bare)
    )


def _without_codes(text: str) -> str:
    return re.sub("[\ue000-\ue0ff]", BLANK, text)


def _bad_form(text: str, bare: str) -> str:
    """What is wrong with the sentence before its facts are looked at; empty if nothing is.

    ``bare``: the text without the names in it, which may hold a "#" or a "&".
    """
    if not text or len(text) > LONGEST_SENTENCE:
        return "empty or too long"
    if text[-1] not in ".!":
        return "no full stop"
    if _MARKUP.search(bare):
        return "markup, link or tag"
    if _EMPTY_TALK.search(text) or not (text[0].isupper() or text[0].isdigit()):
        return "empty talk"
    if _WRONGLY_ADDRESSED.search(without_advice(text)):
        return "speaks of itself or of the shopper as someone else"
    return ""


def _parts(text: str, pointers: Sequence[Pointer]) -> list[tuple[Pointer, tuple[int, int]]]:
    """The coded sentence cut into stretches, each with what it speaks of. Pointers that were blanked out begin none.

    Names that only "and", "or" or a comma joins share what follows: "The A and the B are waterproof."
    """
    groups: list[tuple[Pointer, int, int]] = []
    joined = re.compile(r"(?:\s|,|\band\b|\bor\b|\bthe\b|\bboth\b)*", re.IGNORECASE)
    for match in re.finditer(CODE, text):
        pointer = pointers[number_of(match[0])]
        if groups and not pointer.some and joined.fullmatch(text[groups[-1][2] : match.start()]):
            before = groups[-1][0]
            both = tuple(dict.fromkeys((*before.indices, *pointer.indices)))
            groups[-1] = (Pointer(before.span, both, True, before.some), groups[-1][1], match.end())
        else:
            groups.append((pointer, *match.span()))
    if not groups:
        whole = tuple(dict.fromkeys(index for pointer in pointers for index in pointer.indices))
        return [(Pointer((0, 0), whole), (0, len(text)))]
    edges = [0]
    for (_, _, end), (_, start, _) in pairwise(groups):
        edges.append(_clause_start(text, end, start))
    edges.append(len(text))
    return [(pointer, (edges[n], edges[n + 1])) for n, (pointer, _, _) in enumerate(groups)]


def _clause_start(text: str, start: int, end: int) -> int:
    """Where the clause of the next name begins: at the last comma or joining word before it."""
    joins = list(re.finditer(r"[,;:]|\b(?:and|while|but|or|whereas|though)\b", text[start:end], re.IGNORECASE))
    return start + joins[-1].start() if joins else end
