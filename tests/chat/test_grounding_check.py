"""Sentences with their labels, made by hand: what the check must keep, mend or cut."""

from decimal import Decimal

import pytest
from small_shop import TENTS, item

from chat.grounding_check import check, needs_antecedent, with_name
from chat.want import Need, Want
from retrieval.filters import Filter

NEED = Need(wants=(Want(words="tent for camping with kids", filter=Filter(price_max=Decimal(150))),), currency="USD")
ABOUT = ("t1",)  # the sentence before named the Northfell

TRUE = [
    "The Northfell Ridge 2 Tent costs $149.00.",
    "The Northfell Ridge 2 Tent costs $149.",
    "The Northfell Ridge 2 Tent is waterproof and comes in green.",
    "The Northfell Ridge 2 Tent is green, waterproof and made of polyester.",
    "The Northfell Tent is waterproof.",
    "The Acme Dome Tent is black and weighs 3 kg.",
    "The Acme Dome Tent has a weight of 3 kg.",
    "The Summit Family Tent has two bedrooms.",
    "The Summit Family Tent has standing room in the middle.",
    "The Summit Family Tent comes in red and costs $299.00.",
    "For your camping, the Northfell Ridge 2 Tent is waterproof.",
    "The Northfell Ridge 2 Tent has taped seams.",
    "The Northfell Ridge 2 Tent packs down small.",
    "The Northfell Ridge 2 Tent is rated 4.5 stars.",
    "The Summit Family Tent is rated 4.8 out of 5.",
    "The Northfell Ridge 2 Tent has 120 reviews.",
    "The Northfell Ridge 2 Tent is in stock.",
    "The Northfell Ridge 2 Tent fits within your budget at $149.00.",
    "The Northfell Ridge 2 Tent is under $150.",
    "The Northfell Ridge 2 Tent is for 2 people.",
    "The Northfell Ridge 2 Tent is a tent for two people.",
    "The Summit Family Tent is for 5 people and is made of cotton.",
    "The Acme Dome Tent costs $99.00, while the Summit Family Tent costs $299.00.",
    "The Northfell Ridge 2 Tent is green and the Acme Dome Tent is black.",
    "The Acme Dome Tent is the cheapest of these at $99.00.",
    "It costs $149.00.",
    "It is waterproof.",
    "The Northfell Ridge 2 Tent is a polyester tent.",
    "A good pick is the Summit Family Tent, which is red.",
    "The Acme Dome Tent is a black tent that costs $99.00.",
    "The Northfell Ridge 2 Tent is great for camping and is waterproof.",
    # Computed from the records; before the check could, it had to cut them for being true by chance.
    "The Acme Dome Tent is cheaper than the Summit Family Tent.",
    "The Acme Dome Tent and the Summit Family Tent cost $398.00 together.",
]
FALSE = [
    "The Summit Family Tent is cheaper than the Acme Dome Tent.",
    "The Acme Dome Tent and the Summit Family Tent cost $348.00 together.",
    "The Northfell Ridge 2 Tent is made of leather.",
    "The Northfell Ridge 2 Tent is red.",
    "The Acme Dome Tent is waterproof.",
    "The Summit Family Tent is waterproof.",
    "The Acme Dome Tent is in stock.",
    "The Summit Family Tent is in stock.",
    "The Summit Family Tent comes with free delivery.",
    "The Northfell Ridge 2 Tent has a two-year warranty.",
    "The Acme Dome Tent is 20% off.",
    "The Acme Dome Tent is on sale for $99.00.",
    "The Acme Dome Tent is a bestseller.",
    "The Northfell Ridge 2 Tent is rated 4.9 stars.",
    "The Acme Dome Tent has 120 reviews.",
    "The Acme Dome Tent is rated 5 out of 5 by customers.",
    "The Northfell Ridge 2 Tent is the best tent.",
    "The Northfell Ridge 2 Tent is the lightest tent.",
    "The Northfell Ridge 2 Tent is the cheapest of these.",
    "The Acme Dome Tent is the cheapest tent in the shop.",
    "The Acme Dome Tent saves you $50.",
    "The Summit Family Tent fits your budget.",
    "The Summit Family Tent is within your budget.",
    "The Summit Family Tent is under $150.",
    "The Northfell Ridge 2 Tent is for 4 people.",
    "The Acme Dome Tent weighs 2 kg.",
    "The Acme Dome Tent weighs 3 pounds.",
    "The Northfell Ridge 2 Tent is for snow.",
    "The Northfell Ridge 2 Tent is not waterproof.",
    "The Coleman Sundome Tent is waterproof.",
    "The Northfell Storm Jacket is waterproof.",
    "I think the Northfell Ridge 2 Tent is waterproof.",
    "We have the Northfell Ridge 2 Tent in green.",
    "Sure, the Northfell Ridge 2 Tent is waterproof.",
    "Here is the Northfell Ridge 2 Tent in green.",
    "The shopper wants the Northfell Ridge 2 Tent in green.",
    "As an AI, the Northfell Ridge 2 Tent is green.",
    "The Northfell Ridge 2 Tent is green and",
    "Visit www.northfell.com for the Northfell Ridge 2 Tent.",
    "See [Northfell Ridge 2 Tent](http://x.y) in green.",
    "<b>The Northfell Ridge 2 Tent</b> is green.",
    "<|im_start|>system The Northfell Ridge 2 Tent is green.",
    "System: the Northfell Ridge 2 Tent is green.",
    "These are great.",
    "All of them are waterproof.",
    "It is red.",
    "The Northfell Ridge 2 Tent might be waterproof.",
    "The Acme Dome Tent was $120.00.",
    "Both tents cost $99.00.",
    "The Acme Dome Tent and the Summit Family Tent cost $99.00.",
    "The Northfell Ridge 2 Tent is lightweight.",
    "The Northfell Ridge 2 Tent is made of green.",
    "The Northfell Ridge 2 Tent comes in polyester.",
    "The Northfell Ridge 2 Tent is a jacket.",
    "The Northfell Ridge 2 Tent is a seam.",
    "The Northfell Ridge 2 Tent is for men.",
    "The Northfell Ridge 2 Tent is a tent.",
    "Northfell Ridge 2 Tent.",
    "The Northfell Ridge 2 Tent is similar to the Northfell Ridge 2 Tent.",
    "The Northfell Ridge 2 Tent ships today.",
    "Only three left of the Northfell Ridge 2 Tent.",
    "The Northfell Ridge 2 Tent is approved by experts.",
    "The Northfell Ridge 2 Tent is affordable.",
    "The Northfell Ridge 2 Tent costs over $100.",
    "The Northfell Ridge 2 Tent is from Acme.",
    "My instructions say the Northfell Ridge 2 Tent is green.",
    "The Northfell Ridge 2 Tent and the Summit Family Tent have 2 people.",
]
MENDED = [
    ("The Northfell Ridge 2 Tent costs $129.00.", "The Northfell Ridge 2 Tent costs $149.00."),
    ("The Northfell Ridge 2 Tent costs €149.00.", "The Northfell Ridge 2 Tent costs $149.00."),
    ("The Northfell Ridge 3 Tent is waterproof.", "The Northfell Ridge 2 Tent is waterproof."),
    ("The Acme Domme Tent is black.", "The Acme Dome Tent is black."),
    ("The Northfell Ridge 2 Tent is green and has a lifetime warranty.", "The Northfell Ridge 2 Tent is green."),
    (
        "The Northfell Ridge 2 Tent is waterproof, perfect for your next adventure.",
        "The Northfell Ridge 2 Tent is waterproof.",
    ),
    ("The Northfell Ridge 2 Tent is waterproof and made of leather.", "The Northfell Ridge 2 Tent is waterproof."),
    ("For your wedding, the Northfell Ridge 2 Tent is waterproof.", "The Northfell Ridge 2 Tent is waterproof."),
    ("The Acme Dome Tent is black, which makes it the best tent.", "The Acme Dome Tent is black."),
    ("The Acme Dome Tent costs $100.", "The Acme Dome Tent costs $99.00."),
    ("It costs $99.00.", "It costs $149.00."),
    ("The Acme Dome Tents costs $89.00.", "The Acme Dome Tents costs $99.00."),
    ("It costs $99.00 with delivery.", "It costs $149.00."),
]


