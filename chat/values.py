"""The catalogue's own words in a message: which values, brands and kinds it asks for, and which it refuses.

Pure. Reads what the rules of price, rating and the like have left of the message.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.indifference import read_dropped, read_optional
from chat.lexicon import PETS, Lexicon, carries, has_many, holds, key_of, lexicon, stem_of
from chat.mentions import RELATIONS, Mention, compounded, find_mentions, for_relation
from chat.quantities import read_quantities
from chat.record import COLOURS as COLOUR_WORDS
from chat.refusals import ONLY, refusals
from chat.stated import Constraints, overlaps
from chat.tying import is_head, is_tied
from chat.whereabouts import is_where_or_who
from chat.words import FILLERS, forms, singular, tokens, word_set

if TYPE_CHECKING:
    from retrieval.facts import Vocabulary

_SIZE_SAID = re.compile(r"\b(?:in |of )?sizes? (?P<size>\d{1,3}(?:[.,]5)?)(?![\w.])", re.IGNORECASE)
_COLOUR_SAID = re.compile(
    rf"(?:^\W*|\b(?:in|a|an|in a|in an|the|some) )(?P<said>(?:(?:dark|light|pale|bright|deep) )?"
    rf"(?P<colour>{'|'.join(sorted(COLOUR_WORDS))}))\b(?P<last>(?: ones?)?\W*$)?",
    re.IGNORECASE,
)
# Before a noun these are colours; "green tea", "gold ring" and "orange juice" are of no colour.
_PURE_COLOURS = word_set("red blue yellow pink purple grey gray navy teal turquoise beige maroon burgundy")
# These are colours wherever they stand.
_ONLY_COLOUR = re.compile(
    r"\b(?P<said>(?P<colour>mauve|fuchsia|taupe|ochre|ecru|crimson|scarlet|cerise|beige))\b", re.I
)
_IN = re.compile(r"\bin (?:a )?$", re.IGNORECASE)
_GOES_ON = re.compile(r" (?:for|under|below|over|up to|with|please|if|and|or|but)\b", re.IGNORECASE)
_RELATION = re.compile(
    rf"\b(?:for|as a (?:gift|present) for) (?:my |our |the |his |her |their )?(?:(?:little|big|old|dear|younger"
    rf"|older|best) )?"
    rf"(?P<who>{'|'.join(sorted(RELATIONS, key=len, reverse=True))})\b(?!'s? \w)"
    rf"|\b(?:my|our) (?P<wants>{'|'.join(sorted(RELATIONS, key=len, reverse=True))}) (?:wants?|needs?"
    r"|is (?:after|looking for)|would like|could use|(?:has )?asked for|wishes for|takes|wears)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"(?:rather than|instead of)\b", re.IGNORECASE)
# "Not too heavy" refuses no word that an item could carry.
_NOT_TOO = re.compile(
    r"\b(?:not|isn'?t|aren'?t|nothing) (?:too|so|very|that|overly) [\w-]+(?: (?:or|and) [\w-]+)?", re.IGNORECASE
)


def read_values(read: Constraints, vocabulary: "Vocabulary", wanted: Sequence[tuple[str, ...]] = ()) -> None:
    """What of the catalogue is asked for, and what is refused; ``wanted``: the kinds that are wanted already."""
    mentions = find_mentions(read.rest, vocabulary)
    known = lexicon(vocabulary)
    mentions = compounded(mentions, read.rest, known)
    departments = frozenset(path[0].lower() for path in vocabulary.categories if len(path) > 1)
    mentions = [one for one in mentions if one.kind != "category" or not is_where_or_who(read.rest, one, departments)]
    kinds = [path for mention in mentions if mention.kind == "category" for path in mention.paths] or list(wanted)
    read_quantities(read, mentions, kinds, known)
    _unknown_sizes(read, mentions)
    _unknown_colour(read, mentions, vocabulary)
    read_optional(read, mentions)
    read_dropped(read, mentions)
    for match in _NOT_TOO.finditer(read.rest):
        read.blank(match.span())
    for match in ONLY.finditer(read.rest):
        read.blank(match.span())
    values = [mention.span for mention in mentions if mention.kind == "attribute"]
    # "Non stick" and "no palm oil" are values of the shop's, and refuse nothing.
    refused = [one for one in refusals(read.rest) if not any(start <= one[0] < end for start, end in values)]
    replaced: list[str] = []
    for cue, span in ((cue, span) for cue, spans in refused for span in spans):
        inside = [mention for mention in mentions if overlaps(mention.span, span)]
        # "Rose scented": the rose alone.
        inside = [one for one in inside if not any(_only_says(one, other) for other in inside if other is not one)]
        for mention in inside:
            _exclude(read, mention, vocabulary)
            if _INSTEAD.match(read.rest, cue) and mention.kind == "attribute":
                replaced.append(mention.attribute)
        if not inside and not _INSTEAD.match(read.rest, cue):  # "a carrier rather than a pram" refuses no thing's pram
            term = " ".join(token.text for token in tokens(read.rest[span[0] : span[1]]))
            read.excluded_terms += [form for form in forms(term) if term and form not in read.excluded_terms]
        mentions = [mention for mention in mentions if mention not in inside]
    for start, spans in refused:
        read.blank((start, spans[-1][1]))
    gender, last = known.gender, None
    about = kinds or _likely_kinds(read.rest, known)
    whole = read.rest
    for mention in (_of_kind(one, about, known, whole) for one in mentions):
        if mention.kind == "category":
            read.categories.append(mention)
            pet = next((pet for pet in PETS if mention.text.startswith(f"{pet} ")), "")
            if (
                pet
                and gender
                and all(key_of(path[-1]) != key_of(mention.text) for path in mention.paths)
                and gender not in read.attributes
            ):
                held = known.values.get("dog" if pet == "puppy" else "cat" if pet == "kitten" else pet, {})
                read.attributes |= {gender: list(held[gender])} if gender in held else {}
        elif mention.kind == "brand":
            read.brands.append(mention.brand)
            read.blank(mention.span)
        elif any(other.kind == "category" and other.span == mention.span for other in mentions):
            _require(read, mention, joined=False)  # the kind's own name says it: "honey" of Honey & Jam
        elif (
            kinds
            and known.carried
            and not (
                any(carries(known, kinds, name) for name, _ in mention.pairs)
                and (
                    (mention.attribute != gender and not _by_another_name(mention))
                    or _held_there(mention, kinds, known)
                )
            )
        ):
            # Such things have no such property: it is left to the search.
            if mention.attribute == known.colour_name and _IN.search(read.rest[: mention.span[0]]):
                read.notes.append(
                    f"Such things are listed without a colour here, so I can't tell which are {mention.text}."
                )
        elif (mention.attribute == gender and _is_adult(mention)) or (
            mention.attribute != gender
            and (not is_head(read.rest, mention, mentions) or _is_its_use(read.rest, mention, kinds, known))
            and is_tied(read.rest, mention, mentions)
        ):
            _require(read, mention, joined=last is not None and _either(whole[last.span[1] : mention.span[0]]))
            read.blank(mention.span)
            last = mention
        elif mention.attribute == gender:
            # Who it is for says what kind of thing it is, where nothing else does: "a bored cat".
            _require(read, mention, joined=False)
            if any(other.kind == "category" for other in mentions):
                read.blank(mention.span)
            else:
                read.who.append(mention.span)
    _relations(read, kinds, known)
    read.implied = None if kinds else _only_kind(read, known)
    for name in replaced:
        if name in read.attributes and (gone := read.excluded_attributes.pop(name, [])):
            # "Wool rather than cotton": the wool says it all.
            words = {form for value in gone for form in forms(value.lower())}
            read.excluded_terms = [term for term in read.excluded_terms if term not in words]


def _is_its_use(text: str, mention: Mention, kinds: Sequence[tuple[str, ...]], known: Lexicon) -> bool:
    """True of "hats for winter", where hats are listed so."""
    for_it = re.search(r"\bfor (?:the )?$", text[: mention.span[0]], re.IGNORECASE) is not None
    return (
        for_it
        and bool(kinds)
        and any(
            name.lower() in ("season", "skin", "hair", "use") and holds(known, kinds, name, [value])
            for name, value in mention.pairs
        )
        and bool(known.held)
    )


def _only_says(one: Mention, other: Mention) -> bool:
    return one.kind == other.kind == "attribute" and stem_of(one.text) == stem_of(other.attribute.lower())


def _by_another_name(mention: Mention) -> bool:
    """True if something is meant that the shop lists under another name, of which things have several."""
    return has_many(mention.attribute) and key_of(mention.text) not in {key_of(value) for value in mention.values}


def _held_there(mention: Mention, kinds: Sequence[tuple[str, ...]], known: Lexicon) -> bool:
    return any(holds(known, kinds, name, [value]) for name, value in mention.pairs)


def _likely_kinds(text: str, known: Lexicon) -> list[tuple[str, ...]]:
    """The only kind that ends in a word of the text: a "stove" where the shop has camp stoves alone."""
    for token in tokens(text):
        if token.text not in FILLERS and len(held := known.ends.get(singular(token.text), ())) == 1:
            return list(held)
    return []


def _only_kind(read: Constraints, known: Lexicon) -> Mention | None:
    """The kind that alone has all the properties asked for: "loose leaf, oolong" is tea."""
    wanted = [{name: values} for name, values in read.attributes.items() if name != known.gender]
    wanted += [{name: [value for other, value in group if other == name] for name, _ in group} for group in read.groups]
    having = [
        path
        for path in known.held
        if wanted and all(any(holds(known, [path], name, values) for name, values in one.items()) for one in wanted)
    ]
    deepest = [path for path in having if not any(other != path and other[: len(path)] == path for other in having)]
    if len(deepest) != 1:
        return None
    return Mention("category", (0, 0), key_of(deepest[0][-1]), paths=(deepest[0],))


def _relations(read: Constraints, kinds: Sequence[tuple[str, ...]], known: Lexicon) -> None:
    """ "Slippers for my dad" are men's; a present for him may be anything."""
    if not known.gender or known.gender in read.attributes or not kinds or not known.carried:
        return
    for match in _RELATION.finditer(read.rest):
        values = for_relation((match["who"] or match["wants"]).lower(), known)
        there = set().union(*(known.held[path].get(known.gender, set()) for path in kinds if path in known.held))
        if match["wants"] and there <= {value.lower() for value in values}:
            return  # "my wife needs a dress": no dress is for anybody else
        if values and carries(known, kinds, known.gender) and holds(known, kinds, known.gender, values):
            read.attributes[known.gender] = list(values)
            read.blank(match.span())
            return


