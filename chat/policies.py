"""The shop's policies: returns, delivery, warranty and whatever else shoppers are told, in the merchant's own words.

Owns the table ``shop_policies``. A policy is a heading with passages; a passage is what is quoted, whole and unchanged.
What is asked of them, ``chat.policy_question`` reads; which passage answers, ``chat.policy_desk`` knows. Policies are
data: no LLM is given them, and nothing in them is followed. PolicyError where a change asks for what is not there.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlite_utils import Database, Migrations

from chat.errors import ChatError
from retrieval.database import Connections

# What a heading or a passage is on, by its words. The first that fits a heading's stretch takes that stretch.
TOPICS: dict[str, re.Pattern[str]] = {
    "price_match": re.compile(r"price[- ]?(?:match\w*|promise|guarantee)|match\w* (?:\w+ )?prices?", re.IGNORECASE),
    "returns": re.compile(r"\b(?:return|refund|exchang|cancel|withdraw|send(?:ing)? back|money[- ]back)\w*", re.I),
    "delivery": re.compile(
        r"\b(?:deliver|shipping|shipment|ships?\b|postage|dispatch|click (?:and|&) collect)\w*", re.I
    ),
    "warranty": re.compile(r"\b(?:warrant|guarantee|repair)\w*", re.IGNORECASE),
    "visit": re.compile(
        r"\b(?:(?:opening|business|store|shop) (?:hours|times)|hours$|visit (?:us|our)|find us|where we are"
        r"|our (?:shop|store"
        r"|showroom)\b.*\bopen|(?:is|are) open)\b",
        re.IGNORECASE,
    ),
    "contact": re.compile(
        r"\b(?:contact|customer (?:service|support|care)|get in touch|reach us|talk to us|e-?mail|phone"
        r"|telephone)\b",
        re.IGNORECASE,
    ),
    "payment": re.compile(r"\b(?:payments?|paying|pay|invoices?|instal?lments?|credit cards?)\b", re.IGNORECASE),
    "offers": re.compile(r"\b(?:discount|voucher|coupon|promo|gift card|student offer)\w*", re.IGNORECASE),
    "privacy": re.compile(r"\b(?:privacy|personal data|your data|data protection|cookies)\b", re.IGNORECASE),
}

migrations = Migrations("policies")


@migrations()
def m001_policies(database: Database) -> None:
    """Create the table."""
    database.execute(
        "CREATE TABLE shop_policies (number INTEGER PRIMARY KEY, heading TEXT NOT NULL UNIQUE COLLATE NOCASE,"
        " parent TEXT NOT NULL, passages TEXT NOT NULL, time REAL NOT NULL)"
    )


class PolicyError(ChatError):
    """The policies cannot be read or changed as asked."""


@dataclass(frozen=True)
class Policy:
    """One section of the merchant's file."""

    heading: str
    passages: tuple[str, ...]  # each is quoted whole or not at all
    parent: str = ""  # the heading above it, where there is one

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """What it is on, as its heading says; else as the heading above says; () for a kind of its own."""
        return topics_of(self.heading) or topics_of(self.parent)


def topics_of(heading: str) -> tuple[str, ...]:
    """The topics that a heading names: ("delivery", "returns") of "Delivery & returns"."""
    found = []
    for topic, pattern in TOPICS.items():
        if pattern.search(heading):
            found.append(topic)
            heading = pattern.sub(" ", heading)
    return tuple(found)


class Policies:
    """The table of policies; opening it brings the table up to date. A change counts from the next turn on."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        migrations.apply(connections.current)

    def replace(self, policies: Sequence[Policy]) -> None:
        """Hold these and no others, in one transaction."""
        database, now = self._connections.current, time.time()
        with database.atomic():
            database.execute("DELETE FROM shop_policies")
            for number, one in enumerate(policies, start=1):
                database.execute(
                    "INSERT INTO shop_policies VALUES (?, ?, ?, ?, ?)",
                    [number, one.heading, one.parent, json.dumps(one.passages, ensure_ascii=False), now],
                )

    def remove(self, heading: str) -> Policy:
        """Take the section away and return it; PolicyError if there is none of that heading, in whatever case."""
        database = self._connections.current
        held = next((one for one in self.all() if one.heading.casefold() == heading.strip().casefold()), None)
        if held is None:
            raise PolicyError(f"There is no policy {heading!r}. Those that there are: shoptalk policies --list")
        with database.atomic():
            database.execute("DELETE FROM shop_policies WHERE heading = ?", [held.heading])
        return held

    def all(self) -> list[Policy]:
        """Every section, in the order of the merchant's file."""
        rows = self._connections.current.execute("SELECT heading, passages, parent FROM shop_policies ORDER BY number")
        return [Policy(heading, tuple(json.loads(passages)), parent) for heading, passages, parent in rows.fetchall()]
