"""The prompts as files: ``NAME/NUMBER.md``, and the fragments that they share, ``fragments/NAME.md``.

Knows folders. What a prompt's text must be, ``prompts.prompt`` knows; which version of it is live,
``prompts.versions``. A file's number is only its place among the files: a version is known by the hash of its content.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from prompts.errors import PromptError
from prompts.prompt import Prompt, read

PACKAGE_FOLDER = Path(__file__).parent
FRAGMENTS = "fragments"
FILE_NAME = re.compile(r"^\d{3,}\.md$")


class Library:
    """Every prompt of one folder, loaded and checked at once, so that a broken file stops the start and not a turn.

    >>> Library().get("understand").settings.max_tokens
    45
    """

    def __init__(self, folder: Path = PACKAGE_FOLDER) -> None:
        self.folder = folder
        self.fragments: dict[str, str] = {
            path.stem: text_of(path) for path in sorted((folder / FRAGMENTS).glob("*.md")) if path.is_file()
        }
        self._prompts: dict[str, list[Prompt]] = {}
        for path in sorted(folder.glob("*/*.md"), key=lambda path: (path.parent.name, len(path.stem), path.stem)):
            if path.parent.name != FRAGMENTS and FILE_NAME.match(path.name):
                self._prompts.setdefault(path.parent.name, []).append(load(path, self.fragments))

    def get(self, name: str) -> Prompt:
        """The prompt's version with the highest number. Raises KeyError with the names there are."""
        if name not in self._prompts:
            raise KeyError(
                f"no prompt {name!r} in {self.folder.name}/; there are: {', '.join(self._prompts) or 'none'}"
            )
        return self._prompts[name][-1]

    @property
    def names(self) -> list[str]:
        """The prompts that there are."""
        return list(self._prompts)

    def all(self) -> Iterator[Prompt]:
        """Every version of every prompt, by name and then by number."""
        for versions in self._prompts.values():
            yield from versions

    def chosen(self, key: str, site: str = "") -> dict[str, str]:
        """Which version of each prompt a conversation with this key uses: of files, always the newest."""
        return {name: versions[-1].version for name, versions in self._prompts.items()}

    def version(self, name: str, version: str) -> Prompt:
        """The prompt's version with that hash; where there is none any more, the newest. KeyError as ``get``."""
        known = (prompt for prompt in self._prompts.get(name, ()) if prompt.version == version)
        return next(known, None) or self.get(name)


def text_of(path: Path) -> str:
    """The file's text, byte for byte: line ends are not translated, so that it is exported as it was read.

    PromptError where it is no text.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PromptError(f"{path.parent.name}/{path.name}", line, "it is not UTF-8") from error


def load(path: Path, fragments: Mapping[str, str] | None = None) -> Prompt:
    """The prompt in this file, whose folder has its name. Raises PromptError with the line of what is wrong."""
    return read(text_of(path), f"{path.parent.name}/{path.name}", fragments, named=path.parent.name)
