"""A stand-in for a language model, as a process: ``python -m bench.stand_in PORT``. Streams 30 tokens a second.

Speaks of an OpenAI-compatible server only what Shoptalk asks. What it says is made of the prompt: descriptions out of
the message, sentences out of the item's facts, so that they pass the check as a good model's would. Written on bare
sockets, since it shares the processor with what is measured.
"""

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

TOKENS_A_SECOND = 30.0
FIRST_TOKEN_S = 0.2  # as vLLM's for a prompt of 150 tokens on two cores
TOKEN_CHARACTERS = 4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
Answer = Callable[[dict[str, Any]], str]
MODELS = b'{"object":"list","data":[{"id":"stand-in","object":"model"}]}'


def answer_to(body: dict[str, Any]) -> str:
    """What a model that follows the prompt would say."""
    last = str(body["messages"][-1]["content"])
    if "response_format" in body:
        words = re.findall(r"[a-z]{4,}", last.lower())[-4:]
        return json.dumps({"items": [" ".join(words) or "a present", "something like it"]}, separators=(",", ":"))
    item = re.search(r"^Item: (?P<name>.*?)(?:, (?P<price>\S*\d\S*))?$", last, re.MULTILINE)
    facts = re.search(r"^Facts: (.*)$", last, re.MULTILINE)
    if item is None:
        return "Yes."
    said = " and ".join(facts[1].split("; ")) if facts else "is here"
    return f"The {item['name']} {said}." + (f" It costs {item['price']}." if item["price"] else "")


def events(body: dict[str, Any], answer: Answer = answer_to) -> list[bytes]:
    """The answer as the lines of its stream, a token each."""
    text = answer(body)
    pieces = [text[at : at + TOKEN_CHARACTERS] for at in range(0, len(text), TOKEN_CHARACTERS)][: body["max_tokens"]]
    read = sum(len(message["content"]) for message in body["messages"]) // TOKEN_CHARACTERS
    usage = {"prompt_tokens": read, "completion_tokens": len(pieces), "total_tokens": read + len(pieces)}
    chunks: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces
    ]
    chunks.append({"choices": [], "usage": usage})
    common = {"id": "s", "object": "chat.completion.chunk", "created": 0, "model": "stand-in"}
    return [f"data: {json.dumps(common | chunk)}\n\n".encode() for chunk in chunks]


async def serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    answer: Answer = answer_to,
    tokens_a_second: float = TOKENS_A_SECOND,
) -> None:
    """One request on one connection; a reader who leaves ends it. Of endless speed, it does not wait for the first."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        if not head.startswith("POST"):
            kind = b"Content-Type: application/json\r\nConnection: close\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (kind, len(MODELS), MODELS))
            return
        writer.write(HEAD)
        await asyncio.sleep(FIRST_TOKEN_S if tokens_a_second < float("inf") else 0)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for event in events(json.loads(body), answer):
            due += 1 / tokens_a_second
            await asyncio.sleep(due - loop.time())
            writer.write(event)
            await writer.drain()
        writer.write(b"data: [DONE]\n\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
