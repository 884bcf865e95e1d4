"""Versions, labels and shares of traffic: what is published, who gets what, and what is refused."""

import multiprocessing
import multiprocessing.synchronize
import os
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from prompts.errors import PromptError, VersionError
from prompts.exchange import export, take
from prompts.library import Library
from prompts.serving import Pinned, Served, released
from prompts.versions import Versions
from retrieval.database import Connections

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


@pytest.fixture
def files(tmp_path: Path) -> Library:
    put(tmp_path / "files", "greet", 1, TEXT)
    put(tmp_path / "files", "guess", 1, JSON)
    return Library(tmp_path / "files")


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(tmp_path / "shop.db")
    yield connections
    connections.close()


@pytest.fixture
def versions(connections: Connections, files: Library) -> Versions:
    versions = Versions(connections, files)
    assert versions.adopt(files) == 2
    return versions


def test_files_are_versions_and_production_follows_them_until_somebody_moves_it(
    versions: Versions, files: Library, tmp_path: Path
) -> None:
    assert [(v.title, v.author, v.labels) for v in versions.all()] == [
        ("greet@1", "files", ("production",)),
        ("guess@1", "files", ("production",)),
    ]
    assert versions.adopt(files) == 0
    put(tmp_path / "files", "greet", 2, SHORT)
    assert versions.adopt(Library(tmp_path / "files")) == 1
    assert versions.find("greet").number == 2
    versions.move(versions.find("greet@1"), "production", "ann", "shorter was worse")
    put(tmp_path / "files", "greet", 3, SHORT.replace("Hello", "Hi"))
    assert versions.adopt(Library(tmp_path / "files")) == 1
    assert versions.find("greet@production").number == 1


def test_numbers_are_given_at_publication_and_the_same_text_is_the_same_version(
    versions: Versions, tmp_path: Path
) -> None:
    mine = versions.publish(SHORT, "ann", "mood says nothing")
    assert (mine.title, mine.author, mine.labels) == ("greet@2", "ann", ())
    assert versions.publish(SHORT, "bob") == mine
    put(tmp_path / "files", "greet", 2, SHORT.replace("Hello", "Hi"))  # the file has the number 2 as well
    versions.adopt(Library(tmp_path / "files"))
    assert [v.title for v in versions.all("greet")] == ["greet@1", "greet@2", "greet@3"]
    assert versions.find(mine.hash[:10]) == versions.find("greet@2") == mine
    assert versions.text(mine).content == SHORT


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (TEXT.replace("greet", "great"), 2, "no prompt 'great' is used here; there are: greet, guess"),
        (TEXT.replace("mood", "colour"), 7, "the variable 'colour' is never given; there are: mood, who"),
        (TEXT.replace("12", "many"), 6, "settings.max_tokens"),
        (TEXT.replace("{{ who }}", "{{ who"), 10, "template:"),
        (TEXT.replace("Hello", "Hello " * 1600), 10, "more than a turn may send"),
        (TEXT.replace("variables", "output: {type: object}\nvariables"), 7, "its answer must be plain text"),
        (
            JSON.replace("  required: [items]\n", ""),
            7,
            "the answer's schema must require what the program reads: 'items'",
        ),
        (JSON.replace("items", "things"), 7, "must require what the program reads: 'items'"),
        (JSON.replace("type: array", "type: arrow"), 10, "output is no JSON schema"),
    ],
)
def test_what_could_not_be_used_is_not_published(versions: Versions, text: str, line: int, what: str) -> None:
    with pytest.raises(PromptError) as caught:
        versions.publish(text, "ann", origin="draft")
    assert (caught.value.line, what in str(caught.value)) == (line, True), str(caught.value)
    assert len(versions.all()) == 2


