"""What a taught model brings on the shop's own requests: those that were held out, with its description and without.

Knows prompts that are filled already, vectors and right items. Compares the whole catalogue by cosines, as examples are
chosen (``choosing``): about what the shop will find, which adds the words themselves to the cosines. Knows nothing of
what is taught, nor of cards.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chat.teaching.adapter import Adapter
from chat.teaching.examples import Example, Source, chooser_of
from chat.teaching.packs import tokenised
from chat.teaching.records import Language
from chat.understand import parse_understanding

MOST = 160  # requests that are tried
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
    """The figures of each sort of request among the examples that were held out; histories, which have no words, are
    left out.
    """
    asked = [one for one in held if one.request is not None and one.request.sort != "history"]
    some = random.Random(seed).sample(asked, min(MOST, len(asked)))  # noqa: S311 - draws requests, no secrets
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
        words, named = vectors[one.request.text], one.request.sort == "words"
        alone = chooser.recall(words, None, one.request.right)
        yield alone, chooser.recall(words, vectors[text], one.request.right, named=named) if text else alone
