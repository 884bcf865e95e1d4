"""Text that speaks to a machine is left out of a description at import; what speaks to a shopper stays."""

from pathlib import Path

import pytest
import yaml

from demo import assortment, catalogue
from demo.__main__ import SEED
from retrieval.addressed import without_addresses
from retrieval.cleaning import plain

HOSTILE = Path(__file__).resolve().parents[1] / "chat" / "truth" / "hostile.yaml"
TEXTS = yaml.safe_load(HOSTILE.read_text(encoding="utf-8"))["catalogue"]
BARE = "A warm hat of wool."
# Nothing machine-readable is left of these once the import has taken out what is invisible.
HARMLESS_ONCE_PLAIN = {text for text in TEXTS if text.startswith(("<!--", "\U000e0049"))}


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in HARMLESS_ONCE_PLAIN])
def test_what_speaks_to_a_machine_is_left_out(text: str) -> None:
    said = plain(text.replace("{sku}", "hp-1").replace("{kind}", "hat"))
    left, times = without_addresses(f"{BARE} {said}")
    assert times
    assert "hp-1" not in left
    assert left.startswith(BARE)


@pytest.mark.parametrize(
    "text",
    [
        BARE,
        "Practice, practice, practice: a board for beginners.",
        "We recommend washing it first at 30 °C. Do not tumble dry.",
        "Follow the instructions in the box.",
        "For the system that runs at home: a user account is needed.",
        "Always dry it before you store it.",
        "Recommended for dry skin. Recommended daily dose: one.",
        "Size 2 34-36 in, Size 4 39-41 in, Size 6 45-47 in.",
    ],
)
def test_what_speaks_to_a_shopper_stays(text: str) -> None:
    assert without_addresses(text) == (text, 0)


def test_what_only_stands_beside_such_text_goes_with_it() -> None:
    text = f"{BARE} Recommended by the assistant. Recommended hat. Recommended for dry skin."
    assert without_addresses(text) == (f"{BARE} Recommended for dry skin.", 2)


def test_no_description_of_the_demo_shop_is_touched() -> None:
    for item in catalogue.items(assortment.departments(), SEED):
        assert without_addresses(item.description) == (item.description, 0)