def test_labels_are_moved_rolled_back_and_journalled(versions: Versions) -> None:
    second = versions.publish(SHORT, "ann")
    versions.move(second, "production", "rob", "better on the cases")
    versions.move(second, "production", "rob", "again")  # nothing to do
    assert versions.find("greet").number == 2
    assert versions.roll_back("greet", "production", "rob", "thumbs fell").number == 1
    assert versions.find("greet").number == 1
    told = [(entry.who, entry.done, entry.label, entry.why) for entry in versions.journal("greet")]
    assert told == [
        ("files", "published", "", ""),
        ("files", "moved", "production", "came with the program"),
        ("ann", "published", "", ""),
        ("rob", "moved", "production", "better on the cases"),
        ("rob", "back", "production", "thumbs fell"),
    ]
    with pytest.raises(VersionError, match="never pointed elsewhere"):
        versions.roll_back("guess", "production", "rob")
    with pytest.raises(VersionError, match="A label is one word"):
        versions.move(second, "to be", "rob")
    for wrong, what in (
        ("greet@7", r"There is no greet@7. There are the numbers 1 to 2, 1: production"),
        ("gret", r"There is no prompt 'gret'. There are: greet, guess"),
    ):
        with pytest.raises(VersionError, match=what):
            versions.find(wrong)


def test_who_gets_what(versions: Versions, files: Library, connections: Connections) -> None:
    served = Served(versions, files)
    first, second = versions.find("greet@1"), versions.publish(SHORT, "ann")
    keys = [f"session {number}" for number in range(2000)]

    def share(site: str = "") -> float:
        return sum(served.chosen(key, site)["greet"] == second.hash for key in keys) / len(keys)

    with pytest.raises(VersionError, match="has no candidate"):
        versions.split("greet", 0.1, "rob")
    versions.move(second, "candidate", "rob")
    assert share() == 0
    versions.split("greet", 0.1, "rob")
    before = {key for key in keys if served.chosen(key)["greet"] == second.hash}
    assert 0.07 < share() < 0.13
    assert versions.shares() == {("greet", ""): 0.1}
    versions.split("greet", 0.5, "rob")
    assert 0.46 < share() < 0.54
    assert before <= {key for key in keys if served.chosen(key)["greet"] == second.hash}
    # Another process of the shop follows at once, since labels are read for each conversation.
    other = Served(Versions(connections, files), files)
    assert other.chosen(keys[0]) == served.chosen(keys[0])
    # A site of its own share, and then of its own version.
    versions.split("greet", 0, "rob", site="site_a")
    assert share("site_a") == 0
    assert share("site_b") > 0.4
    versions.split("greet", 1, "rob", site="site_a")
    assert share("site_a") == 1
    versions.move(first, "production", "rob", site="site_a")
    versions.move(first, "candidate", "rob", site="site_a")
    assert share("site_a") == 0
    with pytest.raises(VersionError, match="between 0 and 1; 10 does not"):
        versions.split("greet", 10, "rob")


def test_a_version_that_is_gone_is_answered_by_the_newest_file(versions: Versions, files: Library) -> None:
    served = Served(versions, files)
    second = versions.publish(SHORT, "ann")
    assert served.version("greet", second.hash).content == SHORT
    assert served.version("greet", "0" * 64).content == TEXT


def test_a_fragment_is_versioned_with_the_prompts_that_include_it(versions: Versions) -> None:
    assert versions.write_fragment("voice", "Be brief.", "ann") == []
    spoken = versions.publish(TEXT.replace("Hello", "{% include 'voice' %}\nHello"), "ann")
    assert versions.using("voice") == []
    versions.move(spoken, "production", "rob")
    assert [version.title for version in versions.using("voice")] == ["greet@2"]
    (made,) = versions.write_fragment("voice", "Be kind, {{ who }}.", "ann", "the brand's new voice")
    assert (made.title, versions.find("greet").title) == ("greet@3", "greet@2")
    given = {"who": "Ann", "mood": "well"}
    assert versions.text(made).render(**given)[0]["content"] == "Be kind, Ann.\nHello Ann, well."
    assert versions.text(spoken).render(**given)[0]["content"] == "Be brief.\nHello Ann, well."
    with pytest.raises(
        PromptError, match="fragment 'voice', as greet@2 with voice includes it, line 1: variable 'age'"
    ):
        versions.write_fragment("voice", "{{ age }}", "ann")
    assert versions.fragments() == {"voice": "Be kind, {{ who }}."}
    assert versions.write_fragment("voice", "Be brief.", "ann") == []  # greet@2 is just that already
    assert versions.fragments() == {"voice": "Be brief."}


