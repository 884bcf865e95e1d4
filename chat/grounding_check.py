"""Whether a sentence of the LLM's is carried by the records of what is shown; if not, it is mended or left out.

Pure. Strict by design: a sentence passes only if it names a shown item, every number is the record's, and every word
that could be a claim stands in the record of the item it is said of. A true sentence lost costs a template; a false
one let through costs the shopper's trust.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from chat.claims import check_claims, states_a_fact
from chat.naming import Naming, find_namings
from chat.record import Record
from chat.relations import BLANK
from chat.want import Need
from chat.words import plain, tokens, word_set
from retrieval.items import Item

Verdict = Literal["kept", "repaired", "cut"]
LONGEST_SENTENCE = 320  # characters

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
_PRONOUN = re.compile(r"^(?:it|it's|they|they're)\b", re.IGNORECASE)
_PRONOUN_SUBJECT = re.compile(r"^(?:It|They)\b")
_VERBS = word_set(
    "packs folds stands holds sleeps weighs stays opens takes lasts dries washes "
    "is are has have comes come costs cost features feature offers offer includes include fits fit suits suit provides "
    "provide gives give works work keeps keep made priced rated uses use brings bring serves it's they're makes"
)
_CLAUSE = re.compile(
    r",\s+(?:and\s+|which\s+|making\s+|while\s+|but\s+|so\s+|with\s+)?"
    r"|\s+(?:and|with|which|while|but|making|so that|so|that|for|in|to|from)\s+",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:\b(?:a|an|the|is|are|has|have|of|for|with|and|or|to|in|at|by|on|its|your|as|comes|made|also|very|that|which"
    r"|from|features|offers|includes|costs|priced|rated|but|it|both|great|good|nice|perfect|suitable|ideal|available"
    r"|designed|choice|option|pick)|,)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Checked:
    """What became of a sentence."""

    text: str  # "" if cut
    verdict: Verdict
    why: str = ""  # for the log: what was repaired, or what no record carries
    item_ids: tuple[str, ...] = ()  # the items it names, also where it was cut


def check(sentence: str, shown: Sequence[Item], need: Need, about: Sequence[str] = ()) -> Checked:
    """Hold the sentence against the records of the shown items and the need.

    ``about``: ids of the items that the sentence before named, shown or cut, for "It costs …". The verdict is "kept"
    only where the text is unchanged apart from its spaces.
    """
    text = plain(sentence)
    checked = _check_once(text, shown, need, about)
    if checked.verdict != "cut" or checked.why.startswith("form"):
        return checked
    # What no record carries often stands at one end: what is left may still be a true sentence.
    for shorter in _shortened(text):
        tried = _check_once(shorter, shown, need, about)
        if tried.verdict != "cut":
            return Checked(tried.text, "repaired", f"shortened: {checked.why}", tried.item_ids)
    return checked


def with_name(checked: Checked, shown: Sequence[Item]) -> Checked:
    """The sentence with "It" replaced by the item's title, for where the sentence before is not shown."""
    titles = [item.title for item in shown if item.id in checked.item_ids]
    if len(titles) != 1 or not _PRONOUN_SUBJECT.match(checked.text):
        return checked
    text = _PRONOUN_SUBJECT.sub(lambda _: titles[0], checked.text, count=1)
    return Checked(text, "repaired", "named the item", checked.item_ids)


def needs_antecedent(checked: Checked) -> bool:
    """True if the sentence speaks of "it" and can only stand after one that names the item."""
    return bool(_PRONOUN.match(checked.text))


