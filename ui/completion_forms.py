"""The forms of OpenAI's chat completions, as far as a shop has something to say in them.

Follows the form that its official clients send and read. What is not used here (temperature, tools, …) is passed over,
so that any client may send it. ``shoptalk`` is ours: what the text says, for programs.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from chat.assistant import MESSAGE_LIMIT
from ui.api_forms import ChatAnswer, Name

MODEL = "shoptalk"
MOST_MESSAGES = 400
LONGEST_CONTENT = 50_000  # characters of a message that was answered before


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TextPart(_Form):
    type: Literal["text"]
    text: Annotated[str, Field(max_length=LONGEST_CONTENT)]


class ChatMessage(_Form):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: (
        Annotated[str, Field(max_length=LONGEST_CONTENT)]
        | Annotated[tuple[TextPart, ...], Field(max_length=100)]
        | None
    ) = None

    @property
    def text(self) -> str:
        """All that is said in it."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "\n".join(part.text for part in self.content)


class Metadata(_Form):
    session_id: Name | None = Field(None, description="Goes on with this conversation, whatever the messages before.")


class StreamOptions(_Form):
    include_usage: bool = False


class CompletionBody(_Form):
    """All that was said so far, and last what the shopper says now."""

    model: Name
    messages: Annotated[tuple[ChatMessage, ...], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = Field(1, description="There is one answer.")
    user: Name | None = Field(None, description="Tells shoppers of one site apart; it proves nothing, and opens none.")
    metadata: Metadata | None = None

    @model_validator(mode="after")
    def _ends_with_the_shopper(self) -> "CompletionBody":
        last = self.messages[-1]
        if last.role != "user" or not last.text.strip():
            raise ValueError("the last of messages must be the shopper's, with role user and some text")
        if len(last.text) > MESSAGE_LIMIT:
            raise ValueError(f"the last message has at most {MESSAGE_LIMIT:,} characters")
        return self

    @property
    def said(self) -> list[tuple[str, str]]:
        """What shopper and shop said, in order; a client's own instructions to a model are no part of it."""
        return [(one.role, " ".join(one.text.split())) for one in self.messages if one.role in ("user", "assistant")]


class Usage(BaseModel):
    """Tokens of the language model behind the shop; 0 where it was not asked."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: str | None = None


class Choice(BaseModel):
    index: Literal[0] = 0
    message: AnswerMessage
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class CompletionAnswer(BaseModel):
    """The answer whole."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int  # unix seconds
    model: str = MODEL
    choices: list[Choice]
    usage: Usage
    shoptalk: ChatAnswer = Field(description="The same for programs: cards, tags, chips, and the session's id.")


class Delta(BaseModel):
    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(BaseModel):
    index: Literal[0] = 0
    delta: Delta
    finish_reason: Literal["stop"] | None = None
    logprobs: None = None


class CompletionChunk(BaseModel):
    """A part of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str = MODEL
    choices: list[ChunkChoice]
    usage: Usage | None = None
    shoptalk: dict[str, Any] | None = None  # the event behind it, as POST /v1/chat streams it


class ModelAnswer(BaseModel):
    """The one model that there is."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = MODEL


class ModelsAnswer(BaseModel):
    """What may be asked for as ``model``."""

    object: Literal["list"] = "list"
    data: list[ModelAnswer]
