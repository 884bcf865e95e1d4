"""A prompt as the LLM is sent it.

One that cannot be rendered, which only its values may show, is as an LLM that gives no answer: the shop still answers,
and the log says what is wrong with the prompt.
"""

import logging

from chat.errors import LLMError
from prompts.errors import PromptError
from prompts.prompt import Prompt

log = logging.getLogger(__name__)


def rendered(prompt: Prompt, **variables: object) -> list[dict[str, str]]:
    """Its messages with the variables filled in; LLMError where that cannot be."""
    try:
        return prompt.render(**variables)
    except PromptError as error:
        log.error("a prompt cannot be rendered: %s", error)
        raise LLMError(str(error)) from error