def test_versions_travel_byte_for_byte(versions: Versions, files: Library, tmp_path: Path) -> None:
    versions.write_fragment("voice", "Be brief.\r\n", "ann")
    odd = TEXT.replace("Hello", "{% include 'voice' %}\nGrüezi\t").replace("tests", "Zoë").removesuffix("\n")
    versions.publish(odd, "ann")
    versions.write_fragment("voice", "Be kind.", "ann")
    assert export(versions, tmp_path / "out").versions == 3
    other = Connections(tmp_path / "other.db")
    taken = Versions(other, files)
    assert [version.title for version in take(taken, tmp_path / "out", "bob").new] == ["greet@1", "greet@2", "guess@1"]
    assert [(v.title, v.hash) for v in taken.all()] == [(v.title, v.hash) for v in versions.all()]
    assert taken.text(taken.find("greet@2")).content == odd
    assert export(taken, tmp_path / "again").versions == 3
    for path in (tmp_path / "out").rglob("*.md"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes()
    assert take(taken, tmp_path / "out", "bob").new == ()
    changed = tmp_path / "out" / "greet" / "002.md"
    changed.write_bytes(changed.read_bytes().replace(b"Hello", b"Hallo").replace(b"max_tokens: 12", b"max_tokens: 9"))
    with pytest.raises(VersionError, match=r"greet/002.md is not the text that versions.yaml names"):
        take(taken, tmp_path / "out", "bob")
    with pytest.raises(VersionError, match="There are no prompts in"):
        take(taken, tmp_path / "other", "bob")
    other.close()


def test_the_tables_hold_what_happened_when(connections: Connections, files: Library) -> None:
    versions = Versions(connections, files, now=lambda: 1_000.0)
    versions.adopt(files)
    assert {entry.time for entry in versions.journal()} == {1_000.0}
    assert all(version.time < time.time() for version in versions.all())


def test_drafts_are_kept_changed_and_thrown_away_and_may_be_wrong(versions: Versions) -> None:
    first = versions.draft("no prompt at all", "ann")
    second = versions.draft(TEXT, "bob")
    assert versions.draft(SHORT, "ann", first) == first
    assert [(draft.number, draft.author) for draft in versions.drafts()] == [(first, "ann"), (second, "bob")]
    assert versions.drafts()[0].content == SHORT
    versions.discard(first)
    assert [draft.number for draft in versions.drafts()] == [second]
    for gone in (lambda: versions.discard(first), lambda: versions.draft(SHORT, "ann", first)):
        with pytest.raises(VersionError, match=f"There is no draft {first}"):
            gone()


def test_what_is_pinned_is_used_whatever_is_live(versions: Versions, files: Library) -> None:
    second = versions.publish(SHORT, "ann")
    pinned = Pinned(Served(versions, files), {"greet": second.hash})
    chosen = pinned.chosen("any")
    assert (chosen["greet"], chosen["guess"]) == (second.hash, versions.find("guess").hash)
    assert pinned.version("greet", chosen["greet"]).content == SHORT


def test_rolling_back_goes_further_back_each_time_and_at_last_to_nowhere(versions: Versions) -> None:
    texts = [SHORT.replace("Hello", greeting) for greeting in ("Hi", "Hey")]
    for text in texts:
        versions.move(versions.publish(text, "ann"), "production", "rob")
    numbers = []
    for _ in range(2):
        back = versions.roll_back("greet", "production", "rob")
        numbers.append(back and back.number)
    assert numbers == [2, 1]
    with pytest.raises(VersionError, match="there is nothing to go back to"):
        versions.roll_back("greet", "production", "rob")
    versions.move(versions.find("greet@3"), "production", "rob")
    versions.roll_back("greet", "production", "rob")
    assert versions.find("greet").number == 1
    # Of one site, and of the candidate, nowhere is somewhere to go back to.
    versions.move(versions.find("greet@2"), "production", "rob", site="site_a")
    assert versions.roll_back("greet", "production", "rob", site="site_a") is None
    assert versions.labelled("greet", "production", "site_a") == ""
    with pytest.raises(VersionError, match="there is nothing to go back to"):
        versions.roll_back("greet", "production", "rob", site="site_a")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (TEXT.replace("{{ who }}", "{{ who | uper }}"), 10, "there is no filter 'uper'"),
        (TEXT.replace("{{ who }}", "{{ who is odder }}"), 10, "there is no test 'odder'"),
        (
            TEXT.replace("{{ who }}", "{% for a in who %}{{ a }}\n{% endfor %}{{ a }}"),
            11,
            "'a' is used where it",
        ),
        (
            TEXT.replace("{{ who }}", "{{ who }}{% set a = a %}{{ a }}"),
            10,
            "variable 'a' is used where it may not be set",
        ),
        (TEXT.replace("{{ who }}", "{{ who }}{{ lipsum() }}"), 10, "variable 'lipsum' is used but not declared"),
        (TEXT.replace("tests", "\x07"), 2, "the front matter cannot be read: unacceptable character #x0007"),
        (TEXT.replace("tests", "2026-13-45"), 2, "the front matter cannot be read: month must be in 1..12"),
        (TEXT.replace("tests", "[" * 3000 + "]" * 3000), 2, "the front matter cannot be read"),
        (JSON.replace("{type: array}", "&a {items: *a}"), 10, "'*a' names another part; write that out instead"),
        (TEXT.replace("Hello", "\ud800"), 10, "there is half a character"),
    ],
)
def test_what_would_fail_in_a_turn_or_in_the_reader_is_told_with_its_line(
    versions: Versions, text: str, line: int, what: str
) -> None:
    with pytest.raises(PromptError) as caught:
        versions.publish(text, "ann", origin="draft")
    assert (caught.value.line, what in str(caught.value)) == (line, True), str(caught.value)


