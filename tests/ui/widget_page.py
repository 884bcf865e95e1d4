"""A merchant's page on an origin of its own, under a strict policy, and a wire to the shop that can be cut."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from api_server import Api
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from scripted_llm import Answer, free_port, serving
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LONGEST_MS = 60_000  # a loaded machine with two cores is slow; a test that passes never waits this long
expect.set_options(timeout=LONGEST_MS)
TENT = "a 2-person tent under $160"
SAID = "The Fernhill Ridge 2-person tent is waterproof. "
BODY = (
    '<nav><a href="#main" id="before">Start</a></nav><main id="main"><h1>A shop</h1><p>Things.</p>'
    '<button id="after">Something else</button></main>'
)


def policy(shoptalk: str) -> str:
    """What docs/widget.md tells merchants to allow, and nothing else."""
    return (
        f"default-src 'none'; script-src {shoptalk}; connect-src {shoptalk}; img-src {shoptalk}; "
        "base-uri 'none'; form-action 'none'"
    )


@dataclass
class Store:
    """A page that embeds the widget; what its tag says may be changed before each visit."""

    shoptalk: str
    origin: str = ""
    site_key: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    lang: str = "en"
    head: str = ""  # more of the page's head
    style: str = ""  # the page's own style sheet
    tags: int = 1  # how often the script is included

    def page(self, request: Asked) -> Response:
        if request.url.path == "/page.css":
            return Response(self.style, media_type="text/css")
        said = {"site-key": self.site_key} | self.attributes
        tag = " ".join(f'data-{name}="{value}"' for name, value in said.items())
        script = f'<script src="{self.shoptalk}/widget.js" {tag} defer></script>' * self.tags
        sheet = '<link rel="stylesheet" href="/page.css">' if self.style else ""
        html = (
            f'<!doctype html><html lang="{self.lang}"><head><meta charset="utf-8"><title>A shop</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">{self.head}{sheet}{script}</head>'
            f"<body>{BODY}</body></html>"
        )
        allowed = policy(self.shoptalk) + ("; style-src 'self'" if self.style else "")
        return HTMLResponse(html, headers={"Content-Security-Policy": allowed})


@contextlib.contextmanager
def merchants_page(shoptalk: str) -> Iterator[Store]:
    """The page, served from a port of its own."""
    store = Store(shoptalk)
    routes = [Route("/page.css", store.page), Route("/favicon.ico", lambda _: Response(b"")), Route("/", store.page)]
    with serving(Starlette(routes=routes)) as origin:
        store.origin = origin
        yield store


@dataclass
class Tabs:
    """Opens tabs and keeps what each said on its console or asked of other hosts."""

    browser: Browser
    store: Store
    complaints: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    expected: str = "^$"  # a pattern of complaints that a test brings about
    context: Any = None

    def open(
        self, width: int = 1400, height: int = 900, *, path: str = "/", again: bool = False, **options: Any
    ) -> Page:
        """A new tab; ``again``: of the same browser profile as the last one."""
        if self.context is None or not again:
            self.context = self.browser.new_context(viewport={"width": width, "height": height}, **options)
        page: Page = self.context.new_page()
        page.set_default_timeout(LONGEST_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        page.add_init_script(
            "window.told = [];"
            "for (const kind of ['ready', 'open', 'close', 'message', 'product-click', 'add-to-cart'])"
            " addEventListener('shoptalk:' + kind, ({ detail }) => told.push([kind, detail]));"
        )
        page.goto(self.store.origin + path)
        ready(page)
        return page

    def posted(self, path: str) -> list[Any]:
        """The bodies that were sent to that route, in their order."""
        return [asked.post_data_json for asked in self.asked if asked.url.endswith(path) and asked.method == "POST"]

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and not re.search(self.expected, said.text):
            self.complaints.append(said.text)

    def _request(self, asked: Request) -> None:
        self.asked.append(asked)
        if not asked.url.startswith((self.store.origin, self.store.shoptalk, "data:", "blob:")):
            self.complaints.append(f"asked another host: {asked.url}")


def slow(api: Api, sentences: int = 40) -> None:
    """The language model answers word by word, long enough to be interrupted."""
    answer = Answer(SAID * sentences, pause_s=0.04)
    api.llm.respond = lambda body: Answer('{"items": []}') if "response_format" in body else answer


def ready(page: Page) -> None:
    """Wait until the widget is there; asked once, since the page's policy forbids the browser's own polling."""
    page.evaluate(
        "new Promise((done) => window.shoptalk"
        " ? done() : addEventListener('shoptalk:ready', () => done(), { once: true }))"
    )


def say(page: Page, words: str) -> None:
    """Type a message and send it."""
    page.fill(".composer textarea", words)
    page.press(".composer textarea", "Enter")


def answered(page: Page, exchanges: int) -> None:
    """Wait until this many exchanges are shown and none runs."""
    expect(page.locator(".exchange")).to_have_count(exchanges, timeout=LONGEST_MS)
    expect(page.locator('.log[aria-busy="true"]')).to_have_count(0, timeout=LONGEST_MS)
    expect(page.locator(".exchange").last.locator(".wait:not([hidden])")).to_have_count(0, timeout=LONGEST_MS)


def settled(page: Page) -> None:
    """Wait until what moves once has moved: meanwhile it has another place, and less contrast."""
    page.evaluate(
        "Promise.all(document.querySelector('shoptalk-widget').shadowRoot.getAnimations()"
        ".filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished))"
    )


def violations(page: Page) -> list[Any]:
    """What axe-core, with every rule that it has, finds on the whole page."""
    settled(page)
    found = Axe().run(page).response["violations"]
    return [(one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]]) for one in found]


def titles(page: Page, exchange: int = -1) -> list[str]:
    """Titles of the cards of an exchange."""
    return page.locator(".exchange").nth(exchange).locator(".card-title").all_inner_texts()


def told(page: Page, kind: str) -> list[dict[str, Any]]:
    """The details of the events of this kind that the page was told."""
    return [detail for name, detail in page.evaluate("told") if name == kind]


class Wire:
    """Carries bytes between a browser and the shop, until it is cut; what comes while it is down is refused."""

    def __init__(self, shoptalk: str) -> None:
        self._to = ("127.0.0.1", int(shoptalk.rpartition(":")[2]))
        self._listening = socket.create_server(("127.0.0.1", free_port()))
        self._open: list[socket.socket] = []
        self.down = False
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection off."""
        held, self._open = self._open, []
        for one in held:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.down:
                near.close()
                continue
            far = socket.create_connection(self._to)
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
