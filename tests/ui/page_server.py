"""Serves a shopper's page in a thread, as ``shoptalk serve`` does, for tests that drive a browser."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI, Response

from ui.security_headers import SecurityHeaders
from ui.shop_page import DemoShopper, Talks, build_page, mount_page

SHOP = "Marlow & Finch"
SHOPPERS = (
    DemoShopper(
        "maya",
        "Maya Lindqvist",
        "Trail runner who packs light and dislikes leather.",
        (
            "bought Fell trail shoes · May",
            "liked Cloudbreak 2 tent · April",
            "bought Sunlit merino tee · March",
            "viewed Harbour parka · March",
            "bought 20 L running vest · January",
        ),
    ),
    DemoShopper("otto", "Otto Brandt", "Cooks for six on Sundays.", ("bought Cast-iron casserole · June",)),
)
QUESTIONS = (
    "A waterproof jacket for hiking under $150",
    "A birthday present for a friend who bakes",
    "Something to make my desk less grey",
)
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 160"><rect width="200" height="160" fill="#dfe8ef"/>'
    '<path d="M60 40l40-14 40 14 14 90H46z" fill="#3b6284"/></svg>'
)


@contextlib.contextmanager
def served_page(assistant: Talks, shoppers: Sequence[DemoShopper] = SHOPPERS) -> Iterator[str]:
    """The address of a page over this assistant; the server is gone afterwards."""
    app = FastAPI()
    app.add_middleware(SecurityHeaders)  # so that whatever the policy forbids is a complaint of the browser's

    @app.get("/pictures/{name}.svg")
    def picture(name: str) -> Response:
        return Response(PICTURE, media_type="image/svg+xml")

    page = build_page(assistant, shop_name=SHOP, shoppers=shoppers, first_questions=QUESTIONS)
    mount_page(app, page, SHOP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the page's server did not start within 20 s")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
