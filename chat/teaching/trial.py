"""What a taught model brings on the shop's own requests: those that were held out, with its description and without.

Knows prompts that are filled already, vectors and right items. Compares the whole catalogue by cosines, as examples are
chosen (``choosing``), and as if the words named nothing that the shop has: about what the shop will find, which adds
the words themselves to the cosines, and does not ask the model where they do name something. The votes of those who
asked alike have no say in it, beyond what the model is told of them. Knows nothing of what is taught, nor of cards.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chat.teaching.adapter import Adapter
from chat.teaching.examples import chooser_of
from chat.teaching.packs import tokenised
from chat.teaching.records import Language
from chat.teaching.source import Example, Source
from chat.understand import parse_understanding

SORTS = ("given", "searched", "use")  # who asks in an item's own words is not helped by a description
MOST = 50  # requests of each that are tried
DESCRIBED = 30  # tokens of an answer


@dataclass(frozen=True)
class Tried:
    """What requests of one sort find: Recall@10, divided by at most ten right items, of the words alone, and of the
    description beside them.
    """

    sort: str
    requests: int
    words: float
    described: float


def tried(
    module: Adapter, held: Sequence[Example], source: Source, seed: int, progress: Callable[[str, int, int], None]
) -> tuple[Tried, ...]:
    """The figures of each of ``SORTS`` among the examples that were held out, as far as there are any."""
    rng, some = random.Random(seed), list[Example]()  # noqa: S311 - draws requests, no secrets
    for sort in SORTS:
        asked = [one for one in held if one.request is not None and one.request.sort == sort]
        some += rng.sample(asked, min(MOST, len(asked)))
    if not some:
        return ()
    prompts = [tokenised(module.tokenizer, one.messages, "") for one in some]
    answers = module.sampled(
        prompts, DESCRIBED, 0.0, seed, lambda done: progress("trying what was held out", done, len(some))
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for one, both in zip(some, recalls(some, answers, source), strict=True):
        assert one.request is not None
        found.setdefault(one.request.sort, []).append(both)
    return tuple(
        Tried(sort, len(held), *(float(share) for share in np.mean(held, axis=0)))
        for sort, held in sorted(found.items())
    )


def recalls(some: Sequence[Example], answers: Sequence[str], source: Source) -> Iterator[tuple[float, float]]:
    """Of each request with words its Recall@10 by them, and with what the model's answer describes; an answer that
    describes nothing changes nothing.
    """
    chooser = chooser_of(source, Language(source.items))
    described = [next(iter(parse_understanding(text).descriptions), "") for text in answers]
    texts = sorted({*described, *(one.request.text for one in some if one.request)} - {""})
    vectors = dict(zip(texts, source.encode(texts), strict=True))
    for one, text in zip(some, described, strict=True):
        assert one.request is not None
        words, right = vectors[one.request.text], one.request.right
        alone = chooser.recall(words, None, right)
        yield alone, chooser.recall(words, vectors[text], right) if text else alone
