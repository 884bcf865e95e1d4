"""The examples of the three skills, in the very form that the LLM is asked in: the production prompts, filled.

Knows prompts, requests, acts and answers; the rules read each message as they will when a shopper sends it. Knows
nothing of weights or tokens.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from chat.acts import read_acts
from chat.known_requests import KnownRequests
from chat.language import language_name, language_of
from chat.need import Need
from chat.rendering import rendered
from chat.simulated_words import Wording
from chat.teaching import acts, answers, requests
from chat.teaching.choosing import Chooser
from chat.teaching.records import Language, aisle
from chat.teaching.requests import Request
from chat.teaching.settings import TeachingSettings
from chat.teaching.source import Example, Made, Progress, Source
from chat.telling import short_name
from chat.understand import NEAR_ITEMS, variables
from chat.want import Want
from prompts.prompt import Prompt
from retrieval.items import Item

if TYPE_CHECKING:
    from chat.teaching.writing import AnswerWriter

SOME_RIGHT = 3  # right items whose records a description is made from
WITH_HISTORY = 0.15  # of the requests: so many are made by a shopper of whom something is known
AFTER_ANOTHER, WITH_WANT = ("use", "searched", "given"), 0.2  # of these sorts so many come after another want
# How often what is right stands at each place of what others asked for, and how often it does not: about as often as
# for requests that are in no file. Of a request that is in it, the others are of other kinds, as files are written.
TOLD_AT = (0.5, 0.15, 0.08, 0.05, 0.04, 0.18)
LONGEST_PLACE = 24  # characters of an aisle, as the prompt's schema has it
ENCODED = 1024  # texts, or histories, at once
LEAST_HELD = 50  # requests of a sort that are held out, but at most one in ten
LONGEST_WRITTEN = 38  # words of a larger model's answer: the 64 tokens that the prompt lets be said
TRIES = 4  # answers that are written for each that is wanted, since the check keeps some three in four


def made(
    source: Source,
    understand: Prompt,
    reply: Prompt,
    settings: TeachingSettings,
    progress: Progress,
    writer: "AnswerWriter | None" = None,
) -> Made:
    """The examples, in an order drawn by the seed; the same shop and settings make the same ones.

    ``writer``: a larger model, whose answers are taught beside those from the records, where they are true.
    """
    rng = random.Random(settings.seed)  # noqa: S311 - draws examples, no secrets
    language = Language(source.items)
    wanted, aside = parted(chosen_requests(source, language, settings, rng, progress), settings.validation)
    held_out = {one.text for one in aside}
    # Those that are held out are asked as by a shopper: nobody has written them down.
    given = [one for one in source.given if one.text not in held_out]
    known = known_requests(replace(source, given=given), language)
    share = 1 - settings.validation
    parts = []
    for requested, part in ((wanted, share), (aside, 1 - share)):
        # Put twice only now: what is held out must not be known in other letters.
        again = misspelt(requested, settings.misspelt, rng) if part == share else []
        every = [*requested, *again]
        found = list(described(source, language, every, understand, known, rng, progress, written=part == share))
        found += _of_acts(source, language, understand, known, rng, round(settings.acts * part), progress)
        answers_wanted = round(settings.answers * part)
        found += islice(_answered(source, requested, reply, rng, answers_wanted), answers_wanted)
        if writer:
            found += _written(source, requested, reply, writer, rng, round(settings.written * part), progress)
        rng.shuffle(found)
        parts.append(tuple(found))
    return Made(*parts)


def parted(requested: Sequence[Request], share: float) -> tuple[list[Request], list[Request]]:
    """Those that are learned from, and those that are held out: of each sort this share, or ``LEAST_HELD``, but then
    one in ten at most. Whatever else says the same as one of the second is in neither.
    """
    sorts: dict[str, list[Request]] = defaultdict(list)
    for one in requested:
        sorts[one.sort].append(one)
    held: list[Request] = []
    for some in sorts.values():
        # Of a small shop's requests a share says little: neither when to stop nor what the teaching brings.
        held += some[: max(round(len(some) * share), min(LEAST_HELD, len(some) // 10))]
    held = held or list(requested[:1])
    aside = set(map(id, held))
    # Who is known says "surprise me", whatever they had: there it is the history that differs.
    said = {one.text.casefold() for one in held if one.sort != "history"}
    learned = [one for one in requested if id(one) not in aside and one.text.casefold() not in said]
    return learned, held


def chosen_requests(
    source: Source, language: Language, settings: TeachingSettings, rng: random.Random, progress: Progress
) -> list[Request]:
    """The requests of every sort, at most so many of each as the settings say, in any order."""
    items = source.by_id
    from_events = requests.of_events(source.events, items)
    sorts = {
        "use": (requests.of_descriptions(source.items, rng), settings.uses),
        "searched": ([one for one in from_events if one.sort == "searched"], settings.searched),
        "given": (list(source.given), settings.given),
    }
    every = list(requests.of_words(source.items, language, rng, settings.words))
    for held, most in sorts.values():
        every += rng.sample(held, most) if len(held) > most else held
    told = [one for one in from_events if one.sort == "history"]
    every += _suggestive(told, settings.histories, source, language, rng, progress)
    tracks = [one.had for one in from_events if one.had]
    # A shopper with a history asks for other things, too: the model is to hear the request above all.
    every = [
        replace(one, had=rng.choice(tracks)) if tracks and not one.had and rng.random() < WITH_HISTORY else one
        for one in every
    ]
    rng.shuffle(every)
    return every


def misspelt(requested: Sequence[Request], share: float, rng: random.Random) -> list[Request]:
    """So many of the merchant's own requests once more, as one types who is in a hurry."""
    own = [one for one in requested if one.sort == "given"]
    wording = Wording("misspelling", rng, "")
    return [replace(one, text=wording.message([one.text])) for one in rng.sample(own, round(share * len(own)))]