def _check_once(text: str, shown: Sequence[Item], need: Need, about: Sequence[str]) -> Checked:
    namings = find_namings(text, shown)
    named = tuple(dict.fromkeys(shown[naming.index].id for naming in namings))
    if why := _bad_form(text, _masked(text, namings)):
        return Checked("", "cut", f"form: {why}", named)
    if len(named) != len(namings):
        return Checked("", "cut", "names one item twice", named)
    if namings:
        parts = _parts(text, namings)
    else:
        spoken = [index for index, item in enumerate(shown) if item.id in about]
        if len(spoken) != 1 or not _PRONOUN.match(text):
            return Checked("", "cut", "names no shown item")
        parts, named = [(spoken, (0, len(text)))], (shown[spoken[0]].id,)
    changes: list[tuple[tuple[int, int], str]] = []
    for indices, (start, end) in parts:
        masked = _masked(text, namings)[start:end]
        outcome = check_claims(masked, [Record(shown[i]) for i in indices], shown, need)
        if outcome.cut:
            return Checked("", "cut", outcome.cut, named)
        changes += [((start + first, start + last), new) for (first, last), new in outcome.changes]
    bare = _masked(text, namings).replace(BLANK, " ")
    if not any(token.text in _VERBS for token in tokens(bare)):
        return Checked("", "cut", "no sentence", named)
    if not states_a_fact(bare, [Record(item) for item in shown if item.id in named]):
        return Checked("", "cut", "says nothing of the item", named)
    changes += [(naming.span, shown[naming.index].title) for naming in namings if not naming.exact]
    whys = [f"{text[start:end]} → {new}" for (start, end), new in sorted(changes)]
    repaired = text
    for (start, end), new in sorted(changes, reverse=True):
        repaired = repaired[:start] + new + repaired[end:]
    return Checked(repaired, "repaired" if changes else "kept", "; ".join(whys), named)


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
    if _WRONGLY_ADDRESSED.search(text):
        return "speaks of itself or of the shopper as someone else"
    return ""


def _parts(text: str, namings: list[Naming]) -> list[tuple[list[int], tuple[int, int]]]:
    """The sentence cut into stretches, each with the items that it speaks of.

    Names that only "and", "or" or a comma joins share what follows: "The A and the B are waterproof."
    """
    groups: list[tuple[list[int], int, int]] = []
    joined = re.compile(r"(?:\s|,|\band\b|\bor\b|\bthe\b|\bboth\b)*", re.IGNORECASE)
    for naming in namings:
        if groups and joined.fullmatch(text[groups[-1][2] : naming.span[0]]):
            groups[-1] = ([*groups[-1][0], naming.index], groups[-1][1], naming.span[1])
        else:
            groups.append(([naming.index], *naming.span))
    edges = [0]
    for (_, _, end), (_, start, _) in pairwise(groups):
        edges.append(_clause_start(text, end, start))
    edges.append(len(text))
    return [(indices, (edges[n], edges[n + 1])) for n, (indices, _, _) in enumerate(groups)]


def _clause_start(text: str, start: int, end: int) -> int:
    """Where the clause of the next name begins: at the last comma or joining word before it."""
    joins = list(re.finditer(r"[,;]|\b(?:and|while|but|or|whereas)\b", text[start:end], re.IGNORECASE))
    return start + joins[-1].start() if joins else end


def _masked(text: str, namings: list[Naming]) -> str:
    """The text with its item names blanked out, of the same length."""
    for naming in namings:
        start, end = naming.span
        text = text[:start] + BLANK * (end - start) + text[end:]
    return text


def _shortened(text: str) -> Iterator[str]:
    """The sentence without its last clause, without the last two, and so on; then without an opening "For …,"."""
    opening = re.match(r"(?:For|If|When|With|As|In)\b[^,]{0,80},\s+", text)
    for whole in (text, text[opening.end() :] if opening else ""):
        if whole and whole is not text:
            yield whole[0].upper() + whole[1:]
        for match in reversed(list(_CLAUSE.finditer(whole))):
            left = whole[: match.start()].rstrip(" ,;")
            if not _DANGLING.search(left) and left and any(token.text in _VERBS for token in tokens(left)):
                yield left[0].upper() + left[1:] + "."
