"""Ages as they are said, in one form."""

import pytest

from chat.birthdays import with_ages


@pytest.mark.parametrize(
    ("said", "age"),
    [
        ("a puzzle for my niece, she has just turned five", "5-year-old"),
        ("Rain jacket for my boy, he is seven and always losing things", "7-year-old"),
        ("jigsaw for our lad, six next month", "6-year-old"),
        ("My goddaughter will be 8 in June, a craft kit", "8-year-old"),
        ("bath toy, the little one is 14 months", "14-month-old"),
        ("my son (9) wants a kit", "9-year-old"),
        ("something for her 6th birthday", "6-year-old"),
        ("board game for ages 10 and up", "10-year-old"),
        ("our twins are both three", "3-year-old"),
        ("my daughter is two and a half, a soft toy", "30-month-old"),
    ],
)
def test_an_age_is_read(said: str, age: str) -> None:
    assert age in with_ages(said)


@pytest.mark.parametrize(
    "said",
    [
        "I'm 67 and my hands shake, a light kettle please",
        "sandals for my wife, she is a 7",
        "my husband needs boots, he is 11",
        "my cat is 3 and hates every bed",
        "for my 40th birthday I want a tent",
        "they are 2 inches too short",
        "a tent for 4 people",
    ],
)
def test_no_age_is_made_up(said: str) -> None:
    assert with_ages(said) == said
