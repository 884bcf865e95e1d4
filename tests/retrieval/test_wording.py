import pytest

from retrieval.wording import asked, folded, pairs, terms, words, written


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("16 gb", "16GB"),
        ("16gb", "16-gigabyte"),
        ("10 oz", "10oz"),
        ("10 oz.", "10 ounces"),
        ("10-ounce", "10 fl. oz"),
        ("2 x 4", "2x4"),
        ('18" x 18"', "18 by 18 inches"),
        ("8-inch x 10-inch", "8X10"),
        ("17 inch", '17"'),
        ("17-inch", "17in"),
        ("2 lbs", "2-pound"),
        ("1.5 litres", "1.50 L".replace(" ", "")),
        ("1,000 watts", "1000W"),
        ("pack of 6", "6-pack"),
        ("6 pk", "6 packs"),
        ("2 person", "2-person"),
        ("batteries", "battery"),
        ("running", "runs"),
        ("women's", "woman"),
        ("womens", "WOMEN"),
        ("knives", "knife"),
        ("scarves", "scarf"),
        ("Café", "cafe"),
        ("naïve", "NAIVE"),
        ("levi's", "levis"),
        ("o’neill", "oneill"),
        ("colours", "color"),
        ("½ cup", "1/2 cup"),
        ("ＫＢ２２０", "kb220"),
    ],
)
def test_one_thing_written_two_ways_has_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 in 1", "21n"),
        ("size 9 M", "9 metres"),
        ("16 gb", "16 tb"),
        ("10 oz", "10"),
        ("2 x 4", "4 x 2"),
        ("cap", "cape"),
        ("й", "и" * 2),
    ],
)
def test_different_things_have_different_terms(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize(
    ("asked_for", "held"),
    [
        ("kb220", "KB-220"),
        ("kb-220", "KB220"),
        ("iphone5s", "iPhone 5s"),
        ("iphone 5s", "iPhone5s"),
        ("pixel7", "Pixel 7"),
        ("wifi", "Wi-Fi"),
        ("wi-fi", "WiFi"),
        ("t-shirt", "tshirts"),
        ("levis 511", "Levi's 511"),
    ],
)
def test_the_whole_of_what_was_asked_stands_among_the_terms_of_the_other_spelling(asked_for: str, held: str) -> None:
    found = list(words(asked_for))
    whole = {word.model for word in found} | {word.term for word in found}
    apart = {part for word in found for part in word.parts}
    assert whole & set(terms(held)) or apart <= set(terms(held))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('KB-220 keyboards, 17" wide', ["kb220", "kb", "220", "keyboard", "17in", "wide"]),
        ("ps9 and PS 9", ["ps9", "ps", "9", "and", "ps", "9", "ps9"]),
        ("5s", ["5s"]),
        ("0.50", ["0.5"]),
        ("手袋 перчатки", ["手袋", "перчатки"]),
        ("", []),
        ("!! -- ''", []),
        ("\ud800", []),
        ("x" * 100, ["x" * 40]),
        ("a-b-c-d-e-f", ["abcd", "a", "b", "c", "d", "ef", "e", "f"]),  # at most four are read together
    ],
)
def test_terms_of(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_words_that_say_nothing_are_not_asked_for_unless_there_is_nothing_else() -> None:
    assert [word.term for word in asked("I want a red tent for the red lake")] == ["red", "tent", "lake"]
    assert [word.term for word in asked("the who")] == ["the", "who"]


def test_pairs_skip_words_that_say_nothing() -> None:
    assert [(one.term, two.term) for one, two in pairs(words("a case for the iPhone 5s"))] == [
        ("case", "iphon"),
        ("iphon", "5s"),
    ]


def test_what_spelling_sees_is_letters_alone_and_each_word_once() -> None:
    assert written("Levi's 511 jeans, JEANS 16gb e-reader") == ["levis", "jeans", "e", "reader"]


def test_a_long_text_is_cut() -> None:
    assert len(folded("ab " * 10_000)) == 8000
