"""How the parts of a serving process are chosen by the settings."""

import queue
from collections.abc import Sequence
from pathlib import Path

from chat.llm import LLM
from chat.llms import Several
from chat.policies import Policies, Policy
from chat.policy_desk import PolicyDesk
from chat.settings import Settings
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder, Vectors
from ui.home import Home
from ui.opening import kept_warm, language_model

LONGEST_S = 30  # a test that passes never waits this long
RETURNS, PARKING = Policy("Returns", ("Within 30 days.",)), Policy("Parking", ("Behind the shop.",))


def test_several_addresses_of_the_language_model_share_the_work(tmp_path: Path) -> None:
    settings = Settings(llm_url="http://one:8000/v1, http://two:8000/v1,", llm_model="m")
    with language_model(settings, Home(tmp_path)) as model:
        assert isinstance(model.llm, Several)
        assert (model.llm.url, model.llm.model) == ("http://one:8000/v1, http://two:8000/v1", "m")
        assert model.server is None
    with language_model(settings.model_copy(update={"llm_url": "http://one:8000/v1"}), Home(tmp_path)) as model:
        assert type(model.llm) is LLM


class Noting:
    """The built-in encoder, which notes what it is given."""

    def __init__(self, encoder: MiniLMEncoder) -> None:
        self._encoder = encoder
        self.name, self.dimension = encoder.name, encoder.dimension
        self.given: queue.Queue[list[str]] = queue.Queue()

    def encode(self, texts: Sequence[str]) -> Vectors:
        made = self._encoder.encode(texts)
        self.given.put(list(texts))
        return made


def test_policies_are_encoded_before_they_are_asked_about_also_those_of_a_new_file(
    tmp_path: Path, minilm: MiniLMEncoder
) -> None:
    """The first question after a start had all passages encoded before its cards."""
    connections, encoder = Connections(tmp_path / "shop.sqlite3"), Noting(minilm)
    policies = Policies(connections)
    policies.replace([RETURNS])
    desk = PolicyDesk(policies.all, encoder)
    with kept_warm(desk, every_s=0.01):
        assert encoder.given.get(timeout=LONGEST_S) == ["Returns: Within 30 days."]
        policies.replace([RETURNS, PARKING])
        assert encoder.given.get(timeout=LONGEST_S) == ["Parking: Behind the shop."]
    desk.told("could I leave my car at your place?")
    assert encoder.given.get(timeout=LONGEST_S) == ["could I leave my car at your place?"]
    assert encoder.given.empty()
    connections.close()