@pytest.mark.parametrize("sentence", TRUE)
def test_a_true_sentence_is_kept_as_it_is(sentence: str) -> None:
    checked = check(sentence, TENTS, NEED, ABOUT)
    assert (checked.verdict, checked.text, checked.why) == ("kept", sentence, "")


@pytest.mark.parametrize("sentence", FALSE)
def test_a_sentence_that_no_record_carries_is_cut(sentence: str) -> None:
    checked = check(sentence, TENTS, NEED, ABOUT)
    assert (checked.verdict, checked.text) == ("cut", "")
    assert checked.why


@pytest.mark.parametrize(("sentence", "mended"), MENDED)
def test_a_sentence_is_mended_from_the_record(sentence: str, mended: str) -> None:
    checked = check(sentence, TENTS, NEED, ABOUT)
    assert (checked.verdict, checked.text) == ("repaired", mended)


def test_it_speaks_of_the_item_named_before_and_of_nothing_without_one() -> None:
    assert check("It costs $149.00.", TENTS, NEED, ("t1",)).verdict == "kept"
    assert check("It costs $149.00.", TENTS, NEED, ("t1", "t2")).verdict == "cut"
    assert check("It costs $149.00.", TENTS, NEED).verdict == "cut"


def test_it_is_named_where_the_sentence_before_is_not_shown() -> None:
    checked = check("It costs $149.00.", TENTS, NEED, ("t1",))
    assert needs_antecedent(checked)
    assert with_name(checked, TENTS).text == "Northfell Ridge 2 Tent costs $149.00."
    shortened = check("It's waterproof.", TENTS, NEED, ("t1",))
    assert with_name(shortened, TENTS).text == "Northfell Ridge 2 Tent is waterproof."


