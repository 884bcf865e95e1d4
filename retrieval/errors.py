"""The errors of the catalogue and of finding items.

RetrievalError
├── FeedError        a merchant's file cannot be read as a catalogue; says what was found in it
├── EncoderError     the encoder's package is missing or altered, or its conversion failed
├── SynonymsError    a line of a merchant's synonyms cannot be understood; names the line
└── IndexBuildError  the index could not be built

Every message is fit for the person who reads it.
"""


class RetrievalError(Exception):
    """Base of the package's errors; its text may be shown to a user."""


class FeedError(RetrievalError):
    """A file or its mapping cannot be read as a catalogue."""


class EncoderError(RetrievalError):
    """The encoder is missing, altered or cannot be converted."""


class SynonymsError(RetrievalError):
    """A merchant's synonyms cannot be read."""


class IndexBuildError(RetrievalError):
    """The index could not be built."""