def described(
    source: Source,
    language: Language,
    wanted: Sequence[Request],
    prompt: Prompt,
    known: KnownRequests,
    rng: random.Random,
    progress: Progress,
    *,
    written: bool = True,
) -> Iterator[Example]:
    """Each request with the descriptions, made of the right items' records, that find these best.

    ``written``: the merchant's own are among those that are ``known``, and are told of others as if they were not.
    """
    items, chooser = source.by_id, chooser_of(source, language)
    offered = [
        list(
            dict.fromkeys(
                text
                for item_id in rng.sample(one.right, min(SOME_RIGHT, len(one.right)))
                for text in _offered(one, items[item_id], language)
            )
        )
        for one in wanted
    ]
    said = [read_acts(one.text, Need(), source.vocabulary, ()).need for one in wanted]
    queries = [_query(one, need) for one, need in zip(wanted, said, strict=True)]
    # Who asks by use after another thing names neither: what is near to both is near to the thing before.
    earlier = [
        language.kind(rng.choice(source.items))
        if not one.had and one.sort in AFTER_ANOTHER and rng.random() < WITH_WANT
        else ""
        for one in wanted
    ]
    together = [f"{before} {query}".strip() for before, query in zip(earlier, queries, strict=True)]
    vectors = _encoded([*(text for texts in offered for text in texts), *queries, *together], source, progress)
    for number, (one, need, query, texts) in enumerate(zip(wanted, said, queries, offered, strict=True)):
        words = vectors[query] if query else None
        best = chooser.best(words, {text: vectors[text] for text in texts}, one.right, named=one.sort == "words")
        place = aisle(items[one.right[0]])
        same = all(aisle(items[item_id]) == place for item_id in one.right)
        near = nearest(source, vectors[together[number]] if query else None)
        kind = language.kind(items[one.right[0]]) if written and one.sort == "given" else ""
        asked = [] if words is None else _told(words, kind, known, rng)
        need = Need(wants=(Want(words=earlier[number]),)) if earlier[number] else need
        messages = _messages(prompt, variables(one.text, need, "; ".join(one.had), near, asked))
        yield Example("describe", messages, answered("search", best, place if same else ""), request=one)
        progress("choosing descriptions", number + 1, len(wanted))


