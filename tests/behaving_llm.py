"""A scripted LLM that does what the text of a prompt tells it, as a small real one would: it follows the examples.

Of the ``reply`` prompt: it names the item and its facts; the price where the examples name prices; and questions where
the system text wants the shopper asked. Of ``understand``: nothing that would be searched with.
"""

import random
import re
from collections.abc import Callable
from typing import Any

from scripted_llm import Answer


def behaving(noise: float = 0.0, seed: int = 0) -> Callable[[dict[str, Any]], Answer]:
    """For ``ScriptedLLM.respond``; ``noise``: share of answers that say nothing of use."""
    rng = random.Random(seed)

    def respond(body: dict[str, Any]) -> Answer:
        if "response_format" in body:
            return Answer('{"items": []}')
        if noise and rng.random() < noise:
            return Answer("Sorry, I am only a model.")
        return Answer(_reply(body["messages"]))

    return respond


def _reply(messages: list[dict[str, str]]) -> str:
    system = messages[0]["content"]
    examples = " ".join(message["content"] for message in messages if message["role"] == "assistant")
    told = re.search(
        r"Item: (?P<name>.*?)(?:, (?P<price>[$€£][\d.,]+))?\n(?:Facts|About): (?P<facts>.*)", messages[-1]["content"]
    )
    if told is None:
        return ""
    facts = told["facts"].split(";")[0].strip().rstrip(".")
    verb = "" if re.match(r"(?:is|has|comes|suits|holds|weighs|was)\b", facts) else "is "
    said = [f"The {told['name']} {verb}{facts}."]
    if told["price"] and re.search(r"costs?", examples):
        said.append(f"It costs {told['price']}.")
    if re.search(r"\bask\b", system, re.IGNORECASE):
        said = ["What is your budget?", "Which colour would you like?", *said[:1]]
    return " ".join(said)