def test_a_version_that_a_newer_program_cannot_use_is_answered_by_its_file(
    versions: Versions, connections: Connections, tmp_path: Path
) -> None:
    put(tmp_path / "newer", "greet", 1, SHORT)  # which gives no mood any more
    newer = Library(tmp_path / "newer")
    later = Versions(connections, newer)
    versions.move(versions.publish(TEXT.replace("Hello", "Hi"), "ann"), "production", "rob")
    later.adopt(newer)
    served = Served(later, newer)
    live = served.chosen("any")["greet"]
    assert live == versions.find("greet@2").hash
    assert served.version("greet", live).content == SHORT
    assert Served(versions, Library(tmp_path / "files")).version("greet", live).content != SHORT


def test_what_people_wrote_of_a_fragment_stays_the_newest(
    versions: Versions, connections: Connections, tmp_path: Path
) -> None:
    (tmp_path / "files" / "fragments").mkdir()
    voice = tmp_path / "files" / "fragments" / "voice.md"
    voice.write_text("Be brief.")
    versions.adopt(Library(tmp_path / "files"))
    spoken = versions.publish(TEXT.replace("Hello", "{% include 'voice' %}\nHello"), "ann")
    export(versions, tmp_path / "out")
    versions.move(spoken, "production", "rob")
    versions.write_fragment("voice", "Be kind.", "ann")
    versions.adopt(Library(tmp_path / "files"))  # as every start does
    assert versions.fragments() == {"voice": "Be kind."}
    voice.write_text("Be formal.")  # an upgrade
    versions.adopt(Library(tmp_path / "files"))
    assert versions.fragments() == {"voice": "Be kind."}
    take(versions, tmp_path / "out", "bob")
    assert versions.fragments() == {"voice": "Be kind."}
    versions.write_fragment("voice", "Be brief.", "ann")
    assert versions.fragments() == {"voice": "Be brief."}