def _offered(one: Request, item: Item, language: Language) -> list[str]:
    """Descriptions of a right item that can be told from the request: of a history, the names of what was had.

    Taught the name of the next thing itself, a model makes names up that find less than a copy of the last one's.
    """
    if one.sort == "history":
        return [language.name(title) for title in one.had]
    return language.descriptions(item, f"{one.text} {' '.join(one.had)}", named=one.sort == "words")


def _suggestive(
    held: Sequence[Request], most: int, source: Source, language: Language, rng: random.Random, progress: Progress
) -> list[Request]:
    """At most so many of the histories: those of which something had finds the next thing; of others nothing could be
    learned.
    """
    chooser, found = chooser_of(source, language), list[Request]()
    drawn = rng.sample(held, len(held))
    for start in range(0, len(drawn), ENCODED):
        some = drawn[start : start + ENCODED]
        offered = [[language.name(title) for title in one.had] for one in some]
        vectors = _encoded([text for texts in offered for text in texts], source, _untold)
        for one, texts in zip(some, offered, strict=True):
            if len(found) == most:
                return found
            if chooser.best(None, {text: vectors[text] for text in texts}, one.right):
                found.append(one)
        progress("looking for histories that tell", len(found), most)
    return found


def _untold(what: str, done: int, of: int) -> None:
    """Progress that nobody is told of."""


def known_requests(source: Source, language: Language) -> KnownRequests:
    """The merchant's own requests, with the kinds of the items that are right for them."""
    items = source.by_id
    said = [_query(one, read_acts(one.text, Need(), source.vocabulary, ()).need) for one in source.given]
    kinds = [tuple(dict.fromkeys(language.kind(items[item_id]) for item_id in one.right))[:2] for one in source.given]
    return KnownRequests(source.encode(said) if said else np.zeros((0, 1), np.float32), kinds, source.encode)


def _told(words: np.ndarray, kind: str, known: KnownRequests, rng: random.Random) -> list[str]:
    """What the model is told that others asked for; of a request for this ``kind`` that is known itself, as if it were
    not.
    """
    if not kind:
        return list(known.wanted_by(words).kinds)
    asked = list(known.wanted_by(words, without=kind).kinds)
    (place,) = rng.choices(range(len(TOLD_AT)), TOLD_AT)
    return [*asked[:place], kind, *asked[place : len(TOLD_AT) - 2]] if place < len(TOLD_AT) - 1 else asked


def _query(one: Request, need: Need) -> str:
    """What is searched with before anything is described; "" where the shopper names nothing."""
    return "" if one.sort == "history" else need.current.words or one.text


def nearest(source: Source, words: np.ndarray | None) -> list[Item]:
    """What is nearest to the words, about as the shop finds it before the LLM is asked; nothing without words."""
    if words is None:
        return []
    scores = source.vectors @ words
    top = np.argpartition(-scores, min(NEAR_ITEMS, len(scores) - 1))[:NEAR_ITEMS]
    return [source.items[row] for row in top[np.argsort(-scores[top], kind="stable")]]


def chooser_of(source: Source, language: Language) -> Chooser:
    """What values descriptions on this shop's catalogue."""
    return Chooser([item.id for item in source.items], source.vectors, [language.kind(item) for item in source.items])


def answered(act: str, description: str = "", place: str = "") -> str:
    """The JSON that the model is to write."""
    fields: dict[str, object] = {"act": act}
    if description:
        fields["items"] = [description]
    if place and len(place) <= LONGEST_PLACE:
        fields["in"] = place
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _encoded(texts: Sequence[str], source: Source, progress: Progress) -> dict[str, np.ndarray]:
    distinct, found = sorted(set(texts), key=len), dict[str, np.ndarray]()
    for start in range(0, len(distinct), ENCODED):
        some = distinct[start : start + ENCODED]
        found |= dict(zip(some, source.encode(some), strict=True))
        progress("encoding requests and descriptions", start + len(some), len(distinct))
    return found