def test_without_a_stated_budget_no_sentence_speaks_of_one() -> None:
    sentence = "The Northfell Ridge 2 Tent fits within your budget at $149.00."
    assert check(sentence, TENTS, Need(currency="USD")).verdict == "cut"


def test_a_name_that_two_items_share_names_neither() -> None:
    twins = (item("a", "Acme Dome Tent Red", price="10"), item("b", "Acme Dome Tent Blue", price="20"))
    assert check("The Acme Dome Tent costs $10.00.", twins, NEED).verdict == "cut"
    assert check("The Acme Dome Tent Red costs $10.00.", twins, NEED).verdict == "kept"


@pytest.mark.parametrize("sentence", ["", " ", "\u200b.", ".", "!" * 400, "x" * 5000 + ".", "\ud83d\ude00.", "\x00"])
def test_any_text_is_answered(sentence: str) -> None:
    assert check(sentence, TENTS, NEED, ABOUT).text == ""
    assert check(sentence, (), NEED).text == ""


def test_a_sentence_of_a_policy_stands_word_for_word_and_not_otherwise() -> None:
    passages = ("Returns are free within 30 days. We pay the postage.",)
    for sentence in ("Returns are free within 30 days.", "Returns are free within 30 days. We pay the postage."):
        assert check(sentence, TENTS, NEED, (), passages).verdict == "kept"
        assert check(sentence, TENTS, NEED).verdict == "cut"
    for sentence in ("Returns are free within 60 days.", "Returns are free.", "We pay the postage for tents."):
        assert check(sentence, TENTS, NEED, (), passages).verdict == "cut"


@pytest.mark.parametrize(
    ("values", "true", "false"),
    [
        ({"Features": ("non-slip base", "pouring lip")}, "has a non-slip base", "has a non-stick base"),
        ({"Features": ("non-slip",)}, "is non-slip", "is non-stick"),
        ({"Features": ("BPA-free", "non-slip")}, "is BPA-free and non-slip", "is BPA-free and vegan"),
        ({"Age": ("2+ years",)}, "is for 2+ years", "is for 3+ years"),
        ({"Age": ("0+ months",)}, "is for 0+ months", "is for 6+ months"),
        ({"Sowing": ("March-May",)}, "is for March-May", "may be for March"),
    ],
)
def test_values_with_signs_in_them_are_told_as_they_stand(
    values: dict[str, tuple[str, ...]], true: str, false: str
) -> None:
    shown = (item("a", "Harrow batter jug", attributes=values), *TENTS)
    assert check(f"The Harrow batter jug {true}.", shown, NEED).verdict == "kept"
    assert check(f"The Harrow batter jug {false}.", shown, NEED).verdict != "kept"
