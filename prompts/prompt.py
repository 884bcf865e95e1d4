"""A prompt's text: read, refused where it is malformed, and rendered.

A text is front matter between two ``---`` lines, then sections that open with a line ``system:``, ``user:`` or
``assistant:``. Sections are jinja2 templates in a sandbox; ``{% include "NAME" %}`` puts a fragment there, a text that
several prompts share. A version is known by the hash of its content, fragments included. Knows nothing of files,
tables, LLMs, shops or conversations.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml
from jinja2 import DictLoader, StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompts.errors import PromptError

SECTION = re.compile(r"^(system|user|assistant):[ \t]*$", re.MULTILINE)
_NAME = r"^[a-z][a-z0-9_-]{0,63}$"

# Undefined names are errors, and a template can reach neither attributes with underscores nor anything of Python's, nor
# change what it is given.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
)
_HIDDEN = _ENVIRONMENT.globals.keys() - {"range"}  # functions of jinja's own that prompts have no use for
# What reads another template, and could so read one that the version's hash does not cover.
_READING = {nodes.Import: "import", nodes.FromImport: "from", nodes.Extends: "extends"}


class Settings(BaseModel):
    """How the LLM is to sample."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(0.0, ge=0, le=2)
    max_tokens: int = Field(ge=1, le=4096)
    stop: tuple[str, ...] = ()


class FrontMatter(BaseModel):
    """What stands above the sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME)
    description: str = Field(min_length=1)
    author: str = Field(min_length=1)
    settings: Settings
    variables: tuple[str, ...] = ()
    output: dict[str, Any] | None = None  # JSON schema of the answer; None: plain text
    notes: str = ""


@dataclass(frozen=True)
class Section:
    """One message of the prompt: its role, its template, and the line of the text where the template begins."""

    role: str
    template: str
    line: int


@dataclass(frozen=True)
class Prompt:
    """One version of one prompt, checked when it was read."""

    origin: str  # where it stands, for messages: "reply/001.md"
    content: str = field(repr=False)
    fragments: Mapping[str, str] = field(repr=False)  # name -> text, of those that it includes
    version: str  # sha256, hex
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

        What is given and not declared is left out: a version need not use all that there is. PromptError where a
        declared variable is missing.
        """
        missing = [name for name in self.variables if name not in variables]
        if missing:
            line = next((s.line for s in self.sections if any(name in s.template for name in missing)), 1)
            raise PromptError(self.origin, line, f"rendered without {_names(missing)}; give a value for each variable")
        declared = {name: variables[name] for name in self.variables}
        return [
            {"role": section.role, "content": self._fill(section, template, declared)}
            for section, template in zip(self.sections, self._templates, strict=True)
        ]

    @cached_property
    def _templates(self) -> list[Any]:
        # A fragment is lines of its own: jinja takes one line end off its end, and one off after the include.
        texts = {name: text.rstrip("\r\n") + "\n\n" for name, text in self.fragments.items()}
        environment = _ENVIRONMENT.overlay(loader=DictLoader(texts)) if texts else _ENVIRONMENT
        return [environment.from_string(section.template) for section in self.sections]

    def _fill(self, section: Section, template: Any, variables: dict[str, object]) -> str:
        try:
            return str(template.render(variables)).strip()
        except Exception as error:  # a template's own, of any kind
            raise PromptError(self.origin, section.line, f"cannot be rendered: {error}") from error


def read(content: str, origin: str, fragments: Mapping[str, str] | None = None, *, named: str = "") -> Prompt:
    """The prompt that this text is. ``fragments``: every text that it could include, by name.

    ``named``: the name that it must have; "": any. Raises PromptError with the line of what is wrong.
    """
    lines = content.splitlines()
    for number, text in enumerate(lines, 1):
        if text != text.encode(errors="ignore").decode():
            raise PromptError(origin, number, "there is half a character, which nothing can hold; write it anew")
    if not lines or lines[0].strip() != "---":
        raise PromptError(origin, 1, "a prompt opens with front matter: a line '---', its fields, and '---' again")
    end = next((number for number, text in enumerate(lines[1:], 2) if text.strip() == "---"), 0)
    if not end:
        raise PromptError(origin, len(lines), "the front matter is never closed; add a line '---' below its fields")
    front = _front_matter(origin, "\n".join(lines[1 : end - 1]))
    if named and front.name != named:
        raise PromptError(origin, _line_of(lines, "name"), f"name is {front.name!r} but must be {named!r}")
    if front.output is not None:
        try:
            Draft202012Validator.check_schema(front.output)
        except RecursionError as error:
            raise PromptError(origin, _line_of(lines, "output"), "output is nested too deeply") from error
        except SchemaError as error:
            where = _line_of(lines, "output", *(part for part in error.absolute_path if isinstance(part, str)))
            raise PromptError(origin, where, f"output is no JSON schema: {error.message}") from error
    sections = _sections(origin, lines, end)
    included = _checked(origin, lines, front, sections, fragments or {})
    return Prompt(origin, content, included, version_of(content, included), front, sections)


