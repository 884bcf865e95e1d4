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
    assert (prompt.name, prompt.origin, prompt.variables) == ("greet", "greet/001.md", ("who",))
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
    for number in ("001", "010", "1000", "002"):
        write(tmp_path, GOOD, number=number)
    write(tmp_path, "not a prompt", number="notes")
    library = Library(tmp_path)
    assert library.get("greet").origin == "greet/1000.md"
    assert [prompt.origin[6:-3] for prompt in library.all()] == ["001", "002", "010", "1000"]
    with pytest.raises(KeyError, match="there are: greet"):
        library.get("reply")


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("author: tests", "author: tests\nowner: me"), 5, "owner is no field of a prompt"),
        (("author: tests\n", ""), 1, "author is missing"),
        (("  max_tokens: 12", "  max_tokens: many"), 7, "settings.max_tokens"),
        (("  max_tokens: 12", "  max_tokens: 12\n  top_k: 4"), 8, "settings.top_k is no field"),
        (("name: greet", "name: great"), 2, "name is 'great' but must be 'greet'"),
        (("name: greet", "name: [greet"), 3, "not YAML"),
        (("{{ who }}", "{{ whom }}"), 14, "variable 'whom' is used but not declared"),
        (("{{ who }}", "there"), 8, "'who' declared but used in no section"),
        (("{{ who }}", "{{ who"), 14, "template:"),
        (("user:\nHello {{ who }}.", "user:"), 13, "the section 'user:' is empty"),
        (("user:\n", "usr:\n"), 14, "no section 'user:'"),
        (("system:\n", "sytem:\n"), 10, "text before the first section"),
        (("---\nname", "name"), 1, "opens with front matter"),
        (("variables: [who]", "variables: [who]\noutput:\n  type: objekt"), 10, "output is no JSON schema"),
        (
            ("Hello", "{% include 'voice' %}\nHello"),
            14,
            "an include names a fragment in quotation marks; there are none",
        ),
        (("Hello", "{% include who %}"), 14, "an include names a fragment in quotation marks"),
        (("Hello", "\n{% import 'voice' as v %}"), 15, "'import' is not to be had here"),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, what: str
) -> None:
    with pytest.raises(PromptError) as caught:
        load(write(tmp_path, GOOD.replace(*change, 1)))
    assert what in str(caught.value)
    assert (caught.value.line, str(caught.value).startswith(f"greet/001.md, line {line}: ")) == (line, True)


def test_rendering_wants_the_declared_variables_and_leaves_others_out(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD))
    with pytest.raises(PromptError, match=r"greet/001.md, line 14: rendered without 'who'"):
        prompt.render()
    assert prompt.render(who="Ann", age=3) == prompt.render(who="Ann")


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


def test_fragments_are_shared_and_a_part_of_the_version(tmp_path: Path) -> None:
    text = GOOD.replace("You greet.", "You greet.\n{% include 'voice' %}")
    fragments = tmp_path / "fragments"
    fragments.mkdir()
    (fragments / "voice.md").write_text("Be kind to {{ who }}.")
    (fragments / "unused.md").write_text("No matter.")
    write(tmp_path, text)
    prompt = Library(tmp_path).get("greet")
    assert prompt.render(who="Ann")[0]["content"] == "You greet.\nBe kind to Ann."
    assert prompt.fragments == {"voice": "Be kind to {{ who }}."}
    (fragments / "unused.md").write_text("Still none.")
    assert Library(tmp_path).get("greet").version == prompt.version
    (fragments / "voice.md").write_text("Be short with {{ who }}.")
    assert Library(tmp_path).get("greet").version != prompt.version
    for wrong, what in (
        ("{{ age }}", "fragment 'voice', as greet/001.md includes it, line 1: variable 'age' is used but not declared"),
        ("\n{{ who", "fragment 'voice', line 2: template:"),
        ("{% include 'unused' %}", "greet/001.md, line 12: the fragment 'voice' includes another"),
    ):
        (fragments / "voice.md").write_text(wrong)
        with pytest.raises(PromptError) as caught:
            Library(tmp_path)
        assert str(caught.value).startswith(what)
