"""Trying a conversation in the lab: what it leaves behind."""

from pathlib import Path
from typing import cast

from api_server import respond, untrained
from scripted_llm import scripted_llm
from shops import open_small_shop

from chat.assistant import Assistant
from chat.finding import Finder
from chat.llm import LLM, Timeouts
from chat.store import Store
from prompts.serving import released
from ranking.rules import Rules
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder
from ui.lab_trial import Trials, side_by_side
from ui.opening import Serving


async def test_what_is_tried_is_gone_however_it_ends(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    with scripted_llm() as script:
        script.respond = respond
        shop = open_small_shop(tmp_path, with_encoder=minilm)
        finder = Finder(shop.catalog, shop.grounder, untrained(shop), cards=3, rules=Rules(shop.connections).in_force)
        llm = LLM(script.url, "scripted", timeouts=Timeouts(1, 5, 5))
        trials = Trials(Serving(shop, finder, cast(Assistant, None), llm), released(shop.connections)[1])
        tried = Connections(trials.path)
        Store(tried)

        def held() -> int:
            return int(tried.current.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])

        most, streams = 0, [trials.run({}, ["a tent", "and under $160"]) for _ in range(2)]
        both = side_by_side(streams)
        async for _, trial in both:
            most = max(most, held())
            if trial.message != "a tent":
                break
        await both.aclose()
        assert (most > 0, held()) == (True, 0)
        tried.close()
        trials.close()
        assert not trials.path.exists()
        await llm.close()
        shop.close()