def test_a_fragments_name_leads_out_of_no_folder(versions: Versions, tmp_path: Path) -> None:
    for name in ("../voice", "my voice", ""):
        with pytest.raises(VersionError, match="A fragment's name has letters"):
            versions.write_fragment(name, "Be brief.", "ann")
    with pytest.raises(VersionError, match="The fragment voice has no text"):
        versions.write_fragment("voice", " \n", "ann")
    put(tmp_path / "in", "greet", 1, TEXT.replace("Hello", "{% include '../../voice' %}\nHello"))
    put(tmp_path / "in", "fragments", 1, "Be brief.")
    manifest = tmp_path / "in" / "versions.yaml"
    manifest.write_text("- {version: greet@1, hash: x, fragments: {'../../voice': '001'}}")
    with pytest.raises(VersionError, match=r"versions.yaml is not as it was exported"):
        take(versions, tmp_path / "in", "bob")
    manifest.write_text("- {version: greet@1, hash: x, fragments: {voice: gone}}")
    with pytest.raises(VersionError, match=r"versions.yaml names fragments/gone.md, which is not there"):
        take(versions, tmp_path / "in", "bob")
    (tmp_path / "in" / "greet" / "001.md").write_bytes(b"\xff\xfe")
    manifest.unlink()
    with pytest.raises(PromptError, match=r"greet/001.md, line 1: it is not UTF-8"):
        take(versions, tmp_path / "in", "bob")


def test_a_draft_that_somebody_else_has_changed_is_not_overwritten(versions: Versions) -> None:
    number = versions.draft(TEXT, "ann")
    assert versions.draft(SHORT, "bob", number, was=TEXT) == number
    with pytest.raises(VersionError, match=f"bob has changed draft {number} since you opened it"):
        versions.draft(TEXT + "More.", "ann", number, was=TEXT)
    assert versions.drafts()[0].content == SHORT
    assert versions.draft(SHORT, "ann", number, was=TEXT) == number  # the same change
    with pytest.raises(VersionError, match="half a character"):
        versions.draft("\ud800", "ann")


def test_a_thousand_versions_are_listed_with_their_notes_and_not_read(versions: Versions) -> None:
    noted = SHORT.replace("variables", "notes: Hm.\nvariables")
    texts = [noted.replace("Hello", f"Hello {number}") for number in range(1000)]
    versions.publish_all([versions.check(text, "draft") for text in texts], "ann")
    sent: list[str] = []
    versions._databases.current.conn.set_trace_callback(sent.append)
    assert versions.all("greet")[-1].notes == "Hm."
    assert len(sent) == 2
    assert not any("content" in sql for sql in sent)


def adopting(path: Path, files: Path, begin: "multiprocessing.synchronize.Event", failed: "Queue[str]") -> None:
    connections = Connections(path)
    begin.wait()
    try:
        versions, _ = released(connections, Library(files))
        for number in range(5):
            versions.publish(SHORT.replace("Hello", f"Hello {os.getpid()} {number}"), "ann")
            versions.move(versions.all("greet")[-1], "candidate", "rob")
        failed.put("")
    except Exception as error:
        failed.put(f"{type(error).__name__}: {error}")


def test_processes_that_begin_and_publish_at_once_wait_for_each_other(files: Library, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begin, failed = context.Event(), context.Queue()
    arguments = (tmp_path / "new.db", files.folder, begin, failed)
    processes = [context.Process(target=adopting, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    begin.set()
    assert [failed.get(timeout=120) for _ in processes] == [""] * 3
    for process in processes:
        process.join()
    connections = Connections(tmp_path / "new.db")
    versions = Versions(connections, files)
    assert [version.number for version in versions.all("greet")] == list(range(1, 17))
    assert len([entry for entry in versions.journal() if entry.done == "published"]) == 17
    connections.close()
