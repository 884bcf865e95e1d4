"""A sequential transformer: what comes next, from the order of a history, over the items' texts and ids.

Knows sequences of items and their text vectors. Knows nothing of the other models. After Kang and McAuley,
"Self-Attentive Sequential Recommendation" (2018), with a softmax over the catalogue in place of one drawn item a step
(Klenitskiy and Vasilev, "Turning Dross Into Gold Loss", 2023), text beside ids, and distances in place of positions.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ranking.behaviour import Case, Places, Track
from ranking.checkpoints import Checkpoint
from ranking.corner import Corner
from ranking.descent import Epoch, Outcome, Progress, descend, device_of
from ranking.evaluation import sample
from ranking.metrics import ndcg, ranks_of
from ranking.models.attention import Reader
from ranking.models.model import Floats, Model
from ranking.settings import Hardware, SequenceSettings
from ranking.slices import product

FEWEST = 2  # steps of a history that something can be learned from
SHORT = (6, 12)  # steps up to which histories are read apart from the longer ones: the fewer are padded
HELD_CELLS = 20_000_000  # shoppers times items scored for early stopping: a second or two
HELD = 2_000  # most shoppers of these
SCORED = 256  # histories that are read at once


class SequenceNet(nn.Module):
    """Histories of items to vectors whose products with the items' own vectors are logits of what comes next.

    An item's vector is its text's, projected, and what was learned of the item itself; of items without events it is
    the text's alone, so that one that comes later is treated as those it was trained with.
    """

    axes: Tensor
    texts: Tensor
    known: Tensor

    def __init__(self, vectors: Floats, axes: Floats, known: NDArray[np.bool_], settings: SequenceSettings) -> None:
        """``vectors`` [n, t]: unit rows of the items' texts, read along ``axes`` [t, a]; ``known`` [n]: has events."""
        super().__init__()
        width = settings.width
        self.longest = settings.longest
        self.register_buffer("axes", torch.from_numpy(axes))
        # These belong to the catalogue, which changes, and not to what was learned.
        self.register_buffer("texts", torch.from_numpy(vectors @ axes), persistent=False)
        self.register_buffer("known", torch.from_numpy(known.astype(np.float32))[:, None])
        self.project = nn.Linear(axes.shape[1], width, bias=False)
        self.identity = nn.Embedding(len(vectors), width)
        self.popular = nn.Embedding(len(vectors), 1)
        self.liking = nn.Parameter(torch.zeros(width))  # times a step's weight: a purchase says more than a look
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(settings.dropout)
        nn.init.normal_(self.identity.weight, std=0.02)
        nn.init.normal_(self.project.weight, std=1 / (4 * math.sqrt(width)))
        nn.init.zeros_(self.popular.weight)

    def items(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Vectors [n, width] of all items, and what each is worth to anyone [n]; or of those of the rows."""
        if rows is None:
            rows = torch.arange(len(self.texts), device=self.texts.device)
        known = self.known[rows]
        made = self.project(self.texts[rows]) + self.identity(rows) * known
        return made, (self.popular(rows) * known)[:, 0]

    def forward(self, items: Tensor, places: Tensor, weights: Tensor) -> Tensor:
        """[b, l, width] at each step, from it and those before; padding, if any, comes last.

        ``items`` [n, width]; ``places`` int64 [b, l] and ``weights`` [b, l] of the steps, oldest first.
        """
        made: Tensor = self.norm(self._read(items, places, weights, list(self.blocks)))
        return made

    def last(self, items: Tensor, places: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
        """As ``forward``, at the steps ``ends`` [b] alone: [b, width], for about half the work."""
        held = self._read(items, places, weights, list(self.blocks)[:-1])
        made: Tensor = self.norm(self.blocks[-1](held, ends))
        return made

    def _read(self, items: Tensor, places: Tensor, weights: Tensor, blocks: Sequence[nn.Module]) -> Tensor:
        texts = nn.functional.embedding(places, items) * math.sqrt(items.shape[1])
        held: Tensor = self.drop(texts + weights[..., None] * self.liking)
        for block in blocks:
            held = block(held)
        return held


class _Block(nn.Module):
    """Attention to the steps before, by content and distance, and a small net at each step."""

    ahead: Tensor
    distance: Tensor

    def __init__(self, settings: SequenceSettings) -> None:
        super().__init__()
        width = settings.width
        self.heads, self.dropout = settings.heads, settings.dropout
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.net = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(settings.dropout), nn.Linear(2 * width, width)
        )
        self.nearness = nn.Parameter(torch.zeros(settings.heads, settings.longest))
        self.drop = nn.Dropout(settings.dropout)
        steps = torch.arange(settings.longest)
        distance = steps[:, None] - steps[None]
        self.register_buffer("distance", distance.clamp(min=0), persistent=False)
        self.register_buffer("ahead", distance < 0, persistent=False)

    def forward(self, held: Tensor, ends: Tensor | None = None) -> Tensor:
        """[b, l, width] of ``held`` [b, l, width]; [b, width] at the steps ``ends`` [b] alone, if they are given."""
        b, length, width = held.shape
        query, key, value = (
            part.view(b, length, self.heads, -1).transpose(1, 2)
            for part in self.inward(self.before(held)).split(width, dim=2)
        )
        rows = torch.arange(length, device=held.device)[None] if ends is None else ends[:, None]  # [1, l] or [b, 1]
        if ends is not None:
            each = torch.arange(b, device=held.device)
            query, held = query[each, :, ends][:, :, None], held[each, ends][:, None]
        away, ahead = self.distance[rows, :length], self.ahead[rows, :length]
        bias = self.nearness[:, away].transpose(0, 1).masked_fill(ahead[:, None], -torch.inf)
        drop = self.dropout if self.training else 0.0
        seen = nn.functional.scaled_dot_product_attention(query, key, value, bias, drop)
        held = held + self.drop(self.outward(seen.transpose(1, 2).reshape(b, -1, width)))
        made: Tensor = held + self.drop(self.net(self.between(held)))
        return made if ends is None else made[:, 0]


class SASRec(Model):
    """The transformer's logits of what comes next after a history's liked items."""

    def __init__(self, net: SequenceNet) -> None:
        self.net = net.eval()
        with torch.inference_mode():
            self._items, self._popular = net.items()
        state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
        self._reader = Reader(state, len(net.blocks), len(state["blocks.0.nearness"]))

    def in_corner(self, tracks: Sequence[Track], corner: Corner) -> Floats:
        rows = [_steps(track, self.net.longest) for track in tracks]
        items, popular = self._items.numpy(), self._popular.numpy()
        wanted = np.zeros((len(rows), items.shape[1]), dtype=np.float32)
        held, weights, lengths = _padded(rows)
        if held.shape[1]:
            wanted = self._reader.last(items, held, weights, np.maximum(lengths - 1, 0)) * (lengths > 0)[:, None]
        return corner.asked(product(wanted, items[corner.targets]) + popular[corner.targets])

    def scores(self, tracks: Sequence[Track], places: Places | None = None) -> Floats:
        n = len(self._items)
        made = np.zeros((len(tracks), n if places is None else places.shape[1]), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(tracks), SCORED):
                part = slice(start, start + SCORED)
                wanted = _last(self.net, self._items, tracks[part])
                if places is None:
                    made[part] = (wanted @ self._items.T + self._popular).numpy()
                else:
                    own = torch.from_numpy(places[part])
                    made[part] = (torch.einsum("bmw,bw->bm", self._items[own], wanted) + self._popular[own]).numpy()
        return made


def _last(net: SequenceNet, items: Tensor, tracks: Sequence[Track]) -> Tensor:
    """What each track wants next, [b, width]; zeros, so that only what is popular counts, after an empty one."""
    rows = [_steps(track, net.longest) for track in tracks]
    held, weights, lengths = (torch.from_numpy(one) for one in _padded(rows))
    if not held.shape[1]:
        return items.new_zeros(len(tracks), items.shape[1])
    device = items.device
    ends = (lengths - 1).clamp(min=0).to(device)
    wanted: Tensor = net.last(items, held.to(device), weights.to(device), ends) * (lengths > 0).to(device)[:, None]
    return wanted


def _steps(track: Track, longest: int) -> tuple[Places, Floats]:
    """Places and weights of the latest liked items."""
    liked = track.weights > 0
    return track.places[liked][-longest:], track.weights[liked][-longest:]


def _padded(rows: Sequence[tuple[Places, Floats]]) -> tuple[Places, Floats, Places]:
    """Places and weights [b, longest], 0 after the end, and lengths [b]."""
    lengths = np.array([len(places) for places, _ in rows], dtype=np.int64)
    held = np.zeros((len(rows), int(lengths.max(initial=0))), dtype=np.int64)
    weights = np.zeros(held.shape, dtype=np.float32)
    for number, (places, own) in enumerate(rows):
        held[number, : len(places)], weights[number, : len(own)] = places, own
    return held, weights, lengths


def learn(
    vectors: Floats,
    tracks: Sequence[Track],
    held: Sequence[Case],
    settings: SequenceSettings,
    *,
    on: Hardware | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda what, done, total: None,
    watch: Callable[[Epoch], None] = lambda epoch: None,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[SequenceNet, Outcome]:
    """The net that foretells the ``held`` cases best, learned from each step of the tracks; arguments as ``descend``.

    ``vectors`` [n, t]: unit rows of the items' texts. ``start``: weights of a net over the same items and of the same
    sizes, from which it goes on. Raises ValueError where no track has two liked items.
    """
    rows = [row for row in (_steps(track, settings.longest) for track in tracks) if len(row[0]) >= FEWEST]
    if not rows:
        raise ValueError("no history has two liked items: there is no order to learn from")
    known = np.zeros(len(vectors), dtype=bool)
    for places, _ in rows:
        known[places] = True
    torch.manual_seed(settings.seed)
    if start is None:
        net = SequenceNet(vectors, main_axes(vectors, settings.axes), known, settings)
    else:
        net = SequenceNet(vectors, start["axes"].numpy(), known, settings)
        own = net.known.clone()
        net.load_state_dict(dict(start))
        net.known.copy_(torch.maximum(net.known, own))
    count = max(50, min(HELD, HELD_CELLS // len(vectors)))
    lesson = NextStep(rows, sample(held, count, settings.seed), settings.drawn)
    outcome = descend(
        net, lesson, settings, on=on, checkpoint=checkpoint, progress=progress, watch=watch, what="learning sequences"
    )
    return net, outcome


@dataclass(frozen=True)
class NextStep:
    """The net's lesson: after each step of a history, which item comes next, among all or among drawn ones."""

    rows: Sequence[tuple[Places, Floats]]  # places and weights of each shopper's liked items
    held: Sequence[Case]
    drawn: int

    @property
    def examples(self) -> int:
        return len(self.rows)

    def loss(self, module: SequenceNet, rows: Tensor) -> Tensor:
        device, n = device_of(module), len(module.texts)
        chosen = sorted((self.rows[int(row)] for row in rows), key=lambda row: len(row[0]))
        whole = n <= self.drawn
        if whole:
            used = torch.arange(n)
        else:
            drawn = torch.unique(torch.randint(n, (self.drawn,)))
            own = torch.from_numpy(np.concatenate([places for places, _ in chosen]))
            used = torch.unique(torch.cat([drawn, own]))
        items, popular = module.items(used.to(device))
        wanted, targets, weights = [], [], []
        for part in _by_length(chosen):
            places, own_weights, lengths = (torch.from_numpy(one) for one in _padded(part))
            places = torch.searchsorted(used, places.clamp(min=int(used[0])))
            inside = torch.arange(places.shape[1] - 1)[None] < (lengths - 1)[:, None]
            made = module(items, places[:, :-1].to(device), own_weights[:, :-1].to(device))
            wanted.append(made[inside.to(device)])
            targets.append(places[:, 1:][inside])
            weights.append(own_weights[:, 1:][inside])
        states, right, weight = torch.cat(wanted), torch.cat(targets).to(device), torch.cat(weights).to(device)
        if whole:
            losses = nn.functional.cross_entropy(states @ items.T + popular, right, reduction="none")
        else:
            among = torch.searchsorted(used, drawn).to(device)
            # Each drawn item stands for as many as there are for one of them, so that the loss is that over all.
            others = states @ items[among].T + (popular[among] + math.log(n / len(drawn)))
            others = others.masked_fill(right[:, None] == among[None], -torch.inf)
            own_logits = (states * items[right]).sum(dim=1) + popular[right]
            losses = torch.cat([own_logits[:, None], others], dim=1).logsumexp(dim=1) - own_logits
        return (losses * weight).sum() / weight.sum()

    def validate(self, module: SequenceNet) -> float:
        """NDCG@10 of the held cases, among all items that the shopper has not had."""
        items, popular = module.items()
        found = []
        for start in range(0, len(self.held), SCORED):
            part = self.held[start : start + SCORED]
            wanted = _last(module, items, [case.history for case in part])
            scores = (wanted @ items.T + popular).cpu().numpy()
            for row, case in zip(scores, part, strict=True):
                own = row[case.target]
                row[case.history.places] = -np.inf
                row[case.target] = own
            found.append(ranks_of(scores, np.array([case.target for case in part], dtype=np.int64)))
        return ndcg(np.concatenate(found), 10) if found else 0.0


def main_axes(vectors: Floats, count: int) -> Floats:
    """The directions [t, a] in which the vectors [n, t] differ most, at most ``count``, the first the most telling."""
    centred = vectors - vectors.mean(axis=0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(-values)[:count]
    return np.ascontiguousarray(directions[:, order], dtype=np.float32)


def moved(state: Mapping[str, Tensor], ids: Sequence[str], place: Mapping[str, int]) -> dict[str, Tensor]:
    """The net's weights for another catalogue: ``ids`` are those it was trained on, ``place`` the other's."""
    kept = [(number, place[item_id]) for number, item_id in enumerate(ids) if item_id in place]
    ours = torch.tensor([number for number, _ in kept], dtype=torch.long)
    theirs = torch.tensor([at for _, at in kept], dtype=torch.long)
    made = dict(state)
    for name in ("known", "identity.weight", "popular.weight"):
        held = state[name].new_zeros(len(place), state[name].shape[1])
        held[theirs] = state[name][ours]
        made[name] = held
    return made


def restored(vectors: Floats, state: Mapping[str, Tensor], settings: SequenceSettings) -> SequenceNet:
    """The net with these weights over the catalogue whose texts' vectors [n, t] are given."""
    net = SequenceNet(vectors, state["axes"].numpy(), np.zeros(len(vectors), dtype=bool), settings)
    net.load_state_dict(dict(state))
    return net.eval()


def _by_length(rows: Sequence[tuple[Places, Floats]]) -> list[list[tuple[Places, Floats]]]:
    """The rows in groups of like length; none is empty."""
    groups: dict[int, list[tuple[Places, Floats]]] = {}
    for row in rows:
        groups.setdefault(sum(len(row[0]) > short for short in SHORT), []).append(row)
    return list(groups.values())
