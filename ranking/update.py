"""Updates: what the nets of a live model learn once there are new events, from when on, and how gently.

Knows tracks by time, and what a training up to some moment held back. Knows nothing of nets or of files.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from ranking.behaviour import Split, Track
from ranking.errors import SettingError, TooFewEvents
from ranking.settings import TrainingSettings

GENTLE = 0.3  # of the learning rate: what was learned is mended, not left behind in one stride
SHORTER = 3  # times fewer epochs
SIZES = ("hidden", "without")  # of the network; an update goes on with the weights that there are
SEQUENCE_SIZES = ("width", "layers", "heads", "longest", "axes")

LAST = "last"

Learned = Mapping[str, int]  # by shopper: the position of their track from which on likings are new


def moment(text: str, last: float | None) -> float:
    """Unix seconds of a day or a moment in ISO 8601 (UTC where it names no zone), or of ``last``, the word.

    ``last``: the latest event that the live reranker learned from; None: its events had no times. Raises SettingError.
    """
    if text == LAST:
        if last is None:
            raise SettingError("The live reranker learned from events without times. Train without --since.")
        return last
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingError(f"--since wants a day such as 2026-11-01, or the word {LAST}, not {text!r}.") from error
    return (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()


def learned_until(parts: Split, made: Mapping[str, Track], since: float) -> dict[str, int]:
    """Where, in each shopper's track, a training on what happened up to ``since`` (unix seconds) had stopped learning.

    Such a training held back the last two likings of then, as every one does: they are new to it, too. Raises
    TooFewEvents where the events have no times, or nothing of the training part is new.
    """
    if not any((track.times == track.times).any() for track in made.values()):
        raise TooFewEvents("The events have an order and no times, so that none is newer. Train without --since.")
    learned = {}
    for shopper_id, track in made.items():
        before = np.flatnonzero((track.weights >= parts.liked) & (track.times <= since))
        # Of fewer than three likings, none is held back.
        learned[shopper_id] = int(before[-2]) if len(before) > 2 else int(before[-1]) + 1 if len(before) else 0
    if not any(
        (track.weights[learned[shopper_id] :] >= parts.liked).any() for shopper_id, track in parts.train.items()
    ):
        day = f"{datetime.fromtimestamp(since, UTC):%-d %B %Y %H:%M} UTC"
        raise TooFewEvents(
            f"Nothing to learn from has come since {day}: of every shopper the last two likings are held back, to "
            "measure on. Bring more events, or name an earlier day"
        )
    return learned


def with_news(parts: Split, learned: Learned, seed: int) -> list[Track]:
    """The training tracks in which something is new, and as many of the others, drawn by the seed."""
    news: list[Track] = []
    others: list[Track] = []
    for shopper_id, track in parts.train.items():
        (news if (track.weights[learned[shopper_id] :] >= parts.liked).any() else others).append(track)
    drawn = np.random.default_rng(seed).permutation(len(others))[: len(news)]
    return news + [others[int(at)] for at in drawn]


def gentle(settings: TrainingSettings) -> TrainingSettings:
    """The settings for going on from weights that are good already: a shorter training, in smaller steps."""
    sequence = settings.sequence
    return settings.model_copy(
        update={
            "learning_rate": settings.learning_rate * GENTLE,
            "epochs": -(-settings.epochs // SHORTER),
            "sequence": sequence.model_copy(
                update={"learning_rate": sequence.learning_rate * GENTLE, "epochs": -(-sequence.epochs // SHORTER)}
            ),
        }
    )


def same_sizes(settings: TrainingSettings, live: TrainingSettings) -> None:
    """SettingError if the settings want a net of another form than the live one's."""
    for name in SIZES:
        if getattr(settings, name) != getattr(live, name):
            raise SettingError(_other(name, getattr(settings, name), getattr(live, name)))
    for name in SEQUENCE_SIZES:
        if getattr(settings.sequence, name) != getattr(live.sequence, name):
            raise SettingError(
                _other(f"sequence.{name}", getattr(settings.sequence, name), getattr(live.sequence, name))
            )


def _other(name: str, value: object, live: object) -> str:
    return (
        f"{name}={value}: the live reranker has {live}, and an update goes on from its weights. Train without --since"
    )
