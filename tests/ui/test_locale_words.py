"""The locale files: each whole, each key in use, and the right one for who asks."""

import re
from pathlib import Path

import pytest

from chat.errors import SetupError
from ui import words as words_module
from ui.words import languages, preferred, words_for, words_in

UI = Path(words_module.__file__).parent
SECTIONS = ("both", "page", "widget")
PLACE = re.compile(r"\{\w+\}")


def sections(language: str) -> dict[str, dict[str, str]]:
    locale = words_in(language).locale
    return {name: getattr(locale, name) for name in SECTIONS}


def test_there_are_four_languages_to_begin_with() -> None:
    assert languages() == ("de", "en", "fr", "zh")


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_key_with_its_places_and_says_something(language: str) -> None:
    for name, english in sections("en").items():
        said = sections(language)[name]
        assert sorted(said) == sorted(english)
        assert {key: PLACE.findall(said[key]) for key in said} == {key: PLACE.findall(english[key]) for key in said}
        assert [key for key in said if not said[key].strip()] == []


@pytest.mark.parametrize("language", [one for one in languages() if one != "en"])
def test_no_language_was_left_in_english(language: str) -> None:
    shared = {"log", "menu", "compareSay", "ofStock"}  # which French has in common with English
    for name, english in sections("en").items():
        said = sections(language)[name]
        same = {key for key, words in said.items() if words == english[key] and re.search(r"[a-z]{3}", words)}
        assert same <= (shared if language == "fr" else set())


def test_no_key_is_in_two_sections_and_none_is_without_use() -> None:
    english = sections("en")
    keys = [key for section in english.values() for key in section]
    assert len(keys) == len(set(keys))
    python = "".join(path.read_text(encoding="utf-8") for path in UI.glob("*.py"))
    script = "".join(path.read_text(encoding="utf-8") for path in (UI / "widget").glob("*.js"))
    of_page = {key for key in (*english["both"], *english["page"]) if re.search(rf"[\"']{key}[\"']", python)}
    of_widget = {key for key in (*english["both"], *english["widget"]) if re.search(rf"words\.{key}\b|'{key}'", script)}
    assert set(english["page"]) - of_page == set()
    assert set(english["widget"]) - of_widget == set()
    assert set(english["both"]) - of_page == set()
    assert set(english["both"]) - of_widget == set()


@pytest.mark.parametrize(
    ("accepted", "asked", "default", "language"),
    [
        ("", "", "en", "en"),
        ("", "", "de", "de"),
        ("de", "", "en", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "", "en", "de"),
        ("en;q=0.4,fr-CA;q=0.8,pt", "", "en", "fr"),
        ("pt-BR,es", "", "de", "de"),
        ("zh-Hant-TW", "", "en", "zh"),
        ("de;q=0, fr;q=0.1", "", "en", "fr"),
        ("*", "", "de", "de"),
        ("de", "fr", "en", "fr"),
        ("de", "zh-CN", "en", "zh"),
        ("de", "tlh", "en", "de"),
        ("de", "../../etc/passwd", "en", "de"),
        ("de;q=nothing, ;;;,,q=, fr", "", "en", "fr"),
        ("," * 100_000 + "de", "", "en", "en"),
    ],
)
def test_the_page_is_in_the_language_that_is_asked_for_or_liked_best(
    accepted: str, asked: str, default: str, language: str
) -> None:
    assert words_for({"accept-language": accepted}, {"lang": asked}, default).language == language


def test_equally_wanted_languages_keep_their_order() -> None:
    assert preferred("fr, de, en;q=0.5, zh;q=0.5") == ["fr", "de", "en", "zh"]


@pytest.mark.parametrize(
    ("language", "stars", "many"), [("en", "4.5", "1,287"), ("de", "4,5", "1.287"), ("fr", "4,5", "1\u202f287")]
)
def test_numbers_are_written_as_the_language_does(language: str, stars: str, many: str) -> None:
    words = words_in(language)
    assert (words.number(4.5, 1), words.number(1287)) == (stars, many)


def test_a_language_without_words_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SetupError, match=r"There are no words in 'tlh'. There are: de, en, fr, zh"):
        words_in("tlh")


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert words_in("en")("removed", what="{what} {n}") == "No longer: {what} {n}"
