"""The errors of the prompts.

PromptError    a prompt's file is not as it must be; the message names the file and the line
"""

from pathlib import Path


class PromptError(Exception):
    """A prompt file that cannot be used, or a rendering that lacks a variable: where, what is wrong, what to do."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path.parent.name}/{path.name}, line {line}: {what}")
        self.path = path
        self.line = line
        self.what = what
