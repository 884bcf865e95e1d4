"""A merchant's file of policies, Markdown or YAML, as sections; what cannot be taken is set aside with the reason.

Pure. Bounded in every direction. Of a link only an https address is kept, as text; markup and HTML are taken away.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chat.policies import Policy, PolicyError
from retrieval.cleaning import plain

LARGEST_FILE = 200_000  # characters
MOST_SECTIONS = 60
LONGEST_HEADING = 80  # characters
LONGEST_SECTION = 6_000  # characters
LONGEST_PASSAGE = 500  # characters: what a shopper is quoted at once
BULLET = " • "

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])")
_ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*:)//[^\s<>]+|\b(?:javascript|data|vbscript):\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Aside:
    """A section that was not taken."""

    line: int
    heading: str
    reason: str
    text: str


@dataclass(frozen=True)
class Read:
    """What a file gave."""

    policies: tuple[Policy, ...]
    aside: tuple[Aside, ...] = ()


@dataclass
class _Section:
    """A section as it stands in the file: blocks of text, each with whether it is an item of a list."""

    heading: str
    line: int
    level: int = 1
    parent: str = ""
    blocks: list[tuple[str, bool]] = field(default_factory=list)
    fault: str = ""

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.blocks)


def read_policies(text: str, *, is_yaml: bool) -> Read:
    """The sections of the file in their order. PolicyError where it is too large, or no YAML."""
    if len(text) > LARGEST_FILE:
        raise PolicyError(f"The file has more than {LARGEST_FILE:,} characters; shoppers are quoted short passages.")
    policies: list[Policy] = []
    aside: list[Aside] = []
    taken: set[str] = set()
    for section in _yaml_sections(text) if is_yaml else _markdown_sections(text):
        passages = () if section.fault else passages_of(section.blocks)
        if fault := section.fault or _fault(section, passages, taken, len(policies)):
            aside.append(Aside(section.line, section.heading, fault, section.text))
            continue
        taken.add(section.heading.casefold())
        policies.append(Policy(section.heading, passages, section.parent))
    return Read(tuple(policies), tuple(aside))


def passages_of(blocks: Sequence[tuple[str, bool]]) -> tuple[str, ...]:
    """Blocks of text as passages that can be quoted whole: short items of a list stay with what introduces them."""
    joined: list[tuple[str, bool]] = []
    for text, is_item in blocks:
        fragment = is_item and not text.endswith((".", "!", "?"))
        if fragment and joined and (joined[-1][1] or joined[-1][0].endswith(":")):
            before = joined[-1][0]
            if len(before) + len(BULLET) + len(text) <= LONGEST_PASSAGE:
                joined[-1] = (f"{before}{BULLET}{text}", True)
                continue
        joined.append((text, fragment))
    return tuple(part for text, _ in joined for part in _parted(text))


def _parted(text: str) -> Iterator[str]:
    """A long text cut between its sentences."""
    held = ""
    for sentence in _SENTENCE_END.split(text) if len(text) > LONGEST_PASSAGE else [text]:
        if held and len(held) + 1 + len(sentence) > LONGEST_PASSAGE:
            yield held
            held = sentence
        else:
            held = f"{held} {sentence}".strip()
    if held:
        yield held


def _fault(section: _Section, passages: Sequence[str], taken: set[str], count: int) -> str:
    if not section.heading:
        return "it stands under no heading"
    if len(section.heading) > LONGEST_HEADING:
        return f"its heading has more than {LONGEST_HEADING} characters"
    if not passages:
        return "it says nothing"
    if len(section.text) > LONGEST_SECTION:
        return f"it has more than {LONGEST_SECTION:,} characters"
    if any(len(passage) > LONGEST_PASSAGE for passage in passages):
        return f"a sentence in it has more than {LONGEST_PASSAGE} characters, and could not be quoted whole"
    if section.heading.casefold() in taken:
        return "its heading stands in the file before"
    if count >= MOST_SECTIONS:
        return f"there are more than {MOST_SECTIONS} sections"
    return ""


def _clean(text: str) -> str:
    """One line without markup; addresses that are not https are taken out."""
    kept = _ADDRESS.sub(lambda found: found[0] if found[0].lower().startswith("https://") else "", plain(text))
    return " ".join(kept.split())


def _markdown_sections(text: str) -> Iterator[_Section]:
    """The sections of a Markdown file. A heading that only stands above others is their parent, not a section."""
    found: list[_Section] = [_Section("", 1, level=0)]
    parser = MarkdownIt("commonmark").enable("table")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # which address is kept, _inline says
    tokens = parser.parse(text)
    row: list[str] = []
    depth = 0
    for at, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else found[-1].line
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
                above = next((one for one in reversed(found) if one.heading and one.level < level), None)
                heading = _clean(_inline(tokens[at + 1]))
                parent = above.heading if above and above.level < level else ""
                found.append(_Section(heading, line, level, parent, fault="" if heading else "its heading is empty"))
            case "list_item_open":
                depth += 1
            case "list_item_close":
                depth -= 1
            case "tr_open":
                row = []
            case "tr_close" if row:
                found[-1].blocks.append((": ".join(filter(None, row)), True))
            case "inline" if tokens[at - 1].type == "td_open":
                row.append(_clean(_inline(token)))
            case "inline" if tokens[at - 1].type not in ("heading_open", "th_open"):
                found[-1].blocks.append((_clean(_inline(token)), depth > 0))
            case "fence" | "code_block" | "html_block":
                found[-1].blocks.append((_clean(token.content), False))
    for section in found:
        section.blocks = [block for block in section.blocks if block[0]]
    for section, after in zip(found, [*found[1:], None], strict=True):
        is_title = not section.blocks and after is not None and after.level > section.level
        if not is_title and (section.heading or section.blocks or section.fault):
            yield section


def _inline(token: Token) -> str:
    """The text of a line of Markdown; of a link its words, and its address where it is an https one."""
    parts: list[str] = []
    address = ""
    for child in token.children or ():
        match child.type:
            case "link_open":
                address = str(child.attrs.get("href", ""))
            case "link_close":
                if address.lower().startswith("https://") and address not in "".join(parts):
                    parts.append(f" ({address})")
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "html_inline":
                continue
            case _:
                parts.append(child.content)
    return "".join(parts)


def _yaml_sections(text: str) -> Iterator[_Section]:
    """The sections of a YAML file: a mapping from headings to a text, a list of texts, or texts under names."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise PolicyError(
            f"This is no YAML{where}: {getattr(error, 'problem', None) or 'it cannot be read'}."
        ) from error
    if not isinstance(root, yaml.MappingNode):
        raise PolicyError("The file has to hold headings, each with its text, e.g.  Returns: Within 30 days, unused.")
    for key, value in root.value:
        heading = _clean(key.value) if isinstance(key, yaml.ScalarNode) else ""
        section = _Section(heading, key.start_mark.line + 1)
        parts = _yaml_texts(value)
        if parts is None:
            section.fault = "its texts lie too deep: give it a text, a list of texts, or texts under names"
        else:
            section.blocks = [(text, is_item) for part, is_item in parts if (text := _clean(part))]
        yield section


def _yaml_texts(node: yaml.Node) -> list[tuple[str, bool]] | None:
    """The texts of a section, each with whether it is an item of a list; None where they lie deeper than that."""
    if isinstance(node, yaml.ScalarNode):
        # Of the folded and quoted forms YAML keeps blank lines between paragraphs.
        return [(part, False) for part in re.split(r"\n\s*\n|\n(?=\S)", node.value) if part.strip()]
    if isinstance(node, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in node.value):
        return [(one.value, True) for one in node.value]
    if isinstance(node, yaml.MappingNode) and all(
        isinstance(name, yaml.ScalarNode) and isinstance(one, yaml.ScalarNode) for name, one in node.value
    ):
        return [(f"{name.value}: {one.value}", True) for name, one in node.value]
    return None
