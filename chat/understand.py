"""What the LLM adds to the reading of a message: descriptions of items that would fit, and the kind of message that a
taught one takes it for, in one short JSON answer.

Knows the prompt's variables and how to mend a broken answer. Owns no rule: numbers, brands and constraints are
``chat.need``'s, and nothing that the LLM writes here is ever shown as an item.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from chat.llm import LLM
from chat.rendering import rendered
from chat.want import Need
from chat.words import FILLERS, clipped, plain, singular, title_head, tokens
from prompts.prompt import Prompt
from retrieval.items import Item

LONGEST_MESSAGE = 300  # bytes of the message that the LLM reads, and of each of the other variables
LONGEST_DESCRIPTION = 80  # characters
MOST_DESCRIPTIONS = 2
NEAR, NEAR_ITEMS = 4, 20  # different things that the LLM is told were found, among so many items


class Understanding(BaseModel):
    """What the LLM made of the message; empty where its answer was of no use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    descriptions: tuple[str, ...] = ()
    taught: bool = False  # by a model that was taught on this shop: what it describes may lie far from the words
    act: str = ""  # the kind of message that it named, where its prompt asks for that
    asked_alike: bool = False  # the shop knows of a request much like it, and of what was wanted then


def variables(
    message: str, need: Need, history_digest: str = "", found: Sequence[Item] = (), asked: Sequence[str] = ()
) -> dict[str, str]:
    """What the prompt is filled with.

    ``earlier``: the want's words, where the message is not all that they are of. ``near``: what the words alone
    ``found``: a small model chooses among things better than it thinks of them. ``asked``: what those wanted who asked
    alike (``chat.known_requests``).
    """
    wanted = clipped(need.current.words, LONGEST_MESSAGE)
    said = {singular(token.text) for token in tokens(message)}
    new = {singular(token.text) for token in tokens(wanted)} - said
    return {
        "message": clipped(plain(message), LONGEST_MESSAGE),
        "wanted": wanted,
        "earlier": wanted if new else "",
        "history": clipped(plain(history_digest), LONGEST_MESSAGE),
        "near": clipped("; ".join(list(dict.fromkeys(map(thing, found[:NEAR_ITEMS])))[:NEAR]), LONGEST_MESSAGE),
        "asked": clipped(plain("; ".join(asked)), LONGEST_MESSAGE),
    }


def thing(item: Item) -> str:
    """What an item is, in the last two words before its title's first comma or bracket, in lower case.

    >>> thing(Item(id="1", title="Kindpaw Hollow Tree travel dog bed, brown"))
    'dog bed'
    """
    return " ".join(title_head(item.title)[-2:]) or plain(item.title)[:LONGEST_DESCRIPTION]


async def understand(
    llm: LLM,
    prompt: Prompt,
    message: str,
    need: Need,
    history_digest: str = "",
    found: Sequence[Item] = (),
    asked: Sequence[str] = (),
) -> Understanding:
    """Ask once. Bad JSON gives what can be read of it, at worst an empty Understanding; LLMError passes.

    ``history_digest``: a few words on what the shopper bought or liked, or "". ``found``: by the words alone;
    ``asked``: what those wanted who asked alike.
    """
    raw = await llm.structured(
        rendered(prompt, **variables(message, need, history_digest, found, asked)),
        prompt.output or {"type": "object"},
        max_tokens=prompt.settings.max_tokens,
        temperature=prompt.settings.temperature,
    )
    return parse_understanding(raw).model_copy(update={"taught": llm.taught})


def parse_understanding(raw: str) -> Understanding:
    """The answer as far as it can be read; a text cut off by the token limit keeps its finished strings.

    >>> parse_understanding('{"items": ["down sleeping bag", "thermal ba').descriptions
    ('down sleeping bag',)
    """
    fields = _fields(raw)
    found = fields.get("items", [])
    descriptions = [_cleaned(text) for text in found if isinstance(text, str)] if isinstance(found, list) else []
    texts = tuple(dict.fromkeys(text for text in descriptions if text))[:MOST_DESCRIPTIONS]
    act = fields.get("act", "")
    return Understanding(descriptions=texts, act=act if isinstance(act, str) else "")


def _fields(raw: str) -> dict[str, Any]:
    try:
        fields = json.loads(raw)
    except ValueError:
        finished = re.search(r'"items"\s*:\s*\[((?:\s*"(?:[^"\\]|\\.)*"\s*,?)*)', raw)
        texts = re.findall(r'"((?:[^"\\]|\\.)*)"', finished[1]) if finished else []
        return {"items": texts}
    return fields if isinstance(fields, dict) else {}


def _cleaned(text: str) -> str:
    """A description fit to search with: no markup, no sums, each word once; empty if no word is left."""
    text = re.sub(r"<[^>]*>|https?\S+|[$€£]\s?\d[\d.,]*", " ", plain(text))[:LONGEST_DESCRIPTION]
    kept = [token.text for token in tokens(text)]
    if not any(word not in FILLERS and not word.isdigit() for word in kept):
        return ""
    once = {singular(word): word for word in reversed(kept)}
    return " ".join(reversed(once.values()))
