"""Opens one shop: its database, index, reranker and language model, in that order, and closes them again.

Knows what a serving process holds. Knows nothing of pages or of the terminal.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from chat.assistant import Assistant
from chat.breaker import Breaker
from chat.builtin_llm import SERVED_NAME, ensure_converted
from chat.finding import Finder
from chat.known_requests import KnownRequests
from chat.llm import LLM, Timeouts
from chat.llm_server import LLMServer
from chat.llms import Several
from chat.policies import Policies
from chat.policy_desk import PolicyDesk
from chat.settings import Settings
from chat.store import Store
from chat.taught_llm import AUTO, NONE, adapter_for, has_own_words, joined, reworded
from chat.yes_judge import YesJudge
from prompts.library import Library
from prompts.serving import released
from prompts.versions import PRODUCTION
from ranking.history import Events
from ranking.reranker import open_reranker
from ranking.rules import Rules
from retrieval.shop import Shop, open_shop
from ui.home import Home
from ui.progress import bars

IN_USE = (PRODUCTION, "")  # the label, for all sites
WARM_EVERY_S = 5.0  # seconds until a new file of policies, which another process loads, is looked for

log = logging.getLogger(__name__)


@dataclass
class Model:
    """The language model of this process: its client, and the server where we run it ourselves."""

    llm: LLM
    server: LLMServer | None


@dataclass(frozen=True)
class Serving:
    """One shop, open, with everything that answers for it."""

    shop: Shop
    finder: Finder
    assistant: Assistant
    llm: LLM


@contextmanager
def language_model(settings: Settings, home: Home, *, follow: bool = False) -> Iterator[Model]:
    """Start vLLM, or use the address in the settings; what was started is stopped at the end.

    ``follow``: the process that owns the home has started it.

    Returns at once: the server is ready when ``server.wait_ready`` says so. SetupError where it cannot be started.
    """
    timeouts = Timeouts(
        settings.llm_connect_timeout_s, settings.llm_first_token_timeout_s, settings.llm_token_timeout_s
    )
    key = settings.llm_api_key.get_secret_value()
    breaker = _breaker(settings)
    if urls := [url for part in settings.llm_url.split(",") if (url := part.strip())]:
        name = settings.llm_model or SERVED_NAME
        how = _taught(taught_on(settings, home) if settings.llm_taught else None)
        servers = [LLM(url, name, api_key=key, timeouts=timeouts, breaker=_breaker(settings), **how) for url in urls]
        yield Model(servers[0] if len(servers) == 1 else Several(servers), None)
        return
    name = Path(settings.llm_model or SERVED_NAME).name
    adapter = adapter_for(name, settings.llm_adapter, home.adapter)
    how = _taught(adapter)
    if follow:
        url = f"http://127.0.0.1:{settings.llm_port}/v1"
        llm = LLM(url, name, api_key=key, timeouts=timeouts, breaker=breaker, **how)
        yield Model(llm, None)
        return
    folder = model_folder(settings, home)
    server = LLMServer(
        folder,
        name,
        settings.llm_port,
        home.logs / "vllm.log",
        dtype=settings.llm_dtype,
        max_model_len=settings.llm_max_model_len,
        kv_cache_gib=settings.llm_kv_cache_gib,
        arguments=settings.llm_arguments,
    )
    # A plain kill ends like Ctrl-C, so that the server's processes never outlive us.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.start()
        llm = LLM(server.url, name, api_key=key, timeouts=timeouts, breaker=breaker, **how)
        yield Model(llm, server)
    finally:
        server.stop()
        signal.signal(signal.SIGTERM, previous)


def model_folder(settings: Settings, home: Home) -> Path:
    """Folder of the LLM that is served here, with what it was taught in its weights; made where it is missing."""
    base = Path(settings.llm_model) if settings.llm_model else ensure_converted(settings.models)
    adapter = adapter_for(base.name, settings.llm_adapter, home.adapter)
    return base if adapter is None else joined(base, adapter, settings.models)


def taught_on(settings: Settings, home: Home) -> Path:
    """Folder of what the LLM was taught: the one that the settings name, else the shop's own."""
    return home.adapter if settings.llm_adapter in (AUTO, NONE) else Path(settings.llm_adapter)


