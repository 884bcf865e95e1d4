import time
from pathlib import Path

import pytest

from retrieval.items import Item
from retrieval.lexical import LexicalIndex
from retrieval.spelling import Speller, Spelling

TITLES = [
    *["Running shoes", "Waterproof jacket", "Rechargeable torch", "Mountaineers guide book", "Soda water"] * 3,
    "Tupperware lunch box",
    "Skechers trainers",
    "Teh bubble set",
    "Espresso cups",
    "KB-220 keyboard, bluetooth",
    "Café au lait bowl",
]


@pytest.fixture(scope="module")
def spelling(tmp_path_factory: pytest.TempPathFactory) -> Spelling:
    folder = tmp_path_factory.mktemp("words") / "lexical"
    LexicalIndex.build(folder, ((n, Item(id=str(n), title=title)) for n, title in enumerate(TITLES, start=1)))
    return Spelling(LexicalIndex(folder))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("mountaineerss guide", "mountaineers guide"),
        ("Rechargeble torch", "rechargeable torch"),
        ("rechargable", ""),  # another form of what the catalogue has
        ("waterprof jacekt", "waterproof jacket"),
        ("runningshoes", "running shoes"),
        ("a tuperware box, please", "a tupperware box, please"),
        ("sketchers", ""),  # a word of English
        ("skehcers", "skechers"),
        ("bluetoth keyboard", "bluetooth keyboard"),
        ("ojcket", ""),
        ("ajcket", "jacket"),  # two letters swapped, the first of them too
    ],
)
def test_what_is_misspelt_is_read_as_a_word_of_the_catalogue(spelling: Spelling, typed: str, read: str) -> None:
    assert spelling.corrected(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "running shoes",  # right
        "shoe",  # in another form
        "sofa",  # English, and one letter from "soda"
        "jackets torches",  # the catalogue has their stems
        "teh",  # as the merchant writes it
        "kb220 kb-221 xz9000",  # models
        "16gb 300",
        "lamp",
        "nespresso",  # a brand it does not know, with another first letter
        "qwxzvbn",
        "cafe",
        "перчатки 手袋 😀 \ud800",
        "",
    ],
)
def test_what_is_left_alone(spelling: Spelling, typed: str) -> None:
    assert spelling.corrected(typed) == ""


def test_words_that_the_merchant_gave_are_right(spelling: Spelling) -> None:
    assert spelling.corrected("jackt") == "jacket"
    assert spelling.corrected("jackt", kept=frozenset({"jackt"})) == ""


def test_only_the_most_frequent_words_are_readings(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "x", ((n, Item(id=str(n), title=title)) for n, title in enumerate(TITLES, start=1)))
    few = Spelling(LexicalIndex(tmp_path / "x"), most=12)
    assert few.corrected("waterprof tuperware") == "waterproof tuperware"


def test_a_catalogue_without_words_reads_nothing(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "x", [])
    assert Spelling(LexicalIndex(tmp_path / "x")).corrected("runing shoez") == ""


def of(folder: Path, titles: list[str]) -> Spelling:
    LexicalIndex.build(folder, ((n, Item(id=str(n), title=title)) for n, title in enumerate(titles, start=1)))
    return Spelling(LexicalIndex(folder))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("caxes", "cases"),  # alone: the most frequent
        ("phone caxes", "phone cases"),
        ("chocolate caxes", "chocolate cakes"),
        ("caxes made of chocolate", "cakes made of chocolate"),
        ("wolen", "woollen"),  # two letters that should be double are likelier than one that is another
        ("wolen socks", "woollen socks"),
        ("womn socks", "women socks"),
    ],
)
def test_of_readings_as_near_the_one_that_goes_with_the_other_words_is_meant(
    tmp_path: Path, typed: str, read: str
) -> None:
    titles = ["Phone cases"] * 9 + ["Chocolate cakes"] * 2 + ["Shirt for women"] * 9 + ["Socks, woollen"] * 2
    assert of(tmp_path / "x", titles).corrected(typed) == read


def test_a_word_of_english_with_a_letter_doubled_is_meant_where_nothing_else_goes_with_the_words(
    tmp_path: Path,
) -> None:
    spelling = of(tmp_path / "x", ["Shirt for women"] * 9 + ["Knitted hat"] * 9)
    assert spelling.corrected("wolen hat") == "woollen hat"
    assert spelling.corrected("wolen") == "women"


def test_words_that_came_are_learned_while_the_former_reading_answers(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "lexical", ((n, Item(id=str(n), title=title)) for n, title in enumerate(TITLES, 1)))
    words, speller = LexicalIndex(tmp_path / "lexical"), Speller()
    assert speller.corrected("waterprof", words) == "waterproof"
    words.apply(((100 + n, Item(id=f"n{n}", title="Quillon gauntlet")) for n in range(5)), [])

    assert speller.corrected("quilon", words) == ""  # nobody waits for what came

    until = time.monotonic() + 20
    while (read := speller.corrected("quilon", words)) == "" and time.monotonic() < until:
        time.sleep(0.05)
    assert read == "quillon"
    words.close()
