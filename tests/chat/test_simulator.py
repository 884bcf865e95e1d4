"""A simulated shopper: what they know and say is true, never the title, and the same every time."""

import random
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from scripted_llm import free_port
from shops import open_small_shop

from chat.assistant import Assistant
from chat.cards import make_card
from chat.events import CardsEvent, DoneEvent, TextEvent, TurnEvent
from chat.finding import Finder
from chat.llm import LLM, Timeouts
from chat.simulated_facts import Commons, Limit, facts_of, holds, keeps_to, words
from chat.simulated_words import STYLES, Style
from chat.simulator import PATIENCE, Heard, Said, Shopper, Surroundings, converse, shopper
from chat.store import Store
from chat.words import singular
from demo import assortment, catalogue
from demo.__main__ import SEED
from prompts.library import Library
from ranking.history import Events
from ranking.reranker import Untrained
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.items import Item
from retrieval.shop import Shop

LEAVES = ("Kettles", "Mugs", "Teapots", "Knives", "Lanterns")
EACH = 12  # items of a leaf in the small shop


@pytest.fixture(scope="module")
def items() -> list[Item]:
    """The whole demo shop's items."""
    return catalogue.items(assortment.departments(), SEED)


@pytest.fixture(scope="module")
def around(items: list[Item]) -> Surroundings:
    return Surroundings.of(items)


@pytest.fixture(scope="module")
def few(items: list[Item]) -> list[Item]:
    """Some items of a few leaves, which take no time to index."""
    held: dict[str, list[Item]] = {}
    for item in items:
        if item.in_stock and item.category[-1] in LEAVES:
            held.setdefault(item.category[-1], []).append(item)
    return [item for own in held.values() for item in own[:EACH]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, few: list[Item], minilm: MiniLMEncoder) -> Iterator[Shop]:
    shop = open_small_shop(tmp_path_factory.mktemp("simulated"), few, with_encoder=minilm)
    yield shop
    shop.close()


@pytest.fixture
def assistant(shop: Shop) -> Assistant:
    return Assistant(
        shop.catalog,
        Finder(shop.catalog, shop.grounder, Untrained(shop.catalog, shop.index.vectors), cards=3),
        Events(shop.connections),
        Store(shop.connections),
        Library(),
        LLM(f"http://127.0.0.1:{free_port()}/v1", "none", timeouts=Timeouts(connect=1)),
    )


def answer(cards: Sequence[Item] = (), question: str = "", chips: tuple[str, ...] = ()) -> list[TurnEvent]:
    """What an assistant says that shows these items."""
    made = tuple(make_card(item, n, "", Filter(), "", "USD") for n, item in enumerate(cards, 1))
    texts = [TextEvent(text=question, by="template")] if question else []
    return [CardsEvent(stage="final", cards=made), *texts, DoneEvent(question=question, chips=chips)]


def talk(who: Shopper, items: Sequence[Item], seed: int) -> list[Said]:
    """A conversation with somebody who shows anything of that kind but the thing itself."""
    rng = random.Random(seed)
    alike = [item for item in items if item.id != who.target.id and item.category[0] == who.target.category[0]]
    said: list[Said] = [who.opening()]
    while len(said) < PATIENCE and (one := who.next(answer(rng.sample(alike, 5)))) is not None:
        said.append(one)
    return said


@pytest.mark.parametrize("style", STYLES)
def test_nothing_that_is_said_is_untrue_of_the_item_or_its_title(
    style: Style, items: list[Item], around: Surroundings
) -> None:
    for seed, target in enumerate(items[::23]):
        who = shopper(target, style, "1", around)
        said = talk(who, items, seed)
        assert len(said) == PATIENCE
        assert all(1 <= one.facts <= 2 for one in said), said
        assert [limit for limit in who.limits if limit.broken_by(target)] == [], said
        told = " ".join(one.message for one in said)
        assert not holds(told, target.title)
        # What is stated outright stays so, but for what a shopper takes back once.
        lost = {limit for n, one in enumerate(said[1:]) for limit in said[n].limits if limit not in one.limits}
        assert len(lost) <= (style == "changing")


