"""What docs/api.md tells a site's developer, run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from api_server import Api

import ui.api_catalogue
import ui.api_chat
import ui.api_completions
import ui.api_errors
import ui.api_gate
import ui.api_items
import ui.api_sessions
import ui.identity
import ui.turns
from ui.identity import sign_shopper

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
SAID = "The Fernhill Ridge 2-person tent is waterproof."


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def run(command: list[str], api: Api) -> str:
    environment = os.environ | {"SITE_KEY": api.site.id, "SHOPTALK": api.address}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_python_snippet_prints_cards_and_text(api: Api) -> None:
    api.llm.enqueue('{"items": []}', SAID)
    output = run([sys.executable, "-c", snippets("python")[0]], api)
    assert output == f"[('Fernhill Ridge 2-person tent', '$149.00')]\n{SAID}\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_the_javascript_snippet_prints_cards_and_text(api: Api, tmp_path: Path) -> None:
    api.llm.enqueue('{"items": []}', SAID)
    (code,) = snippets("javascript")
    file = tmp_path / "snippet.mjs"
    file.write_text("const { SHOPTALK, SITE_KEY } = process.env;\n" + code)
    assert run(["node", str(file)], api) == f"[ 'Fernhill Ridge 2-person tent' ]\n{SAID}\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_curl_snippet_shows_the_events(api: Api) -> None:
    api.llm.enqueue('{"items": []}', SAID)
    command = snippets("bash")[0].replace("http://127.0.0.1:7860", api.address)
    output = run(["bash", "-c", command], api)
    told = DOCS.read_text(encoding="utf-8")
    shown = re.findall(r"^event: \w+$", told, re.MULTILINE)
    assert re.findall(r"^event: \w+$", output, re.MULTILINE) == shown


def test_the_token_that_the_docs_sign_is_the_one_that_counts(api: Api) -> None:
    names: dict[str, object] = {}
    exec(snippets("python")[1], names)
    token = names["shopper_token"](api.secret, "Zoë", 60)  # type: ignore[operator]
    assert api.keys.shopper(api.site, token) == "Zoë"
    assert token == sign_shopper(api.secret, "Zoë", int(token.split(".")[1]))
    assert abs(int(token.split(".")[1]) - time.time() - 60) < 5


def test_every_route_is_told_and_every_one_told_is_there(api: Api) -> None:
    told = set(
        re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) /v1(\S+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    )
    served = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
        for path, methods in api.schema["paths"].items()
        for method in methods
    }
    assert told == served


def test_every_error_code_is_told_and_every_one_told_is_there() -> None:
    told = re.findall(r"^\| (\d{3}) \| (.+?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    codes = {code for _, cell in told for code in re.findall(r"`(\w+)`", cell)}
    modules = (
        ui.api_catalogue,
        ui.api_chat,
        ui.api_completions,
        ui.api_errors,
        ui.api_gate,
        ui.api_items,
        ui.api_sessions,
        ui.identity,
    )
    sources = "".join(Path(str(module.__file__)).read_text() for module in modules)
    raised = set(re.findall(r'Problem\(\s*\d+, "(\w+)"', sources)) | set(re.findall(r'Refused\(\s*"(\w+)"', sources))
    assert codes == (raised | {ui.turns.STOPPED}) - {"closed"}
