import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from retrieval.errors import IndexBuildError
from retrieval.items import Item
from retrieval.lexical import LexicalIndex
from retrieval.wording import stem

ITEMS = [
    Item(id="a", title="Ridge 2-person tent, green", description="Sleeps two beside a lake."),
    Item(id="b", title="Tent pegs for a ridge, 10 oz", brand="Fernhill"),
    Item(id="c", title="Lake green paint", category=("Home", "Paint"), attributes={"finish": ("matte",)}),
    Item(id="d", title="Café table", description="Matte green steel; goes with the tent chairs."),
    Item(id="e", title="KB-220 keyboard", brand="Osprey Lane"),
    Item(id="f", title="Video games shelf"),
    Item(id="g", title="Big video games box"),
    Item(id="h", title="Fernhill handbag"),
]
NUMBERED = list(enumerate(ITEMS, start=11))


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    LexicalIndex.build(tmp_path / "lexical", NUMBERED)
    return LexicalIndex(tmp_path / "lexical")


def found(index: LexicalIndex, text: str, **options: object) -> list[str]:
    names = {number: item.id for number, item in NUMBERED}
    return [names.get(number, str(number)) for number, _ in index.search(text, 10, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ridge tent", ["a", "b", "d"]),
        ("tent pegs", ["b", "a", "d"]),
        ("green tent", ["a", "d", "b", "c"]),
        ("lakes", ["c", "a"]),  # in the title before in the description
        ("fernhill", ["b", "h"]),
        ("cafe tables", ["d"]),
        ("matte paint", ["c", "d"]),
        ("10 ounces", ["b"]),
        ("kb220", ["e"]),
        ("kb 220", ["e"]),
        ("videogames", ["f", "g"]),
        ("hand bag", ["h"]),
        ("of", []),
        ("", []),
        ("zzz", []),
    ],
)
def test_what_is_found_and_in_which_order(index: LexicalIndex, text: str, expected: list[str]) -> None:
    got = found(index, text)
    assert got[: len(expected)] == expected
    assert len(got) == len(expected)


def test_the_score_is_the_share_of_the_words_that_the_item_holds(index: LexicalIndex) -> None:
    assert index.search("handbag", 5) == [(18, pytest.approx(1.0))]
    assert 0.3 < index.search("handbag zebra", 5)[0][1] < 0.5  # a word that nothing holds is the rarest of all
    assert index.search("steel", 5) == [(14, pytest.approx(0.6))]  # in the description alone
    (_, both), (_, apart) = index.search("video games", 5)
    assert both == apart == pytest.approx(1.35)  # words that follow each other in the title count again


@pytest.mark.parametrize(
    "text",
    [
        'title:tent AND (NOT ridge)^3 "green lake"~2 [a TO z] tent* /t.nt/ +tent -tent',
        "\ud800tent",
        "テント 帳篷 палатка خيمة 😀",
        "!!",
        "a",
        "tent " * 2000,
        " ".join(f"word{n}" for n in range(2000)),
        "'\"\\\x00",
        "OR",
    ],
)
def test_no_text_is_an_error_and_no_character_has_a_meaning(index: LexicalIndex, text: str) -> None:
    hits = index.search(text, 10)
    assert all(0 < score <= 1.35 + 1e-6 for _, score in hits)
    assert bool(hits) == (text == "a" or "tent" in text)


def test_query_syntax_is_words(index: LexicalIndex) -> None:
    assert found(index, "-tent") == found(index, "tent*") == found(index, "title:tent")[:3] == found(index, "tent")


def test_within_numbers(index: LexicalIndex) -> None:
    assert found(index, "green tent", within=[12, 13]) == ["b", "c"]
    assert found(index, "green tent", within=[]) == []
    assert found(index, "green tent", within=list(range(12, 1000))) == ["d", "b", "c"]  # as a set


def test_synonyms_count_a_little_less_than_the_own_word(index: LexicalIndex) -> None:
    synonyms = {("bivouac",): [("tent",)], ("plate", "set"): [("cafe", "tabl")]}
    assert found(index, "bivouac", synonyms=synonyms) == ["a", "b", "d"]
    assert index.search("bivouac", 1, synonyms=synonyms)[0][1] == pytest.approx(0.9)
    assert found(index, "a plate set", synonyms=synonyms) == ["d"]
    assert found(index, "set plate", synonyms=synonyms) == []


