"""What a message asks of the shop itself, told from a wish by its wording."""

import pytest

from chat.policies import Policy
from chat.policy_question import asked_of_shop

POLICIES = [
    Policy(heading, ("Text.",))
    for heading in ("Gift wrapping", "Returns", "Sustainability", "Sizing help", "Engraving")
]

QUESTIONS = {
    "returns": (
        "can I return it?", "what's your return policy", "returns?", "what if it doesn't fit?", "is it refundable",
        "I'd like to know if I can exchange it for another size", "can I send it back if she doesn't like it",
        "refund policy", "how many days do I have to return something", "free returns?", "are returns free",
        "what if it arrives broken?", "what about refunds", "if I change my mind?", "do you take returns",
        "could you tell me how returns work", "what if the shoes are too small", "can I get my money back?",
    ),
    "delivery": (
        "how long does shipping take", "do you deliver to France?", "what about shipping", "do you ship abroad",
        "how much is delivery", "is shipping free?", "when will it arrive", "how soon can I get it?", "delivery times",
        "will it arrive before christmas", "can I pick it up in store", "which countries do you ship to",
        "do you send to Spain", "how fast is delivery", "shipping costs", "is there free delivery?",
        "do you ship the tent to Alaska", "where do you deliver", "when would this get here",
    ),
    "warranty": (
        "is there a warranty on the kettle", "how long is the guarantee", "what if it breaks", "do you do repairs",
        "what's the warranty", "does the tent come with a guarantee", "is it guaranteed?", "warranty terms",
        "what happens if it stops working?",
    ),
    "contact": (
        "how can I reach you", "can I speak to a human", "I want to talk to a real person", "your phone number?",
        "do you have a phone number", "customer service", "contact", "what is your email address",
        "connect me with an agent", "how do I get in touch", "contact details please",
    ),
    "visit": (
        "what are your opening hours", "do you have a physical store", "where are you located?", "are you open today?",
        "when do you close", "where is your shop?",
    ),
    "payment": (
        "can I pay with paypal", "do you accept visa", "how do I pay", "can I pay in instalments?", "payment methods",
        "do you take american express?",
    ),
    "price_match": ("do you price match?", "can you match a competitor's price", "I found it cheaper elsewhere"),
    "offers": ("any discount codes?", "do you offer student discount", "do you have a promo code?"),
    "privacy": ("what is your privacy policy", "do you sell my data", "what do you do with my data?"),
}  # fmt: skip


@pytest.mark.parametrize(("topic", "message"), [(topic, one) for topic, said in QUESTIONS.items() for one in said])
def test_a_question_on_a_policy_is_told_by_its_wording(topic: str, message: str) -> None:
    asked, rest = asked_of_shop(message, POLICIES)
    assert [(one.kind, one.topics[:1]) for one in asked] == [("policy", (topic,))]
    assert rest == ""


@pytest.mark.parametrize(
    ("message", "heading"),
    [
        ("do you gift wrap?", "Gift wrapping"),
        ("can you wrap it as a gift?", "Gift wrapping"),
        ("gift wrapping", "Gift wrapping"),
        ("is it wrapped as a gift?", "Gift wrapping"),
        ("what about sustainability?", "Sustainability"),
        ("can I get sizing help?", "Sizing help"),
        ("is engraving possible?", "Engraving"),
    ],
)
def test_the_merchants_own_headings_are_asked_for_by_name(message: str, heading: str) -> None:
    asked, rest = asked_of_shop(message, POLICIES)
    assert [one.headings for one in asked] == [(heading,)]
    assert rest == ""


@pytest.mark.parametrize(
    "message",
    [
        "I need a tent", "do you sell contact lenses", "shipping boxes", "do you have shipping boxes", "contact grill",
        "a laptop with 2 year warranty", "do you have laptops with a 3 year warranty", "gift for my dad",
        "show me return of the jedi poster", "do you have gift bags", "exchange rate", "how much is the tent",
        "which of your boots are best rated", "a gift under 50", "will it come in red", "does it come in blue",
        "can it take cards", "a phone under 200", "do you have phones", "does this ship have sails",
        "tents with free shipping", "can you send me pictures of tents", "what about red", "is it waterproof",
        "do you have a delivery bag", "wrapping paper", "do you have wrapping paper", "how long is it",
        "what size is it",
        "the second one", "do they ship in a box", "what do boots cost here", "how many tents do you have",
        "do you have anything for cold feet",
        "can I take the second", "how does it compare", "I want to buy a tent for my return to Alaska",
        "a delivery drone toy", "open toe shoes", "an email gift", "paying cards game", "a paypal mug",
    ],
)  # fmt: skip
def test_a_wish_is_no_question_on_a_policy_whatever_words_it_holds(message: str) -> None:
    assert asked_of_shop(message, POLICIES) == ([], message)


@pytest.mark.parametrize(
    ("message", "kinds", "rest"),
    [
        ("can I return it? also I need a tent under $50", ["policy"], "also I need a tent under $50"),
        ("I need a tent under $50, can I return it?", ["policy"], "I need a tent under $50"),
        ("show me red mugs and tell me your return policy", ["policy"], "show me red mugs"),
        ("do you ship to France and how much is it?", ["policy"], ""),
        ("where is my order 1234? I'm worried", ["order"], ""),
        ("my mug arrived broken. I need a new kettle", ["complaint"], "I need a new kettle"),
        ("that's not what I asked for, I said under 50", ["complaint"], "I said under 50"),
        ("do you deliver to Spain? what about returns?", ["policy", "policy"], ""),
    ],
)
def test_what_is_left_of_the_message_is_given_back(message: str, kinds: list[str], rest: str) -> None:
    asked, left = asked_of_shop(message, POLICIES)
    assert ([one.kind for one in asked], left) == (kinds, rest)


@pytest.mark.parametrize("size", [2_000])
@pytest.mark.parametrize("word", ["i ordered ", "can you ", "my ", "return ", "if it ", "and ", "(", "do you have "])
def test_no_message_is_too_long_to_be_read(word: str, size: int) -> None:
    asked_of_shop((word * size)[:size], POLICIES)
