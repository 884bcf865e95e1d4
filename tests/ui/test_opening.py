"""How the parts of a serving process are chosen by the settings."""

from pathlib import Path

from chat.llm import LLM
from chat.llms import Several
from chat.settings import Settings
from ui.home import Home
from ui.opening import language_model


def test_several_addresses_of_the_language_model_share_the_work(tmp_path: Path) -> None:
    settings = Settings(llm_url="http://one:8000/v1, http://two:8000/v1,", llm_model="m")
    with language_model(settings, Home(tmp_path)) as model:
        assert isinstance(model.llm, Several)
        assert (model.llm.url, model.llm.model) == ("http://one:8000/v1, http://two:8000/v1", "m")
        assert model.server is None
    with language_model(settings.model_copy(update={"llm_url": "http://one:8000/v1"}), Home(tmp_path)) as model:
        assert type(model.llm) is LLM
