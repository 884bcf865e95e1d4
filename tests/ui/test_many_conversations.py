"""Nobody sees anything of another's: many conversations at once over one server. The bench does it with 1,000."""

import asyncio
from urllib.parse import urlsplit

from api_server import OPEN_ANSWERS, Api
from scripted_llm import Answer

from bench.capacity import capacity
from bench.load import Shop, canary, leaks

SESSIONS = 40
SAID = "The Fernhill Ridge 2-person tent is waterproof."


def test_of_many_conversations_at_once_none_sees_anothers(api: Api) -> None:
    port = urlsplit(api.address).port
    assert port
    assert asyncio.run(canary(Shop(port, api.site.id, 0), SESSIONS, OPEN_ANSWERS)) == 0


def test_the_canary_sees_a_leak_and_a_conversation_that_lost_its_own() -> None:
    prices = ["101.01", "102.01", "103.01"]
    well = [f'"label":"under ${price}"' for price in prices]
    assert leaks(prices, well) == 0
    assert leaks(prices, [well[0], well[1] + well[2], ""]) == 2


def test_how_many_are_answered_in_time_is_looked_for_among_real_answers(api: Api) -> None:
    port = urlsplit(api.address).port
    assert port
    shop = Shop(port, api.site.id, 0)
    api.llm.respond = lambda body: Answer('{"items": []}' if "response_format" in body else SAID)

    def figures(within_ms: float) -> dict[str, float]:
        made = capacity(
            lambda number: shop.shopper(number, ["a 2-person tent under $160"]),
            step_s=0.3, most=4, think_s=0.3, within_ms=within_ms,
        )  # fmt: skip
        return asyncio.run(made)

    patient = figures(within_ms=60_000)
    assert patient.keys() == {"first_sentence_ms_p95@4", "shoppers_at_5s_first_sentence"}
    assert patient["shoppers_at_5s_first_sentence"] == 4
    hasty = figures(within_ms=0)
    assert hasty["shoppers_at_5s_first_sentence"] == 0
    assert [name for name in hasty if "@" in name] == [f"first_sentence_ms_p95@{count}" for count in (4, 2, 1)]