def _of_acts(
    source: Source,
    language: Language,
    prompt: Prompt,
    known: KnownRequests,
    rng: random.Random,
    most: int,
    progress: Progress,
) -> Iterator[Example]:
    made = []
    for one in islice(acts.said(source.items, language, rng), most):
        before = read_acts(one.before, Need(), source.vocabulary, ()).need if one.before else Need()
        after = read_acts(one.message, before, source.vocabulary, ()).need
        made.append((one, before if one.before else after, after.current.words or one.message))
    vectors = _encoded([text for one, _, words in made for text in (words, one.message)], source, progress)
    for one, need, words in made:
        near = nearest(source, vectors[words])
        place = aisle(one.item)
        found = answered(one.act, language.kind(one.item), place) if one.act == "search" else answered(one.act)
        asked = known.wanted_by(vectors[one.message if one.before else words]).kinds
        yield Example("understand", _messages(prompt, variables(one.message, need, "", near, asked)), found)


def _answered(
    source: Source, wanted: Sequence[Request], prompt: Prompt, rng: random.Random, most: int
) -> Iterator[Example]:
    for one, need, shown in islice(_answerable(source, wanted, rng), most * TRIES):
        if not (manners := answers.fitting(need, shown)):
            continue
        for given, text in answers.answer(need, shown, rng.choice(manners)):
            yield Example("answer", _messages(prompt, reply_variables(one.text, need, given)), text)


def _answerable(
    source: Source, wanted: Sequence[Request], rng: random.Random
) -> Iterator[tuple[Request, Need, list[Item]]]:
    """Without end: a request, what is read of it, and items that may be shown for it; nothing where nobody asks."""
    items = source.by_id
    near: dict[tuple[str, ...], list[Item]] = defaultdict(list)
    for item in source.items:
        near[item.category].append(item)
    while wanted:
        one = rng.choice(wanted)
        item = items[rng.choice(one.right)]
        others = [other for other in rng.sample(near[item.category], min(4, len(near[item.category]))) if other != item]
        need = read_acts(one.text, Need(), source.vocabulary, ()).need
        yield one, need, [item, *others] if rng.random() < 0.85 else [item]


def _written(
    source: Source,
    wanted: Sequence[Request],
    prompt: Prompt,
    writer: "AnswerWriter",
    rng: random.Random,
    most: int,
    progress: Progress,
) -> Iterator[Example]:
    """What a larger model writes, where the check keeps it whole, and it names the items and is no longer than ours.

    It is told of no shopper's search: what they said goes to no other model, and into no weights.
    """
    asked, given = [], list[dict[str, object]]()
    for one, need, shown in islice(
        _answerable(source, [one for one in wanted if one.sort != "searched"], rng), most * TRIES
    ):
        held = reply_variables(one.text, need, answers.variables(shown, need, None))
        told = {name: held[name] for name in ("wanted", "item", "second")}
        if len(given) < most and told not in given:
            asked.append((need, shown, held))
            given.append(told)
    texts = writer.written(given, lambda done: progress("a larger model writes answers", done, len(asked)))
    for (need, shown, held), text in zip(asked, texts, strict=True):
        names = [short_name(item, shown).casefold() for item in shown[:2]]
        named = all(name in text.casefold() for name in names)
        if named and len(text.split()) <= LONGEST_WRITTEN and answers.is_kept(text, need, shown):
            yield Example("answer: a larger model's", _messages(prompt, held), text)


def reply_variables(message: str, need: Need, given: Mapping[str, object]) -> dict[str, object]:
    """What the reply's prompt is filled with."""
    return {**given, "wanted": need.current.words[:80], "language": language_name(language_of(message))}


def _messages(prompt: Prompt, given: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((one["role"], one["content"]) for one in rendered(prompt, **given))
