"""Labels and shares of traffic: who gets what, and what was there before."""

import pytest
from wordings import SHORT, TEXT

from prompts.errors import VersionError
from prompts.library import Library
from prompts.serving import Pinned, Served
from prompts.versions import Versions
from retrieval.database import Connections


def test_labels_are_moved_rolled_back_and_journalled(versions: Versions) -> None:
    second = versions.publish(SHORT, "ann")
    versions.move(second, "production", "rob", "better on the cases")
    versions.move(second, "production", "rob", "again")  # nothing to do
    assert versions.find("greet").number == 2
    assert versions.roll_back("greet", "production", "rob", "thumbs fell").number == 1
    assert versions.find("greet").number == 1
    told = [(entry.who, entry.done, entry.label, entry.why) for entry in versions.journal("greet")]
    assert told == [
        ("files", "published", "", ""),
        ("files", "moved", "production", "came with the program"),
        ("ann", "published", "", ""),
        ("rob", "moved", "production", "better on the cases"),
        ("rob", "back", "production", "thumbs fell"),
    ]
    with pytest.raises(VersionError, match="never pointed elsewhere"):
        versions.roll_back("guess", "production", "rob")
    with pytest.raises(VersionError, match="A label is one word"):
        versions.move(second, "to be", "rob")
    for wrong, what in (
        ("greet@7", r"There is no greet@7. There are the numbers 1 to 2, 1: production"),
        ("gret", r"There is no prompt 'gret'. There are: greet, guess"),
    ):
        with pytest.raises(VersionError, match=what):
            versions.find(wrong)


def test_who_gets_what(versions: Versions, files: Library, connections: Connections) -> None:
    served = Served(versions, files)
    first, second = versions.find("greet@1"), versions.publish(SHORT, "ann")
    keys = [f"session {number}" for number in range(2000)]

    def share(site: str = "") -> float:
        return sum(served.chosen(key, site)["greet"] == second.hash for key in keys) / len(keys)

    with pytest.raises(VersionError, match="has no candidate"):
        versions.split("greet", 0.1, "rob")
    versions.move(second, "candidate", "rob")
    assert share() == 0
    versions.split("greet", 0.1, "rob")
    before = {key for key in keys if served.chosen(key)["greet"] == second.hash}
    assert 0.07 < share() < 0.13
    assert versions.shares() == {("greet", ""): 0.1}
    versions.split("greet", 0.5, "rob")
    assert 0.46 < share() < 0.54
    assert before <= {key for key in keys if served.chosen(key)["greet"] == second.hash}
    # Another process of the shop follows at once, since labels are read for each conversation.
    other = Served(Versions(connections, files), files)
    assert other.chosen(keys[0]) == served.chosen(keys[0])
    # A site of its own share, and then of its own version.
    versions.split("greet", 0, "rob", site="site_a")
    assert share("site_a") == 0
    assert share("site_b") > 0.4
    versions.split("greet", 1, "rob", site="site_a")
    assert share("site_a") == 1
    versions.move(first, "production", "rob", site="site_a")
    versions.move(first, "candidate", "rob", site="site_a")
    assert share("site_a") == 0
    with pytest.raises(VersionError, match="between 0 and 1; 10 does not"):
        versions.split("greet", 10, "rob")


def test_rolling_back_goes_further_back_each_time_and_at_last_to_nowhere(versions: Versions) -> None:
    texts = [SHORT.replace("Hello", greeting) for greeting in ("Hi", "Hey")]
    for text in texts:
        versions.move(versions.publish(text, "ann"), "production", "rob")
    numbers = []
    for _ in range(2):
        back = versions.roll_back("greet", "production", "rob")
        numbers.append(back and back.number)
    assert numbers == [2, 1]
    with pytest.raises(VersionError, match="there is nothing to go back to"):
        versions.roll_back("greet", "production", "rob")
    versions.move(versions.find("greet@3"), "production", "rob")
    versions.roll_back("greet", "production", "rob")
    assert versions.find("greet").number == 1
    # Of one site, and of the candidate, nowhere is somewhere to go back to.
    versions.move(versions.find("greet@2"), "production", "rob", site="site_a")
    assert versions.roll_back("greet", "production", "rob", site="site_a") is None
    assert versions.labelled("greet", "production", "site_a") == ""
    with pytest.raises(VersionError, match="there is nothing to go back to"):
        versions.roll_back("greet", "production", "rob", site="site_a")


def test_what_is_pinned_is_used_whatever_is_live(versions: Versions, files: Library) -> None:
    second = versions.publish(SHORT, "ann")
    pinned = Pinned(Served(versions, files), {"greet": second.hash})
    chosen = pinned.chosen("any")
    assert (chosen["greet"], chosen["guess"]) == (second.hash, versions.find("guess").hash)
    assert pinned.version("greet", chosen["greet"]).content == SHORT


def test_a_version_that_is_gone_is_answered_by_the_newest_file(versions: Versions, files: Library) -> None:
    served = Served(versions, files)
    second = versions.publish(SHORT, "ann")
    assert served.version("greet", second.hash).content == SHORT
    assert served.version("greet", "0" * 64).content == TEXT
