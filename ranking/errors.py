"""The errors of ranking.

RankingError
├── UnreadableFeed   an events file that cannot be read at all; single bad rows are rejected, not raised
├── NoModel          no trained reranker in this folder, or one that cannot be used
├── TooFewEvents     not enough history to train or to evaluate on
├── SettingError     a setting of a training that is unknown, or has no such value
├── Diverged         a training whose loss is no longer a number
└── RuleError        a merchant's rule that cannot be kept as it is given
"""


class RankingError(Exception):
    """Base of the package's errors; its text may be shown to a user."""


class UnreadableFeed(RankingError):
    """The events file is missing, of no known form, or lacks a column that every event needs."""


class NoModel(RankingError):
    """The folder holds no trained reranker, or one that is damaged or of another form."""


class TooFewEvents(RankingError):
    """The history is too small for what was asked."""


class SettingError(RankingError):
    """A setting of a training is unknown or has a value that it cannot have."""


class Diverged(RankingError):
    """The loss of a training is no longer a number."""


class RuleError(RankingError):
    """A rule of the merchant names what the catalogue has not, or says what cannot be."""
