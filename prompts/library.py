"""The prompts as files: loads them, refuses what is malformed, renders them.

A prompt is ``NAME/NUMBER.md``: front matter between two ``---`` lines, then sections that open with a line
``system:``, ``user:`` or ``assistant:``. Knows nothing of LLMs, shops or conversations. A version is known by the
hash of its content; the number is only its name.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompts.errors import PromptError

PACKAGE_FOLDER = Path(__file__).parent
SECTION = re.compile(r"^(system|user|assistant):[ \t]*$", re.MULTILINE)
FILE_NAME = re.compile(r"^\d{3}\.md$")

# Undefined names are errors, and a template can reach neither attributes with underscores nor anything of Python's.
_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
)


class Settings(BaseModel):
    """How the LLM is to sample."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(0.0, ge=0, le=2)
    max_tokens: int = Field(ge=1, le=4096)
    stop: tuple[str, ...] = ()


class FrontMatter(BaseModel):
    """What stands above the sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    author: str = Field(min_length=1)
    settings: Settings
    variables: tuple[str, ...] = ()
    output: dict[str, Any] | None = None  # JSON schema of the answer; None: plain text
    notes: str = ""


@dataclass(frozen=True)
class Section:
    """One message of the prompt: its role, its template, and the line of the file where the template begins."""

    role: str
    template: str
    line: int


@dataclass(frozen=True)
class Prompt:
    """One version of one prompt, checked when it was loaded."""

    path: Path
    number: int
    version: str  # sha256 of the file's content, hex
    front: FrontMatter
    sections: tuple[Section, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return self.front.name

    @property
    def settings(self) -> Settings:
        return self.front.settings

    @property
    def variables(self) -> tuple[str, ...]:
        return self.front.variables

    @property
    def output(self) -> dict[str, Any] | None:
        return self.front.output

    def render(self, **variables: object) -> list[dict[str, str]]:
        """The messages with the variables filled in; their values are never read as templates.

        Raises PromptError where a declared variable is missing or an undeclared one is given.
        """
        missing = [name for name in self.variables if name not in variables]
        unknown = [name for name in variables if name not in self.variables]
        if missing:
            line = next((s.line for s in self.sections if any(name in s.template for name in missing)), 1)
            raise PromptError(self.path, line, f"rendered without {_names(missing)}; give a value for each variable")
        if unknown:
            raise PromptError(self.path, 1, f"rendered with {_names(unknown)}, which the prompt does not declare")
        return [
            {"role": section.role, "content": self._fill(section, template, variables)}
            for section, template in zip(self.sections, self._templates, strict=True)
        ]

    @cached_property
    def _templates(self) -> list[Any]:
        return [_ENVIRONMENT.from_string(section.template) for section in self.sections]

    def _fill(self, section: Section, template: Any, variables: dict[str, object]) -> str:
        try:
            return str(template.render(variables)).strip()
        except (TemplateError, SecurityError, TypeError, ValueError) as error:
            raise PromptError(self.path, section.line, f"cannot be rendered: {error}") from error


class Library:
    """Every prompt of one folder, loaded and checked at once, so that a broken file stops the start and not a turn.

    >>> Library().get("understand").settings.max_tokens
    45
    """

    def __init__(self, folder: Path = PACKAGE_FOLDER) -> None:
        self.folder = folder
        self._prompts: dict[str, list[Prompt]] = {}
        for path in sorted(folder.glob("*/*.md")):
            if FILE_NAME.match(path.name):
                self._prompts.setdefault(path.parent.name, []).append(load(path))

    def get(self, name: str) -> Prompt:
        """The prompt's version with the highest number. Raises KeyError with the names there are."""
        if name not in self._prompts:
            raise KeyError(
                f"no prompt {name!r} in {self.folder.name}/; there are: {', '.join(self._prompts) or 'none'}"
            )
        return self._prompts[name][-1]

    def all(self) -> Iterator[Prompt]:
        """Every version of every prompt, by name and then by number."""
        for versions in self._prompts.values():
            yield from versions