def test_words_of_a_title_are_said_from_its_end_and_at_most_half_of_them(around: Surroundings) -> None:
    title = "Acme rain boat tent lamp shoe soap with handle"
    bare = [
        Item(id=f"n{n}", title=title if n == 0 else f"Other {title}", category=("All", "Things")) for n in range(40)
    ]
    more = [Item(id=f"m{n}", title=f"Number {n}", category=("All", "Rest")) for n in range(400)]
    commons = Commons.of([*bare, *more])
    for seed in range(20):
        facts = facts_of(bare[0], commons, random.Random(seed))
        told = [fact.said for fact in facts if fact.kind == "word"]
        places = [title.lower().split().index(word) for word in told]
        assert 1 <= len(told) <= 3
        assert places == sorted(places, reverse=True)
        assert "acme" not in told
    assert facts[0].kind == "kind"
    assert not commons.sayable("unheard")


def test_a_word_is_said_only_if_others_share_it(items: list[Item], around: Surroundings) -> None:
    held = [set(re.findall(r"[a-z-]+", f"{one.title} {one.description}".lower())) for one in items]
    for target in items[::31]:
        for fact in facts_of(target, around.commons, random.Random(0)):
            if fact.kind == "word":
                forms = {fact.said, singular(fact.said), f"{singular(fact.said)}s"}
                assert sum(bool(forms & own) for own in held) >= 8, (target.title, fact)


QUESTIONS = [
    ("Is there a colour you would like?", ("red", "navy"), "navy", Limit("value", "navy", "colour")),
    ("Is there a colour you would like?", ("red", "green"), "navy", Limit("value", "navy", "colour")),
    ("Is there a brand you like?", ("Acme", "Pipkin"), "Pipkin", Limit("brand", "Pipkin")),
    ("Do you have a budget in mind?", ("under $20", "under $45"), "under $45", Limit("price_max", "45")),
    ("What will you use it for?", ("long walks", "pouring slowly"), "pouring slowly", None),
    ("Which scent do you like?", ("lavender", "citrus"), "", None),
]


@pytest.mark.parametrize(("question", "chips", "value", "limit"), QUESTIONS)
def test_a_question_is_answered_from_the_record_or_not_at_all(
    question: str, chips: tuple[str, ...], value: str, limit: Limit | None
) -> None:
    target = Item(
        id="k", title="Pipkin kettle", brand="Pipkin", price=Decimal(40), currency="USD",
        category=("Kitchen", "Kettles"),
        attributes={"colour": ("navy",)}, description="The thin spout is for pouring slowly. For coffee.",
    )  # fmt: skip
    other = target.model_copy(update={"id": "o", "title": "Other"})
    who = shopper(target, "terse", "1", Surroundings.of([target, other]))
    who.opening()
    said = who.next(answer([other], question, chips))
    assert said is not None
    assert said.answered == ("told" if value else "indifferent")
    assert value.lower() in said.message.lower()
    assert said.limits == ((limit,) if limit else ())


def test_a_change_of_mind_takes_the_first_word_back(items: list[Item], around: Surroundings) -> None:
    changed = 0
    for target in items[::40]:
        who = shopper(target, "changing", "2", around)
        first = who.opening()
        wrong = [limit for limit in first.limits if limit.broken_by(target)]
        then = who.next(answer([item for item in items if item.id != target.id][:5]))
        assert then is not None
        assert not [limit for limit in then.limits if limit.broken_by(target)]
        changed += bool(wrong)
    assert changed > len(items[::40]) / 2


def test_a_misspelling_shopper_slips_and_what_came_out_wrong_is_no_condition(
    items: list[Item], around: Surroundings
) -> None:
    slipped = stated = 0
    for seed, target in enumerate(items[::29]):
        who = shopper(target, "misspelling", "1", around)
        said = talk(who, items, seed)
        stated += len(said[-1].limits)
        slipped += len(said[-1].misspelt)
        assert not set(said[-1].limits) & set(said[-1].misspelt)
        for limit in said[-1].limits:
            if limit.field == "brand":
                assert any(limit.value in one.message for one in said)
    assert stated
    assert slipped


