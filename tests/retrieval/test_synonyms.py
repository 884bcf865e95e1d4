from pathlib import Path

import pytest

from retrieval.database import Connections
from retrieval.errors import SynonymsError
from retrieval.synonyms import Synonyms, SynonymStore, parse, read

FILE = """\
# What our shoppers say
sofa, couch ,  settee   # furniture

telly => television
TV stand, media unit => television bench, low cupboard
"""


def test_lines_of_both_kinds_with_comments() -> None:
    assert parse(FILE, "s.txt") == [
        ("sofa", "couch"),
        ("sofa", "settee"),
        ("couch", "sofa"),
        ("couch", "settee"),
        ("settee", "sofa"),
        ("settee", "couch"),
        ("telly", "television"),
        ("TV stand", "television bench"),
        ("TV stand", "low cupboard"),
        ("media unit", "television bench"),
        ("media unit", "low cupboard"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a1, b1\n\nsofa", "s.txt, line 3: 'sofa' stands alone."),
        ("sofa,", "s.txt, line 1: a word is missing"),
        ("# x\nsofa, , couch", "s.txt, line 2: a word is missing"),
        ("=> television", "s.txt, line 1: a word is missing"),
        ("telly =>", "s.txt, line 1: a word is missing"),
        ("a1 => b1 => c1", "s.txt, line 1: more than one"),
        ("one two three four five => x1", "s.txt, line 1: 'one two three four five' has 5 words"),
        ("!!, sofa", "s.txt, line 1: a word is missing"),
        ("x1, y1\n" * 20_001, "s.txt has 20,001 lines"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(text: str, message: str) -> None:
    with pytest.raises(SynonymsError) as caught:
        parse(text, "s.txt")
    assert str(caught.value).startswith(message)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SynonymsError, match="cannot be read"):
        read(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes("canapé, sofa".encode("latin-1"))
    with pytest.raises(SynonymsError, match=r"not UTF-8 text \(byte 5\)"):
        read(tmp_path / "latin.txt")
    (tmp_path / "bom.txt").write_bytes("\ufeffcanapé, sofa".encode())
    assert read(tmp_path / "bom.txt") == [("canapé", "sofa"), ("sofa", "canapé")]


def test_what_the_lexical_arm_is_told() -> None:
    synonyms = Synonyms.of(parse(FILE, "s.txt"))
    assert synonyms.terms[("telli",)] == (("televis",),)
    assert synonyms.terms[("tv", "stand")] == (("televis", "bench"), ("low", "cupboard"))
    assert ("televis",) not in synonyms.terms  # one way
    assert {"sofa", "telly", "tv", "cupboard"} <= synonyms.words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a telly for the kitchen", "a television for the kitchen"),
        ("TV stand in oak", "television bench in oak"),
        ("a couch", "a couch"),  # the catalogue has the word
        ("nothing of it", "nothing of it"),
        ("", ""),
    ],
)
def test_the_encoder_reads_what_the_catalogue_has_words_for(text: str, expected: str) -> None:
    synonyms = Synonyms.of(parse(FILE, "s.txt"))
    assert synonyms.reworded(text, lambda word: word in ("couch", "tv", "television")) == expected


def test_a_change_is_seen_by_whoever_has_the_shop_open(tmp_path: Path) -> None:
    serving, command = Connections(tmp_path / "shop.sqlite3"), Connections(tmp_path / "shop.sqlite3")
    store = SynonymStore(serving)
    assert store.current() == Synonyms()
    SynonymStore(command).replace(parse(FILE, "s.txt"))
    first = store.current()
    assert first == Synonyms.of(parse(FILE, "s.txt"))
    assert store.current() is first
    SynonymStore(command).replace([])
    assert store.current() == Synonyms()
    serving.close()
    command.close()