def _taught(adapter: Path | None) -> dict[str, bool]:
    """How a model with this adapter, or with none, is spoken to."""
    return {"taught": adapter is not None, "own_words": adapter is not None and has_own_words(adapter)}


def _breaker(settings: Settings) -> Breaker:
    return Breaker(settings.llm_breaker_failures, settings.llm_breaker_rest_s)


@contextmanager
def opened_finder(
    settings: Settings, home: Home, console: Console, *, follow: bool = False
) -> Iterator[tuple[Shop, Finder]]:
    """The shop in this home with what finds and ranks its items; the index is checked, and rebuilt where it must be.

    ``follow``: another process owns the home; its index is read as it is.
    """
    with bars(console) as progress:
        shop = open_shop(home.folder, settings.models, progress, chroma_url=settings.chroma_url, follow=follow)
    if shop.index.trouble:
        console.print(shop.index.trouble, style="yellow")
    try:
        finder = Finder(
            shop.catalog,
            shop.grounder,
            open_reranker(home.rerankers, shop.catalog, shop.index.vectors),
            candidates=settings.candidates,
            cards=settings.cards,
            diversity=settings.diversity,
            rules=Rules(shop.connections).in_force,
            known=KnownRequests.load(taught_on(settings, home), shop.encoder.encode),
        )
        yield shop, finder
    finally:
        shop.close()


@contextmanager
def opened_shop(
    settings: Settings, home: Home, llm: LLM, console: Console, *, follow: bool = False
) -> Iterator[Serving]:
    """The shop in this home with its assistant; ``follow`` as in ``opened_finder``."""
    with opened_finder(settings, home, console, follow=follow) as (shop, finder):
        versions, prompts = released(shop.connections)
        live = {name: held for (name, label, site), held in versions.labels().items() if (label, site) == IN_USE}
        if llm.taught and (names := reworded(taught_on(settings, home), live)):
            log.warning(
                "the LLM was taught to answer to another wording of %s: run `shoptalk teach` to teach it this one, or "
                "set the label `production` back to the version that it knows", " and ".join(names),
            )  # fmt: skip
        desk = PolicyDesk(Policies(shop.connections).all, shop.encoder)
        assistant = Assistant(
            shop.catalog,
            finder,
            Events(shop.connections),
            Store(shop.connections),
            prompts,
            llm,
            settings.turn_timeout_s,
            yes_judge(settings, Library()),
            desk,
            settings.holdout,
        )
        with kept_warm(desk):
            yield Serving(shop, finder, assistant, llm)


@contextmanager
def kept_warm(desk: PolicyDesk, every_s: float = WARM_EVERY_S) -> Iterator[None]:
    """The policies are made ready for questions in a thread, now and whenever they have changed."""
    ended = threading.Event()

    def warm() -> None:
        while True:
            try:
                desk.warm()
            except Exception:  # a question then waits for what was not made ready, and tells what is wrong
                log.warning("the policies could not be made ready for questions", exc_info=True)
            if ended.wait(every_s):
                return

    thread = threading.Thread(target=warm, name="policies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def second_llm(settings: Settings) -> LLM | None:
    """What prompts may be tried with beside the shop's own LLM; None: nothing."""
    if not settings.lab_llm_url.strip():
        return None
    timeouts = Timeouts(
        settings.llm_connect_timeout_s, settings.llm_first_token_timeout_s, settings.llm_token_timeout_s
    )
    name = settings.lab_llm_model or settings.llm_model or SERVED_NAME
    key = settings.lab_llm_api_key.get_secret_value()
    return LLM(settings.lab_llm_url.strip(), name, api_key=key, timeouts=timeouts, breaker=_breaker(settings))


def yes_judge(settings: Settings, library: Library) -> YesJudge | None:
    """The judge that the settings want; None: none."""
    if not settings.llm_judge:
        return None
    return YesJudge(library.get("yes_judge"), settings.llm_judge_weight, settings.llm_judge_timeout_s)


@contextmanager
def opened_assistant(settings: Settings, home: Home, llm: LLM, console: Console) -> Iterator[tuple[Assistant, Shop]]:
    """As ``opened_shop``, for whoever needs only the conversation."""
    with opened_shop(settings, home, llm, console) as serving:
        yield serving.assistant, serving.shop


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
