"""How much one site key, one client address and one session may ask: requests, characters, tokens, open streams.

Knows rates and who asks. Knows nothing of HTTP, nor of what is asked for.

Each rate is a bucket that empties evenly: "120/minute" lets 120 through at once and two a second from then on. What an
answer cost in tokens is known only afterwards and is then owed, so that the next request waits until it is worked off.
(The library for this, ``limits``, refuses what is more than the rest instead of letting it be owed, tells only when a
window ends instead of when to come back, and starts a thread for every expiry.)

Counted in this process alone: of several on one host each allows so much. A proxy that keeps one address at one process
makes that exact for addresses and sessions.
"""

import ipaddress
import math
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Literal

from chat.errors import ChatError, SetupError
from chat.settings import Settings

Who = Literal["key", "address", "session"]
What = Literal["requests", "characters", "tokens", "streams"]
Rates = tuple["Rate", ...]

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
ONE_HOUSEHOLD = 64  # bits of an IPv6 address: whoever has one address has all that begin like it
LOOKED_THROUGH_S = 30.0  # empty buckets are forgotten this often
ROUNDING_S = 1e-6  # what sums of floats may be off by
STREAM_RETRY_S = 2.0  # when to come back where too many streams are open: nobody knows when one ends


@dataclass(frozen=True)
class Asker:
    """Who asks, as far as it is known; "" is nobody, and has no limit."""

    key: str = ""
    address: str = ""
    session: str = ""

    def named(self) -> Iterator[tuple[Who, str]]:
        """What is known of them."""
        for one in fields(self):
            if name := getattr(self, one.name):
                yield one.name, name  # type: ignore[misc]  # the fields are named as Who is


NOBODY = Asker()


class TooMuch(ChatError):
    """More than is allowed; ``retry_s`` says in how many seconds it will be allowed again."""

    def __init__(self, who: Who, what: What, retry_s: float) -> None:
        whose = {"key": "This site", "address": "This address", "session": "This conversation"}[who]
        seconds = max(1, math.ceil(retry_s))
        wait = f"Try again in {seconds} s." if seconds < 120 else f"Try again in {math.ceil(seconds / 60)} minutes."
        said = "has too many answers open at once" if what == "streams" else f"sent too many {what} in a short time"
        said = "used up what it may ask of the language model for now" if what == "tokens" else said
        super().__init__(f"{whose} {said}. {wait}")
        self.who, self.what, self.retry_s = who, what, seconds


@dataclass(frozen=True)
class Rate:
    """So much in so many seconds."""

    amount: int
    seconds: float


@dataclass(frozen=True)
class Allowed:
    """What one key, one address or one session may do; no rates, or 0 streams: as much as it likes."""

    requests: Rates = ()
    characters: Rates = ()
    tokens: Rates = ()
    streams: int = 0


def rates(text: str) -> Rates:
    """The rates of a setting; SetupError, which names it, for anything else.

    >>> rates("10/second; 300/minute")
    (Rate(amount=10, seconds=1.0), Rate(amount=300, seconds=60.0))
    >>> rates("")
    ()
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"(\d{1,12})\s*/\s*(second|minute|hour|day)", part)
        if match is None or not int(match[1]):
            raise SetupError(f"{part!r} is no limit. Write a number and a time: 120/minute, or 10/second; 300/minute")
        found.append(Rate(int(match[1]), SECONDS[match[2]]))
    return tuple(found)


def allowed(settings: Settings) -> dict[Who, Allowed]:
    """What the settings allow; SetupError for a limit that is none."""

    def of(who: Who) -> Allowed:
        asked, written, cost = (
            rates(getattr(settings, f"limit_{who}_{what}")) for what in ("requests", "characters", "tokens")
        )
        return Allowed(asked, written, cost, getattr(settings, f"limit_{who}_streams"))

    return {"key": of("key"), "address": of("address"), "session": of("session")}


def household(address: str) -> str:
    """What is counted as one address: an IPv4 address, or the network that one household has of IPv6.

    >>> household("2001:db8:1:2:3:4:5:6"), household("::ffff:192.0.2.7"), household("192.0.2.7")
    ('2001:db8:1:2::/64', '192.0.2.7', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address  # a socket's path, or nothing
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, ONE_HOUSEHOLD), strict=False))


