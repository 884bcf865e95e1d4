"""The web server's own routes, around a page that is tested elsewhere."""

from pathlib import Path

import httpx
import pytest
from scripted_assistant import ScriptedAssistant
from scripted_llm import serving

from ui.server import create_app


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_health_pictures_and_headers(tmp_path: Path) -> None:
    (tmp_path / "tent.svg").write_text("<svg/>")
    app = create_app(ScriptedAssistant(), shop_name="Test & Shop", pictures=tmp_path)  # type: ignore[arg-type]
    with serving(app) as address, httpx.Client(base_url=address) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        picture = client.get("/pictures/tent.svg")
        assert (picture.status_code, picture.headers["x-content-type-options"]) == (200, "nosniff")
        assert client.get("/pictures/../secret").status_code == 404
        assert client.get("/").status_code == 200
