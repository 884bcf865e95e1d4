"""The blend: what ships. Several models' scores and the features brought together to one logit an item.

Knows the models that may take part and how their scores are added up. Knows nothing of how the blend is learned
(``ranking.blending``), nor of files.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from ranking.behaviour import NOBODY, Places, Track
from ranking.corner import Corner, few
from ranking.features import NAMES, Features
from ranking.models.associations import Associations
from ranking.models.autoencoder import EASE
from ranking.models.content import Content
from ranking.models.model import Floats, Model
from ranking.models.neighbours import ItemNeighbours
from ranking.models.network import Network
from ranking.models.plain import Transitions
from ranking.models.sequence import SASRec, moved, restored
from ranking.requests import Need
from ranking.settings import SequenceSettings

NETWORK = "network"
SEQUENCE = "sequence"
# Models that are nothing but weights from item to item, learned in seconds: anew on every event before they serve.
ASSOCIATIONS: dict[str, Callable[[Sequence[Track], int], Associations]] = {
    "ease": EASE,
    "item_cosine": lambda tracks, n: ItemNeighbours(tracks, n, "cosine"),
    "item_pearson": lambda tracks, n: ItemNeighbours(tracks, n, "pearson"),
}
# All that may ship. Neighbours by shopper may not: their file would hold shoppers' histories.
MEMBERS = (NETWORK, SEQUENCE, *ASSOCIATIONS, "transitions", "content")
SQUEEZED = (*ASSOCIATIONS, "transitions")  # their scores are sums of counts, which run over powers of ten
ASKED_FOR = ("relevance", "named")  # what a request says of an item
LEAST_SPREAD = 1e-6
FAR = 100.0  # spreads from the mean beyond which scores are all the same


class Mixture(nn.Module):
    """A weighted sum of the members' normalised scores, with weights of its own where something is asked for.

    The statistics that normalise are part of the module, so that weights and statistics cannot part ways. They are
    those of many shoppers, never of one list: a logit means the same for everyone.
    """

    scale: Tensor
    squeezed: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, members: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(members))
        self.register_buffer("squeezed", torch.zeros(members))  # 1: asinh(raw / scale) is added up, not the raw score
        self.register_buffer("mean", torch.zeros(members))
        self.register_buffer("spread", torch.ones(members))
        # Calibration: p(like) = sigmoid(slope * logit + offset).
        self.register_buffer("slope", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))
        self.plain = nn.Parameter(torch.ones(members))
        self.asked = nn.Parameter(torch.ones(members))
        self.need = nn.Parameter(torch.zeros(len(ASKED_FOR)))

    def normalised(self, raw: Floats) -> Floats:
        """Scores [M, ...] of about mean 0 and spread 1 from raw ones."""
        scale, squeezed, mean, spread = (
            self.get_buffer(name).numpy().reshape(-1, *[1] * (raw.ndim - 1))
            for name in ("scale", "squeezed", "mean", "spread")
        )
        held = np.where(squeezed > 0, np.arcsinh(raw / scale), raw)
        # One that hardly ever varied may be as far off as you like once it does: half precision has its end.
        return np.asarray(np.clip((held - mean) / spread, -FAR, FAR), dtype=np.float32)

    def logits(self, scores: Floats, need: Floats, requested: Floats) -> Floats:
        """Logits [...] of normalised scores [M, ...], ``need`` [2, ...] and ``requested`` [...] (1: something is)."""
        plain, asked, needed = (weights.detach().numpy() for weights in (self.plain, self.asked, self.need))
        made = np.tensordot(plain, scores, 1)
        if requested.any():
            made = made + requested * (np.tensordot(asked - plain, scores, 1) + np.tensordot(needed, need, 1))
        return np.asarray(made, dtype=np.float32)


@dataclass(frozen=True)
class Recipe:
    """Which models are brought together, and how; ``kind`` is average, weighted, network, or a single model's name."""

    kind: str
    members: tuple[str, ...]
    mixture: Mixture
    stacker: Network | None = None  # over features and normalised scores; None: the mixture's sum is the logit

    def logits(self, computed: Floats, raw: Floats) -> Floats:
        """Logits [...] from features [F, ...] and the members' raw scores [M, ...]."""
        scores = self.mixture.normalised(raw)
        if self.stacker is not None:
            return self.stacker.logits(np.concatenate([computed, scores]))
        return self.mixture.logits(
            scores, computed[[NAMES.index(name) for name in ASKED_FOR]], computed[NAMES.index("requested")]
        )

    def probability(self, logits: Floats) -> Floats:
        """p(like) in 0..1 of logits, in an even mix of likings and random items."""
        slope, offset = float(self.mixture.get_buffer("slope")), float(self.mixture.get_buffer("offset"))
        return (1 / (1 + np.exp(-np.clip(slope * logits + offset, -50, 50)))).astype(np.float32)


def alone(network: Network) -> Recipe:
    """The network as it is, which needs no blending to be calibrated and to know what was asked for."""
    mixture = Mixture(1)
    mixture.get_buffer("slope").copy_(network.get_buffer("slope"))
    mixture.get_buffer("offset").copy_(network.get_buffer("offset"))
    return Recipe(NETWORK, (NETWORK,), mixture)


