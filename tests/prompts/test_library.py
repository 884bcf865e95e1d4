"""Prompt files: what is read, what is refused and where."""

import hashlib
from pathlib import Path

import pytest

from prompts.errors import PromptError
from prompts.library import Library, load

GOOD = """---
name: greet
description: Says hello.
author: tests
settings:
  temperature: 0.5
  max_tokens: 12
variables: [who]
---
system:
You greet.

user:
Hello {{ who }}.
"""


def write(folder: Path, content: str, name: str = "greet", number: str = "001") -> Path:
    path = folder / name / f"{number}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_a_prompt_is_loaded_whole(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD))
    assert (prompt.name, prompt.number, prompt.variables) == ("greet", 1, ("who",))
    assert (prompt.settings.temperature, prompt.settings.max_tokens, prompt.output) == (0.5, 12, None)
    assert prompt.render(who="Ann") == [
        {"role": "system", "content": "You greet."},
        {"role": "user", "content": "Hello Ann."},
    ]


def test_the_version_is_the_hash_of_the_content_and_the_number_only_a_name(tmp_path: Path) -> None:
    first, second = load(write(tmp_path, GOOD)), load(write(tmp_path, GOOD, number="007"))
    assert first.version == second.version == hashlib.sha256(GOOD.encode()).hexdigest()
    assert load(write(tmp_path, GOOD + "\nMore.\n", number="008")).version != first.version


def test_the_library_gives_the_highest_number(tmp_path: Path) -> None:
    for number in ("001", "010", "002"):
        write(tmp_path, GOOD, number=number)
    write(tmp_path, "not a prompt", number="notes")
    library = Library(tmp_path)
    assert library.get("greet").number == 10
    assert [prompt.number for prompt in library.all()] == [1, 2, 10]
    with pytest.raises(KeyError, match="there are: greet"):
        library.get("reply")


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("author: tests", "author: tests\nowner: me"), 5, "owner is no field of a prompt"),
        (("author: tests\n", ""), 1, "author is missing"),
        (("  max_tokens: 12", "  max_tokens: many"), 7, "settings.max_tokens"),
        (("  max_tokens: 12", "  max_tokens: 12\n  top_k: 4"), 8, "settings.top_k is no field"),
        (("name: greet", "name: great"), 2, "name is 'great' but the folder 'greet'"),
        (("name: greet", "name: [greet"), 3, "not YAML"),
        (("{{ who }}", "{{ whom }}"), 14, "variable 'whom' is used but not declared"),
        (("{{ who }}", "there"), 8, "'who' declared but used in no section"),
        (("{{ who }}", "{{ who"), 14, "template:"),
        (("user:\nHello {{ who }}.", "user:"), 13, "the section 'user:' is empty"),
        (("user:\n", "usr:\n"), 14, "no section 'user:'"),
        (("system:\n", "sytem:\n"), 10, "text before the first section"),
        (("---\nname", "name"), 1, "opens with front matter"),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, what: str
) -> None:
    with pytest.raises(PromptError) as caught:
        load(write(tmp_path, GOOD.replace(*change, 1)))
    assert what in str(caught.value)
    assert (caught.value.line, str(caught.value).startswith(f"greet/001.md, line {line}: ")) == (line, True)


def test_rendering_wants_exactly_the_declared_variables(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD))
    with pytest.raises(PromptError, match=r"greet/001.md, line 14: rendered without 'who'"):
        prompt.render()
    with pytest.raises(PromptError, match="rendered with 'age', which the prompt does not declare"):
        prompt.render(who="Ann", age=3)


def test_what_a_shopper_writes_is_no_template(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD))
    assert prompt.render(who="{{ 7 * 7 }} {% raw %}")[1]["content"] == "Hello {{ 7 * 7 }} {% raw %}."


def test_a_template_stays_in_its_sandbox(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD.replace("{{ who }}", "{{ who.__class__.__mro__ }}")))
    with pytest.raises(PromptError, match="cannot be rendered"):
        prompt.render(who="Ann")


def test_our_own_prompts_load_and_keep_their_bounds() -> None:
    library = Library()
    assert {prompt.name for prompt in library.all()} >= {"understand", "reply"}
    assert library.get("understand").settings.max_tokens <= 45
    assert library.get("understand").output is not None
    assert library.get("reply").settings.max_tokens <= 50
