"""The errors of the conversation.

ChatError
├── SetupError    something is missing on this machine; the message says what to do
├── LLMError      the LLM gave no usable answer
│   ├── LLMUnreachable
│   ├── LLMTimeout
│   └── LLMPaused     it was not asked, since it failed repeatedly a moment ago
└── UnknownSession

Every message is fit for the person who reads it; none carries a stack trace or a secret.
"""


class ChatError(Exception):
    """Base of the package's errors; its text may be shown to a user."""


class SetupError(ChatError):
    """Something that Shoptalk needs is missing or altered on this machine."""


class LLMError(ChatError):
    """The LLM gave no usable answer."""

    is_fault = True  # whether it says that the server is not well


class LLMUnreachable(LLMError):
    """No connection, or a refusal, from the LLM's address."""


class LLMTimeout(LLMError):
    """The LLM did not answer in time (connect, first token, or between two tokens)."""


class LLMPaused(LLMError):
    """The LLM was not asked, since it failed repeatedly a moment ago."""

    is_fault = False


class UnknownSession(ChatError):
    """No session has this id."""
