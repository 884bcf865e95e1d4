"""Nobody sees anything of another's: many conversations at once over one server. The bench does it with 1,000."""

import asyncio
from urllib.parse import urlsplit

from api_server import OPEN_ANSWERS, Api

from bench.load import Shop, canary, leaks

SESSIONS = 40


def test_of_many_conversations_at_once_none_sees_anothers(api: Api) -> None:
    port = urlsplit(api.address).port
    assert port
    assert asyncio.run(canary(Shop(port, api.site.id, 0), SESSIONS, OPEN_ANSWERS)) == 0


def test_the_canary_sees_a_leak_and_a_conversation_that_lost_its_own() -> None:
    prices = ["101.01", "102.01", "103.01"]
    well = [f'"label":"under ${price}"' for price in prices]
    assert leaks(prices, well) == 0
    assert leaks(prices, [well[0], well[1] + well[2], ""]) == 2