def _of_kind(mention: Mention, kinds: Sequence[tuple[str, ...]], known: Lexicon, text: str) -> Mention:
    """The mention as such things have it: "24 cm" of a pan is its size, and "ceramic coated" no material."""
    if mention.kind != "attribute" or not kinds or not known.carried:
        return mention
    pairs = [(name, value) for name, value in mention.pairs if carries(known, kinds, name)]
    if mention.attribute == known.size_name and not _held_there(mention, kinds, known):
        pairs = _sizes_holding(mention.text, kinds, known) or pairs
    after = tokens(text[mention.span[1] : mention.span[1] + 20])[:1]
    for name, held in known.values.get(key_of(mention.text), {}).items() if after else ():
        other = name != mention.attribute and carries(known, kinds, name)
        if other and stem_of(after[0].text) == stem_of(name.lower()):
            pairs = [(name, value) for value in held]
            break
    if not any(holds(known, kinds, name, [value]) for name, value in pairs):
        # "Burns wood" of a stove is its fuel, for no stove is of wood.
        meant = known.values.get(key_of(mention.text), {})
        listed = next(
            (name for name, held in meant.items() if carries(known, kinds, name) and holds(known, kinds, name, held)),
            "",
        )
        pairs = [(listed, value) for value in meant[listed]] if listed else _longer(mention, kinds, known) or pairs
    else:
        pairs.sort(key=lambda pair: not holds(known, kinds, pair[0], [pair[1]]))
    names = list(dict.fromkeys(name for name, _ in pairs))
    if not pairs or (names[0] == mention.attribute and set(pairs) == set(mention.pairs)):
        return mention
    values = tuple(value for name, value in pairs if name == names[0])
    return replace(mention, attribute=names[0], values=values, others=tuple(p for p in pairs if p[0] != names[0]))


