"""What a thing shall be able to do, put into the name of the property."""

import pytest

from bench.utterances import shop
from chat.abilities import with_abilities
from chat.acts import read_acts
from chat.need import Need


@pytest.mark.parametrize(
    ("said", "plainer"),
    [
        ("trousers which dry quickly, in grey", "trousers, quick-drying, in grey"),
        ("a pan that can go from there into the oven", "a pan, oven safe"),
        ("mugs that can be stacked", "mugs, stackable"),
        ("headphones that block out train noise", "headphones, noise cancelling"),
        ("a camp stove that doesn't burn gas", "a camp stove that doesn't burn gas"),
        ("towels", "towels"),
    ],
)
def test_an_ability_is_named(said: str, plainer: str) -> None:
    assert with_abilities(said) == plainer


def test_an_ability_asks_for_the_value_that_such_things_have() -> None:
    bowls = read_acts("bowls for a cat that don't slip", Need(), shop().vocabulary, ()).need.current
    assert bowls.filter.attributes == {"for": ("cats",), "features": ("non-slip base",)}
