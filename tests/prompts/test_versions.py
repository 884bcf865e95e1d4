"""Versions and drafts: what is published, and what is refused."""

import multiprocessing
import multiprocessing.synchronize
import os
import time
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from wordings import JSON, SHORT, TEXT, put

from prompts.errors import PromptError, VersionError
from prompts.library import Library
from prompts.serving import Served, released
from prompts.versions import Versions
from retrieval.database import Connections


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