def test_changes_are_seen_at_once_and_twice_is_as_once(index: LexicalIndex) -> None:
    for _ in range(2):
        index.apply([(11, Item(id="a", title="Blue canoe")), (30, Item(id="x", title="Green canoe"))], [14, 99])
        assert found(index, "canoe") == ["a", "30"]
        assert found(index, "tent") == ["b"]
        assert len(index) == 8
    assert {"canoe", "ridge"} <= {word for word, _ in index.vocabulary()}


def test_an_empty_index(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "none", [])
    index = LexicalIndex(tmp_path / "none")
    assert (len(index), index.search("tent", 5), index.vocabulary()) == (0, [], [])
    index.apply([(1, ITEMS[0])])
    assert index.search("tent", 5) == [(1, pytest.approx(1.0))]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    LexicalIndex.build(tmp_path / "lexical", ((n, ITEMS[0]) for n in range(1, 4501)), told.append)
    assert told == [2000, 4000, 4500]


@pytest.mark.parametrize("spoil", ["missing", "empty", "garbage"])
def test_a_folder_that_is_no_index_says_so(tmp_path: Path, spoil: str) -> None:
    folder = tmp_path / "lexical"
    if spoil != "missing":
        folder.mkdir()
    if spoil == "garbage":
        (folder / "meta.json").write_text("{")
    with pytest.raises(IndexBuildError, match="cannot be read"):
        LexicalIndex(folder)


def test_another_process_may_write_after_close(index: LexicalIndex, tmp_path: Path) -> None:
    index.apply([(40, Item(id="y", title="Canoe"))])
    index.close()
    again = LexicalIndex(tmp_path / "lexical")
    again.apply([(41, Item(id="z", title="Canoe"))])
    assert [number for number, _ in again.search("canoe", 5)] == [40, 41]


_WRITER = """
import sys
from pathlib import Path
from retrieval.items import Item
from retrieval.lexical import LexicalIndex
index = LexicalIndex(Path(sys.argv[1]))
for number in range(100, 100000):
    index.apply([(number, Item(id=str(number), title=f"canoe {number}"))])
    print(number, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 20])
def test_what_was_applied_survives_a_kill(index: LexicalIndex, tmp_path: Path, acknowledged: int) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path / "lexical")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout
        lines = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
    last = int(lines[-1])
    again = LexicalIndex(tmp_path / "lexical")
    held = {number for number, _ in again.search("canoe", 100_000)}
    assert set(range(100, last + 1)) <= held
    again.apply([(5, Item(id="after", title="canoe"))])  # the killed writer's lock is gone
    assert 5 in {number for number, _ in again.search("canoe", 100_000)}


def test_many_threads_ask_while_one_changes(index: LexicalIndex) -> None:
    problems: list[BaseException | str] = []

    def ask() -> None:
        try:
            for _ in range(100):
                if found(index, "handbag") != ["h"]:
                    problems.append("the handbag was gone")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(10):
        index.apply([(200 + n, Item(id=f"n{n}", title="Canoe"))])
    for thread in threads:
        thread.join()
    assert problems == []


def test_files_of_a_commit_that_was_killed_before_its_end_are_in_nobody_s_way(tmp_path: Path) -> None:
    folder, killed = tmp_path / "lexical", tmp_path / "killed"
    LexicalIndex.build(folder, NUMBERED)
    shutil.copytree(folder, killed)
    change = [(11, Item(id="a", title="Blue canoe"))], [14]
    first = LexicalIndex(folder)
    first.apply(*change)
    first.close()
    # As it is when the files are written and the commit is not.
    for file in folder.iterdir():
        if file.name == ".managed.json" or not (killed / file.name).exists():
            shutil.copy(file, killed / file.name)
    again = LexicalIndex(killed)
    assert len(again) == len(ITEMS)
    again.apply(*change)
    assert len(again) == len(ITEMS) - 1
    assert found(again, "canoe") == ["a"]


def test_any_number_of_hits_may_be_asked_for(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path, [(1, Item(id="a", title="Tent")), (2, Item(id="b", title="Tent pegs"))])
    index = LexicalIndex(tmp_path)
    assert [number for number, _ in index.search("tent", 10**15)] == [1, 2]  # tantivy would end the process
    index.close()


def test_a_word_of_thousands_of_letters_leaves_nothing_behind(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path, [(1, Item(id="a", title="Tent"))])
    index, word = LexicalIndex(tmp_path), "abcdefghij" * 500
    before = stem.cache_info().currsize
    assert index.search(word, 5) == []
    assert stem.cache_info().currsize - before < 10  # each half of it would be kept
    index.close()