def version_of(content: str, fragments: Mapping[str, str]) -> str:
    """The hash by which a version is known: of its text and of the fragments in it."""
    digest = hashlib.sha256(content.encode())
    for name in sorted(fragments):
        digest.update(f"\0{name}\0{fragments[name]}".encode())
    return digest.hexdigest()


def line_of(prompt: Prompt, *keys: str) -> int:
    """The line of the prompt's text where a field of its front matter stands."""
    return _line_of(prompt.content.splitlines(), *keys)


def _front_matter(origin: str, text: str) -> FrontMatter:
    try:
        # What names another part could hold itself, or grow without end.
        if alias := next((one for one in yaml.parse(text) if isinstance(one, yaml.AliasEvent)), None):
            what = f"'*{alias.anchor}' names another part; write that out instead"
            raise PromptError(origin, alias.start_mark.line + 2 if alias.start_mark else 2, what)
        raw = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise PromptError(origin, line, f"the front matter is not YAML: {error.problem}") from error
    except PromptError:
        raise
    except Exception as error:  # a character that YAML has not, a day that no calendar has, brackets a thousand deep
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PromptError(origin, 2, f"the front matter cannot be read: {what}") from error
    if not isinstance(raw, dict):
        raise PromptError(origin, 2, "the front matter must be fields, one 'name: value' a line")
    try:
        return FrontMatter.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(part) for part in first["loc"]]
        what = {"extra_forbidden": "is no field of a prompt", "missing": "is missing"}.get(first["type"], first["msg"])
        raise PromptError(origin, _line_of(["---", *text.splitlines()], *keys), f"{'.'.join(keys)} {what}") from error


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


def _sections(origin: str, lines: list[str], end: int) -> tuple[Section, ...]:
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
                raise PromptError(origin, start - 1, f"the section '{role}:' is empty")
            sections.append(Section(role, "\n".join(body), start))
        elif "".join(body).strip():
            what = "text before the first section; open one with a line 'system:' or 'user:'"
            raise PromptError(origin, end + 1, what)
        role, body, start = header[1], [], number + 1
    if not any(section.role == "user" for section in sections):
        raise PromptError(origin, len(lines), "there is no section 'user:'")
    return tuple(sections)


def _checked(
    origin: str, lines: list[str], front: FrontMatter, sections: tuple[Section, ...], fragments: Mapping[str, str]
) -> dict[str, str]:
    """The fragments that the sections include; PromptError where a template or a variable is not as it must be."""
    used: set[str] = set()
    included: dict[str, str] = {}
    for section in sections:
        tree = _parsed(origin, section.template, section.line)
        used |= _variables(origin, tree, section.line, front)
        for node in tree.find_all(nodes.Include):
            line = section.line + node.lineno - 1
            name = node.template.value if isinstance(node.template, nodes.Const) else None
            if not isinstance(name, str) or name not in fragments:
                there = f"there are: {_names(sorted(fragments))}" if fragments else "there are none"
                raise PromptError(origin, line, f"an include names a fragment in quotation marks; {there}")
            inner = _parsed(f"fragment {name!r}", fragments[name], 1)
            if inner.find(nodes.Include):
                raise PromptError(origin, line, f"the fragment {name!r} includes another; put that one here instead")
            used |= _variables(f"fragment {name!r}, as {origin} includes it", inner, 1, front)
            included[name] = fragments[name]
    unused = [name for name in front.variables if name not in used]
    if unused:
        what = f"{_names(unused)} declared but used in no section"
        raise PromptError(origin, _line_of(lines, "variables"), what)
    return included


def _parsed(origin: str, template: str, line: int) -> nodes.Template:
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateSyntaxError as error:
        raise PromptError(origin, line + error.lineno - 1, f"template: {error.message}") from error
    for kind, word in _READING.items():
        if found := tree.find(kind):
            raise PromptError(origin, line + found.lineno - 1, f"{word!r} is not to be had here; use 'include'")
    # Jinja looks for these only when it renders, which would be in a shopper's turn.
    for kind_of, known in ((nodes.Filter, _ENVIRONMENT.filters), (nodes.Test, _ENVIRONMENT.tests)):
        for node in tree.find_all(kind_of):
            if node.name not in known:
                what = f"there is no {kind_of.__name__.lower()} {node.name!r}"
                raise PromptError(origin, line + node.lineno - 1, what)
    return tree


def _variables(origin: str, tree: nodes.Template, first: int, front: FrontMatter) -> set[str]:
    names = list(tree.find_all(nodes.Name))
    stored = {node.name for node in names if node.ctx != "load"}
    read = [node for node in names if node.ctx == "load"]
    # By their scopes: what a loop has set is gone after it.
    free = meta.find_undeclared_variables(tree) | {node.name for node in read if node.name in _HIDDEN}
    for node in reversed(read) if free & stored else read:
        if node.name in free and node.name not in front.variables:
            what = f"variable {node.name!r} is used but not declared under 'variables'"
            if node.name in stored:
                what = f"variable {node.name!r} is used where it may not be set, such as after its loop"
            raise PromptError(origin, first + node.lineno - 1, what)
    return free


def _names(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
