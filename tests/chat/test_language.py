"""The shopper's language: known by its commonest words, and answered with one sentence in it."""

import pytest

from chat.language import language_name, language_note, language_of


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("ich suche ein Zelt für zwei Personen unter 200 Euro", "de"),
        ("Haben Sie Stiefel ohne Leder?", "de"),
        ("je cherche une tente pour deux personnes", "fr"),
        ("avez-vous quelque chose pour mon père à moins de 50 euros", "fr"),
        ("busco una tienda de campaña para dos personas", "es"),
        ("¿qué tienen para mi hermana por menos de 30 euros?", "es"),
        ("我想找一个两人帐篷", "zh"),
        ("a tent for two under $200", ""),
        ("a die cast car", ""),
        ("something from Le Creuset for la familia", ""),
        ("do you have the Casa del Mar towels in navy", ""),
        ("boots", ""),
        ("42", ""),
        ("", ""),
    ],
)
def test_a_language_is_known_by_its_commonest_words_and_all_else_is_english(said: str, code: str) -> None:
    assert language_of(said) == code
    assert bool(language_note(code)) == bool(language_name(code)) == bool(code)