def _longer(mention: Mention, kinds: Sequence[tuple[str, ...]], known: Lexicon) -> list[tuple[str, str]]:
    """Of such things the values that begin with the one said: a bowl that is "non-slip" has a "non-slip base"."""
    name, begun = mention.attribute, tuple(f"{value.lower()} " for value in mention.values)
    if not has_many(name):
        return []
    longer = {value for path in kinds for value in known.held.get(path, {}).get(name, ()) if value.startswith(begun)}
    return [(name, value) for one in longer for value in known.values.get(key_of(one), {}).get(name, ())]


def _sizes_holding(said: str, kinds: Sequence[tuple[str, ...]], known: Lexicon) -> list[tuple[str, str]]:
    """Of such things the sizes that the number lies in: 38 of socks is "36-38"."""
    number = re.search(r"\d{2}(?![\d.,])", said)
    found = []
    for value in known.sizes.values() if number else ():
        ends = re.fullmatch(r"(\d{2})\s?-\s?(\d{2})", value)
        if (
            ends
            and number
            and int(ends[1]) <= int(number[0]) <= int(ends[2])
            and holds(known, kinds, known.size_name, [value])
        ):
            found.append((known.size_name, value))
    return found


def is_counted(mention: Mention) -> bool:
    """True if the value is a number with what it counts."""
    return mention.kind == "attribute" and re.search(r"(?i)(?=.*\d)(?=.*[a-z])", mention.text) is not None