class Limits:
    """What everybody did lately. Safe to use from several threads."""

    def __init__(
        self,
        allowed: Mapping[Who, Allowed],
        now: Callable[[], float] = time.monotonic,
        refused: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """``refused`` hears which limit each refusal was of: "address_requests"."""
        self._allowed = allowed
        self._refused = refused
        self._now = now
        self._full_until: dict[tuple[Who, str, What, Rate], float] = {}  # when the bucket will be empty again
        self._open: Counter[tuple[Who, str]] = Counter()
        self._lock = threading.Lock()
        self._looked = now()

    def take(self, asker: Asker, what: Literal["requests", "characters"], amount: int = 1) -> None:
        """Let it through and count it; TooMuch where any of the asker's limits is reached, and then nothing counts."""
        with self._lock:
            now = self._now()
            buckets = list(self._buckets(asker, what))
            for who, bucket, rate in buckets:
                self._check(who, bucket, rate, amount, now)
            for _, bucket, rate in buckets:
                self._add(bucket, rate, amount, now)

    def check_tokens(self, asker: Asker) -> None:
        """TooMuch where what the asker's answers cost has used up what is allowed."""
        with self._lock:
            now = self._now()
            for who, bucket, rate in self._buckets(asker, "tokens"):
                self._check(who, bucket, rate, 1, now)

    def spend(self, asker: Asker, tokens: int) -> None:
        """An answer cost this much; what is more than allowed is owed."""
        with self._lock:
            now = self._now()
            for _, bucket, rate in self._buckets(asker, "tokens"):
                self._add(bucket, rate, tokens, now)

    @contextmanager
    def stream(self, asker: Asker) -> Iterator[None]:
        """A stream is open meanwhile; TooMuch where there are as many as may be."""
        named = list(asker.named())
        with self._lock:
            for who, name in named:
                most = self._allowed.get(who, Allowed()).streams
                if most and self._open[who, name] >= most:
                    self._refused(f"{who}_streams")
                    raise TooMuch(who, "streams", STREAM_RETRY_S)
            self._open.update(named)
        try:
            yield
        finally:
            with self._lock:
                for one in named:
                    self._open[one] -= 1
                    if not self._open[one]:
                        del self._open[one]

    @property
    def remembered(self) -> int:
        """How many buckets are not empty."""
        return len(self._full_until)

    def _buckets(self, asker: Asker, what: What) -> Iterator[tuple[Who, tuple[Who, str, What, Rate], Rate]]:
        for who, name in asker.named():
            for rate in getattr(self._allowed.get(who, Allowed()), what):
                yield who, (who, name, what, rate), rate

    def _check(self, who: Who, bucket: tuple[Who, str, What, Rate], rate: Rate, amount: int, now: float) -> None:
        """TooMuch unless there is room; an empty bucket takes anything, however long."""
        until = self._full_until.get(bucket, 0.0)
        if until > now and (wait := until + amount * rate.seconds / rate.amount - rate.seconds - now) > ROUNDING_S:
            self._refused(f"{who}_{bucket[2]}")
            raise TooMuch(who, bucket[2], min(wait, until - now))

    def _add(self, bucket: tuple[Who, str, What, Rate], rate: Rate, amount: int, now: float) -> None:
        self._full_until[bucket] = max(now, self._full_until.get(bucket, 0.0)) + amount * rate.seconds / rate.amount
        if now - self._looked > LOOKED_THROUGH_S:
            self._looked = now
            for held in [held for held, until in self._full_until.items() if until <= now]:
                del self._full_until[held]
