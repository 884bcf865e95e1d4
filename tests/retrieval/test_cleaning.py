import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.cleaning import paths_of, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  two\n\n lines\t ", "two lines"),
        ("<p>Warm</p><p>Dry</p>", "Warm Dry"),
        ("<b>bo</b>ld", "bold"),
        ("Tom &amp; Jerry&#39;s &quot;set&quot;", 'Tom & Jerry\'s "set"'),
        ("&amp;eacute;t&amp;eacute;", "été"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ("<script>alert('x')</script>Safe<style>p{}</style>", "Safe"),
        ("<script>never closed", ""),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("I <3 tea", "I <3 tea"),
        ("zero\u200bwidth \u202eturned\u202c \x00\x07 \ufeff", "zerowidth turned"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("cafe\u0301", "café"),
        ("<img src=x onerror=alert(1)>pic", "pic"),
        ("AT&T R&D", "AT&T R&D"),
        ("<!-- hidden -->shown", "shown"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_of_any_text_is_one_printable_line(text: str) -> None:
    cleaned = plain(text)
    assert cleaned == " ".join(cleaned.split())
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        ("Tents", ("Tents",)),
        ("Outdoor > Tents", ("Outdoor", "Tents")),
        ("Outdoor &gt; Tents", ("Outdoor", "Tents")),
        ("Outdoor/Tents", ("Outdoor", "Tents")),
        ("Cups / Mugs", ("Cups", "Mugs")),
        ("A | B|C", ("A", "B", "C")),
        (["Outdoor", "Tents"], ("Outdoor", "Tents")),
        ([["Beauty"], ["Beauty", "Makeup", "Nails"]], ("Beauty", "Makeup", "Nails")),
        ('["Outdoor", "Tents"]', ("Outdoor", "Tents")),
        ("[not json", ("[not json",)),
        ([], ()),
        ([[]], ()),
    ],
)
def test_paths_of(value: object, expected: tuple[str, ...]) -> None:
    assert paths_of(value) == expected