def load(path: Path) -> Prompt:
    """The prompt in this file. Raises PromptError with the line of what is wrong."""
    content = path.read_text(encoding="utf-8")
    lines = content.splitlines()
    if not lines or lines[0].strip() != "---":
        raise PromptError(path, 1, "a prompt opens with front matter: a line '---', its fields, and '---' again")
    end = next((number for number, text in enumerate(lines[1:], 2) if text.strip() == "---"), 0)
    if not end:
        raise PromptError(path, len(lines), "the front matter is never closed; add a line '---' below its fields")
    front = _front_matter(path, "\n".join(lines[1 : end - 1]))
    if front.name != path.parent.name:
        raise PromptError(path, _line_of(lines, "name"), f"name is {front.name!r} but the folder {path.parent.name!r}")
    sections = _sections(path, lines, end)
    _check_variables(path, lines, front, sections)
    version = hashlib.sha256(content.encode()).hexdigest()
    return Prompt(path=path, number=int(path.stem), version=version, front=front, sections=sections)


def _front_matter(path: Path, text: str) -> FrontMatter:
    try:
        raw = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise PromptError(path, line, f"the front matter is not YAML: {error.problem}") from error
    if not isinstance(raw, dict):
        raise PromptError(path, 2, "the front matter must be fields, one 'name: value' a line")
    try:
        return FrontMatter.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(part) for part in first["loc"]]
        what = {"extra_forbidden": "is no field of a prompt", "missing": "is missing"}.get(first["type"], first["msg"])
        raise PromptError(path, _line_of(["---", *text.splitlines()], *keys), f"{'.'.join(keys)} {what}") from error


def _line_of(lines: list[str], *keys: str) -> int:
    """The line where the field stands, as far down its path as it can be found; 1 if it is nowhere."""
    found = 1
    for key in keys:
        pattern = re.compile(rf"^\s*{re.escape(key)}\s*:")
        here = next((number for number, text in enumerate(lines, 1) if number >= found and pattern.match(text)), None)
        if here is None:
            break
        found = here
    return found


def _sections(path: Path, lines: list[str], end: int) -> tuple[Section, ...]:
    sections: list[Section] = []
    start, role = end + 1, ""
    body: list[str] = []
    for number, text in enumerate([*lines[end:], "system:"], end + 1):
        header = SECTION.match(text)
        if not header:
            body.append(text)
            continue
        if role:
            if not "".join(body).strip():
                raise PromptError(path, start - 1, f"the section '{role}:' is empty")
            sections.append(Section(role, "\n".join(body), start))
        elif "".join(body).strip():
            raise PromptError(path, end + 1, "text before the first section; open one with a line 'system:' or 'user:'")
        role, body, start = header[1], [], number + 1
    if not any(section.role == "user" for section in sections):
        raise PromptError(path, len(lines), "there is no section 'user:'")
    return tuple(sections)


def _check_variables(path: Path, lines: list[str], front: FrontMatter, sections: tuple[Section, ...]) -> None:
    used: set[str] = set()
    for section in sections:
        try:
            tree = _ENVIRONMENT.parse(section.template)
        except TemplateSyntaxError as error:
            raise PromptError(path, section.line + error.lineno - 1, f"template: {error.message}") from error
        names = list(tree.find_all(nodes.Name))
        stored = {node.name for node in names if node.ctx != "load"} | {"loop", "range"}
        for node in names:
            if node.name in stored:
                continue
            if node.name not in front.variables:
                line = section.line + node.lineno - 1
                raise PromptError(path, line, f"variable {node.name!r} is used but not declared under 'variables'")
            used.add(node.name)
    unused = [name for name in front.variables if name not in used]
    if unused:
        raise PromptError(path, _line_of(lines, "variables"), f"{_names(unused)} declared but used in no section")


def _names(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
