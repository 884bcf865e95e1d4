"""Two small prompts, and how a file of one is laid down."""

from pathlib import Path

TEXT = """---
name: greet
description: Says hello.
author: tests
settings:
  max_tokens: 12
variables: [who, mood]
---
user:
Hello {{ who }}, {{ mood }}.
"""


SHORT = TEXT.replace("variables: [who, mood]", "variables: [who]").replace(", {{ mood }}", "")


JSON = """---
name: guess
description: Guesses.
author: tests
settings:
  max_tokens: 12
output:
  type: object
  properties:
    items: {type: array}
  required: [items]
---
user:
Guess.
"""


def put(folder: Path, name: str, number: int, text: str) -> None:
    path = folder / name / f"{number:03d}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
