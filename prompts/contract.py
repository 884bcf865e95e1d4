"""What the program holds a version to: variables that it gives, an answer that it reads, a length that it can send.

Knows nothing of tables; whether a text is a prompt at all, ``prompts.prompt`` says.
"""

from prompts.errors import PromptError
from prompts.library import Library
from prompts.prompt import Prompt, line_of

MOST_CHARACTERS = 9_000  # of a version with its fragments: some 3,000 tokens, all that a turn may send


def check_contract(prompt: Prompt, contract: Library) -> None:
    """PromptError, with the line, unless the program can use the prompt in the place of those of ``contract``."""
    origin = prompt.origin
    known = [held for held in contract.all() if held.name == prompt.name]
    if not known:
        names = ", ".join(sorted({held.name for held in contract.all()}))
        raise PromptError(
            origin, line_of(prompt, "name"), f"no prompt {prompt.name!r} is used here; there are: {names}"
        )
    given = {variable for held in known for variable in held.variables}
    for variable in prompt.variables:
        if variable not in given:
            what = f"the variable {variable!r} is never given; there are: {', '.join(sorted(given))}"
            raise PromptError(origin, line_of(prompt, "variables"), what)
    check_output(prompt, known[-1])
    length = len(prompt.content) + sum(map(len, prompt.fragments.values()))
    if length > MOST_CHARACTERS:
        what = f"{length:,} characters with its fragments are more than a turn may send ({MOST_CHARACTERS:,})"
        raise PromptError(origin, len(prompt.content.splitlines()), what)


def check_output(prompt: Prompt, held: Prompt) -> None:
    """PromptError unless the program can read the answer's form: text for text, the same fields for JSON."""
    if (prompt.output is None) != (held.output is None):
        what = "its answer must be " + (
            "plain text: leave 'output' out" if held.output is None else "JSON: give 'output'"
        )
        raise PromptError(prompt.origin, line_of(prompt, "output"), what)
    if prompt.output is None or held.output is None:
        return
    needed = set(held.output.get("required", ()))
    missing = sorted(needed - (set(prompt.output.get("properties", ())) & set(prompt.output.get("required", ()))))
    if missing:
        what = f"the answer's schema must require what the program reads: {', '.join(map(repr, missing))}"
        raise PromptError(prompt.origin, line_of(prompt, "output"), what)
