"""What a message seems to ask for, and nothing like what is described has, is left out; what was asked for stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import ITEMS, item, open_small_shop

from chat.unstated import as_described
from chat.want import Want
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.shop import Shop

MESSAGE = "the cat wakes me on dark winter mornings"


@pytest.fixture
def shop(tmp_path: Path, minilm: MiniLMEncoder) -> Iterator[Shop]:
    lamps = [
        item(f"lamp-{number}", f"Fernhill {name} lantern", "20", ("Outdoor", "Lamps"), attributes={"power": ("solar",)})
        for number, name in enumerate(("Marsh", "Fen", "Moor", "Heath", "Down", "Brook", "Beck", "Burn"), 10)
    ]
    shop = open_small_shop(tmp_path, [*ITEMS, *lamps], minilm)
    yield shop
    shop.close()


def left(
    shop: Shop,
    limits: Filter,
    words: str = "wakes me on dark mornings",
    before: Filter | None = None,
    message: str = MESSAGE,
    *,
    implied: bool = False,
) -> Filter:
    want = Want(words=words, filter=limits).described(("camping lantern",), taught=True)
    return as_described(want, before or Filter(), message, shop.grounder, shop.catalog, implied=implied).filter


def test_an_attribute_that_no_such_thing_states_is_left_out_and_others_stay(shop: Shop) -> None:
    asked = Filter(attributes={"season": ("winter",), "power": ("solar",)}, price_max="50")  # type: ignore[arg-type]
    assert left(shop, asked) == asked.model_copy(update={"attributes": {"power": ("solar",)}})
    either = Filter(one_of=((("season", "winter"), ("for", "cats")), (("season", "winter"), ("power", "solar"))))
    assert left(shop, either).one_of == (either.one_of[1],)


def test_what_a_silent_record_may_not_be_trusted_for_is_never_left_out(shop: Shop) -> None:
    for attributes in (
        {"diet": ("vegan",)}, {"Size": ("XL",)}, {"features": ("nut-free",)}, {"care": ("dishwasher safe",)},
        {"claims": ("hypoallergenic",)}, {"materials": ("non-toxic paint",)}, {"claims": ("flameproof",)},
        {"nut-free": ("yes",)}, {"claims": ("halal",)}, {"Shoe size": ("9",)}, {"features": ("vegan",)},
        {"age": ("6+ months",)},
    ):  # fmt: skip
        limits = Filter(attributes=attributes)
        assert left(shop, limits) == limits


def test_what_was_asked_for_before_the_message_stays(shop: Shop) -> None:
    limits = Filter(attributes={"season": ("winter",)}, one_of=((("for", "cats"), ("for", "dogs")),))
    assert left(shop, limits, before=limits) == limits
    assert left(shop, limits) == Filter()


def test_where_the_words_name_a_thing_nothing_is_left_out(shop: Shop) -> None:
    limits = Filter(attributes={"season": ("winter",)})
    assert left(shop, limits, words="camping lantern") == limits


@pytest.mark.parametrize(
    "message",
    [
        "something red to see by at night",
        "a light in red",
        "for my red kite",
        "help me see at night, red please",
        "to see by, it should be red",
        "I want a red one",
        "with a red shade",
    ],
)
def test_what_is_asked_for_outright_stays(shop: Shop, message: str) -> None:
    limits = Filter(attributes={"colour": ("red",)})
    assert left(shop, limits, message=message) == limits
    assert left(shop, limits, message="my red kite gets lost in the dark") == Filter()


def test_an_implied_category_is_left_out_where_nothing_described_is_in_it(shop: Shop) -> None:
    razors, lamps = Filter(categories=(("Beauty", "Razors"),)), Filter(categories=(("Outdoor", "Lamps"),))
    assert left(shop, razors, implied=True) == Filter()
    assert left(shop, razors) == razors
    assert left(shop, lamps, implied=True) == lamps
    want = Want(words="wakes me on dark mornings", topic="razor", filter=razors).described(("lantern",), taught=True)
    assert as_described(want, Filter(), MESSAGE, shop.grounder, shop.catalog, implied=True).topic == ""


def test_an_untaught_models_descriptions_leave_nothing_out(shop: Shop) -> None:
    want = Want(words="dark mornings", filter=Filter(attributes={"season": ("winter",)}))
    plain = want.described(("camping lantern",), taught=False)
    for one in (want, plain, want.described((), taught=True)):
        assert as_described(one, Filter(), MESSAGE, shop.grounder, shop.catalog) == one
