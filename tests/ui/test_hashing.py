"""What is kept of a secret: a hash that fits it alone, and another one each time."""

from ui.hashing import hashed, matches


def test_a_hash_is_of_its_secret_alone_and_never_the_same_twice() -> None:
    first, second = hashed("harbour"), hashed("harbour")
    assert first != second
    assert matches(first, "harbour")
    assert matches(second, "harbour")
    assert not matches(first, "Harbour")
    assert "harbour" not in first


def test_what_is_no_hash_is_of_no_secret() -> None:
    assert [held for held in ("", "harbour", "$argon2id$v=19$broken") if matches(held, "harbour")] == []