class Committee:
    """The models that may take part, over one table."""

    def __init__(self, features: Features, network: Network, others: Mapping[str, Model]) -> None:
        """``others``: by their names in MEMBERS; transitions and content are there anyway."""
        self.features = features
        self.network = network.eval()
        plain: dict[str, Model] = {"transitions": Transitions(features), "content": Content(features.table)}
        self.others = {**others, **plain}

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that are there, in the order of MEMBERS."""
        return tuple(name for name in MEMBERS if name == NETWORK or name in self.others)

    def raw(
        self, names: Sequence[str], computed: Floats, tracks: Sequence[Track], places: Places | None = None
    ) -> Floats:
        """Raw scores [M, b, m] of these members; ``computed`` [F, b, m]: the features of the same tracks and places."""
        corner = None if places is None or not few(len(tracks), places) else Corner.of_tracks(tracks, places)

        def scores(name: str) -> Floats:
            if name == NETWORK:
                return self.network.logits(computed)
            model = self.others[name]
            return model.scores(tracks, places) if corner is None else model.in_corner(tracks, corner)

        return np.stack([scores(name) for name in names])


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes in this thread alone: for few items, waking others on a busy machine takes far longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Blend(Model):
    """A recipe and the models that it brings together, over one table."""

    def __init__(self, recipe: Recipe, committee: Committee) -> None:
        self.recipe = recipe
        self._committee = committee

    @cached_property
    def _of_nobody(self) -> tuple[Floats, Floats]:
        """Features [F, n] and raw scores [M, n] of every item for a shopper of whom nothing is known, unasked."""
        computed = self._committee.features.compute([NOBODY])
        return computed[:, 0], self._committee.raw(self.recipe.members, computed, [NOBODY])[:, 0]

    def of_nobody(self, places: Places, need: Need | None = None) -> Floats:
        """As ``logits`` [m] of the ``places`` [m] for a shopper of whom nothing is known; the first call computes all.

        Every turn asks for these, to see what a history adds: computed once, they cost a turn next to nothing.
        """
        every, raw = self._of_nobody
        computed, scores = every[:, places], raw[:, places]
        if need is not None:
            computed[NAMES.index("requested")] = 1.0
            for name in ASKED_FOR:
                computed[NAMES.index(name)] = getattr(need, name)
            if NETWORK in self.recipe.members:
                scores[self.recipe.members.index(NETWORK)] = self._committee.network.logits(computed)
        return self.recipe.logits(computed, scores)

    def logits(self, tracks: Sequence[Track], places: Places | None = None, need: Need | None = None) -> Floats:
        """Logits [b, m] of ``places`` [b, m], or of every item; ``need`` [b, m]: what is asked for, None: nothing."""
        with one_thread() if few(len(tracks), places) else nullcontext():
            computed = self._committee.features.compute(tracks, places, need)
            return self.recipe.logits(computed, self._committee.raw(self.recipe.members, computed, tracks, places))

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        return self.logits(tracks, places)

    def score(self, history: Track, candidates: Places, need: Need | None = None) -> Floats:
        """As ``Model.score``; the blend knows what is asked for, and carries its own calibration."""
        asked = None if need is None else need.for_all(1)
        return self.recipe.probability(self.logits([history], candidates[None], asked)[0])


@dataclass(frozen=True)
class Shipped:
    """All that was learned and serves, over the items of the catalogue that it was learned on.

    It holds weights of models alone, nothing of single shoppers.
    """

    network: Network
    recipe: Recipe
    associations: Mapping[str, sp.csr_matrix]  # of the recipe's members among ASSOCIATIONS
    sequence: Mapping[str, Tensor] | None  # the transformer's weights; None: not among the recipe's members
    sequence_settings: SequenceSettings

    @classmethod
    def alone(cls, network: Network) -> "Shipped":
        """The network and nothing else."""
        return cls(network, alone(network), {}, None, SequenceSettings())

    @classmethod
    def of(cls, recipe: Recipe, committee: Committee, settings: SequenceSettings) -> "Shipped":
        """What the recipe needs of the committee."""
        sequence = committee.others.get(SEQUENCE) if SEQUENCE in recipe.members else None
        held = {
            name: model.weights
            for name, model in committee.others.items()
            if name in recipe.members and isinstance(model, Associations)
        }
        state = sequence.net.state_dict() if isinstance(sequence, SASRec) else None
        return cls(committee.network, recipe, held, state, settings)

    def over(self, features: Features) -> Blend:
        """The blend over a table whose items are those it was learned on, in their order; see ``aligned``."""
        others: dict[str, Model] = {name: Associations(weights) for name, weights in self.associations.items()}
        if self.sequence is not None:
            others[SEQUENCE] = SASRec(restored(features.table.vectors, self.sequence, self.sequence_settings))
        return Blend(self.recipe, Committee(features, self.network, others))

    def aligned(self, ids: Sequence[str], place: Mapping[str, int]) -> "Shipped":
        """The same for another catalogue: ``ids`` are ours, ``place`` the other's. New items are known by text."""
        if len(ids) == len(place) and all(place.get(item_id) == number for number, item_id in enumerate(ids)):
            return self
        kept = [(number, place[item_id]) for number, item_id in enumerate(ids) if item_id in place]
        ours, theirs = np.array(kept, dtype=np.int64).reshape(-1, 2).T
        move = sp.csr_matrix((np.ones(len(kept), np.float32), (theirs, ours)), shape=(len(place), len(ids)))
        associations = {name: (move @ weights @ move.T).tocsr() for name, weights in self.associations.items()}
        return replace(
            self,
            associations=associations,
            sequence=None if self.sequence is None else moved(self.sequence, ids, place),
        )

    def relearned(self, tracks: Sequence[Track], n: int) -> "Shipped":
        """With the item-to-item weights learned anew from the tracks; nets stay as they were validated."""
        return replace(self, associations={name: ASSOCIATIONS[name](tracks, n).weights for name in self.associations})