def _is_adult(mention: Mention) -> bool:
    return any(value.lower() in ("men", "women", "man", "woman", "male", "female") for value in mention.values)


def _either(between: str) -> bool:
    return re.fullmatch(r"\W*(?:,|/|\bor\b)\W*(?:in |a |an )?", between, re.IGNORECASE) is not None and (
        "or" in between or "/" in between
    )


def _require(read: Constraints, mention: Mention, *, joined: bool) -> None:
    """Note what the value asks for; ``joined``: an "or" ties it to the value before."""
    read.counted = read.counted or is_counted(mention)
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
        if not any(overlaps(mention.span, match.span()) for mention in mentions):
            read.notes.append(f"I can't filter by size {match['size']}: nothing here is listed with it.")
            read.blank(match.span())


def _unknown_colour(read: Constraints, mentions: Sequence[Mention], vocabulary: "Vocabulary") -> None:
    """A colour that no item is listed in: the colour asked for before no longer holds, and that is said."""
    name = lexicon(vocabulary).colour_name
    known = [mention.span for mention in mentions]
    refused = [span for _, spans in refusals(read.rest) for span in spans]
    for match in (*_COLOUR_SAID.finditer(read.rest), *_ONLY_COLOUR.finditer(read.rest)) if name else ():
        if any(overlaps(span, match.span("colour")) for span in (*known, *refused)):
            continue
        kinds = [mention for mention in mentions if mention.kind == "category"]
        before = any(0 <= mention.span[0] - match.end("colour") < 2 for mention in kinds)
        alone = match.re is _ONLY_COLOUR or match["last"] is not None
        alone = alone or (match[0].lower().startswith("in ") and _GOES_ON.match(read.rest, match.end()) is not None)
        if alone or (before and match["colour"].lower() in _PURE_COLOURS):
            note = f"Nothing here is listed as {match['said'].lower()}."
            read.notes += [note] if note not in read.notes else []
            # Of "green or mauve" the green holds.
            read.relaxed += [name] if all(mention.attribute != name for mention in mentions) else []


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