def test_a_card_breaks_what_was_stated_unless_it_says_so(items: list[Item], around: Surroundings) -> None:
    target = next(item for item in items if item.price is not None and item.price > 20)
    who = shopper(target, "terse", "1", around)
    cap = (Limit("price_max", "15"),)
    card = make_card(target, 1, "", Filter(), "", "USD")
    assert who.breaks(card, target, cap) == cap
    assert who.breaks(card.model_copy(update={"outside": ("over your $15",)}), target, cap) == ()
    assert who.breaks(card, target, (Limit("price_max", str(target.price)),)) == ()


@pytest.mark.parametrize(
    ("held", "stated", "kept"),
    [
        ("aluminium", "Aluminium", True),
        ("cast aluminium", "aluminium", True),
        ("merino wool", "wool", True),
        ("wool", "merino wool", False),
        ("wool blend", "wool", False),
        ("faux fur", "fur", False),
        ("vegan leather", "leather", False),
        ("not waterproof", "waterproof", False),
        ("offwhite", "white", False),
        ("2 kg", "kg", False),
        ("1 to 3 years", "3 years", False),
    ],
)
def test_a_narrower_value_keeps_to_what_was_stated_and_what_only_ends_like_it_does_not(
    held: str, stated: str, kept: bool
) -> None:
    assert keeps_to(held, stated) is kept
    item = Item(id="1", title="A pan", attributes={"material": (held,)})
    assert Limit("value", stated, "material").broken_by(item) is not kept


def test_what_is_shown_for_the_other_thing_breaks_nothing(items: list[Item], around: Surroundings) -> None:
    target = next(item for item in items if item.category[-1] == "Kettles")
    who = shopper(target, "several", "1", around)
    assert who.other
    other = next(item for item in items if any(holds(part, who.other) for part in item.category))
    dear = (Limit("brand", "No such brand"),)
    assert who.breaks(make_card(other, 1, "", Filter(), "", "USD"), other, dear) == ()
    assert who.breaks(make_card(target, 1, "", Filter(), "", "USD"), target, dear) == dear


@pytest.mark.parametrize("style", STYLES)
async def test_a_conversation_is_the_same_again_and_ends_when_the_item_is_there(
    style: Style, assistant: Assistant, few: list[Item]
) -> None:
    around = Surroundings.of(few)
    found = 0
    for target in few[3::19]:
        runs: list[list[Heard]] = []
        for _ in range(2):
            who = shopper(target, style, "7", around)
            runs.append(await converse(assistant, who, None))
            shown = [target.id in {card.item_id for card in turn.cards} for turn in runs[-1]]
            assert not any(shown[:-1])
            assert who.found == shown[-1]
            assert shown[-1] or len(shown) == PATIENCE
        told = [[(turn.said.message, [card.item_id for card in turn.cards]) for turn in run] for run in runs]
        assert told[0] == told[1]
        found += shown[-1]
    assert found


async def test_patience_ends(assistant: Assistant, few: list[Item]) -> None:
    who = shopper(few[0], "terse", "1", Surroundings.of(few))
    who.target = few[0].model_copy(update={"id": "sold-to-somebody-else"})
    assert len(await converse(assistant, who, None, most=3)) == 3
    assert not who.found


def test_templates_are_not_those_of_the_rules_tests() -> None:
    own = (Path(__file__).parents[2] / "chat" / "simulated_words.yaml").read_text(encoding="utf-8")
    said = re.findall(r'- "(.*)"', own)
    assert len(said) > 80
    bare = [" ".join(re.sub(r"\{\w+\}", " ", form).split()) for form in said]
    told = {form for form in bare if len(form.split()) >= 4}
    tests = " ".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert len(told) > 20
    assert [form for form in told if form in tests] == []


def test_words_that_say_nothing_are_none() -> None:
    assert words("The one with a Steel spout, for you and it") == ["steel", "spout"]
    assert singular("kettles") == "kettle"
