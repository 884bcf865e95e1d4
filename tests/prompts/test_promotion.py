"""A version that scored worse than the live one needs a reason to go live; a site gives its share of traffic back."""

import pytest
from wordings import SHORT, TEXT

from prompts.errors import ReasonNeeded, VersionError
from prompts.library import Library
from prompts.results import Key, Results, versions_key
from prompts.scores import Result
from prompts.serving import Served
from prompts.tables import Version
from prompts.versions import CANDIDATE, FILES, PRODUCTION, Versions
from retrieval.database import Connections


def score(connections: Connections, versions: Versions, version: Version, passed: int, model: str = "m") -> None:
    """Ten cases with this version beside what is live, of which so many pass."""
    live = {name: held for (name, label, site), held in versions.labels().items() if (label, site) == (PRODUCTION, "")}
    results = Results(connections)
    for number in range(10):
        key = Key(versions_key(live | {version.name: version.hash}), f"case {number}", model, "setting")
        results.put(key, Result(case=f"ours/{number}", version="then", checks=1, passed=int(number < passed)))


def test_what_scored_worse_beyond_noise_goes_live_only_with_a_reason(
    versions: Versions, connections: Connections
) -> None:
    first, second = versions.find("greet@1"), versions.publish(SHORT, "ann")
    score(connections, versions, first, 9)
    score(connections, versions, second, 1)
    versions.move(second, CANDIDATE, "rob")  # to try is free
    for why in ("", "  "):
        with pytest.raises(ReasonNeeded) as caught:
            versions.move(second, PRODUCTION, "rob", why)
        assert str(caught.value) == (
            "greet@2 scored worse on 8, better on 0 of 10 cases than what is live, beyond noise. Say why it goes live"
            " all the same: the journal keeps it."
        )
    assert versions.find("greet") == versions.find("greet@1")
    with pytest.raises(ReasonNeeded):
        versions.move(second, PRODUCTION, "rob", site="site_a")
    versions.move(second, PRODUCTION, "rob", "the law wants it " * 50)
    entry = versions.journal("greet")[-1]
    assert entry.why.startswith("the law wants it ")
    assert entry.why.endswith("(scored worse on 8, better on 0 of 10 cases)")
    assert len(entry.why) == 500
    assert versions.roll_back("greet", PRODUCTION, "rob") == versions.find("greet@1")  # a way back is always open


@pytest.mark.parametrize(("before", "after"), [(9, 6), (5, 5), (1, 9)])
def test_what_is_within_noise_or_better_needs_none(
    versions: Versions, connections: Connections, before: int, after: int
) -> None:
    second = versions.publish(SHORT, "ann")
    score(connections, versions, versions.find("greet@1"), before)
    score(connections, versions, second, after)
    versions.move(second, PRODUCTION, "rob")
    assert versions.journal("greet")[-1].why == ""


def test_only_scores_under_equal_conditions_speak_and_the_latest_of_a_case(
    versions: Versions, connections: Connections
) -> None:
    first, second = versions.find("greet@1"), versions.publish(SHORT, "ann")
    score(connections, versions, first, 10, "one model")
    score(connections, versions, second, 0, "another model")
    score(connections, versions, first, 10)
    score(connections, versions, second, 0)
    score(connections, versions, first, 4)  # run anew
    score(connections, versions, second, 4)
    versions.move(second, PRODUCTION, "rob")
    assert versions.journal("greet")[-1].why == ""
    third = versions.publish(TEXT.replace("Hello", "Hi"), "ann")
    versions.move(third, PRODUCTION, "rob")  # never scored
    assert versions.find("greet") == versions.find("greet@3")


def test_a_site_gives_up_its_share_of_the_experiment(versions: Versions, files: Library) -> None:
    versions.move(versions.publish(SHORT, "ann"), CANDIDATE, "rob")
    versions.split("greet", 1, "rob")
    versions.split("greet", 0, "rob", site="site_a")
    served = Served(versions, files)
    first, second = (versions.find(f"greet@{number}").hash for number in (1, 2))
    assert served.chosen("a session", "site_a")["greet"] == first
    versions.split("greet", None, "rob", "the trial is over", site="site_a")
    assert served.chosen("a session", "site_a")["greet"] == second
    assert versions.shares() == {("greet", ""): 1}
    entry = versions.journal("greet")[-1]
    assert (entry.done, entry.site, entry.before, entry.after, entry.why) == (
        "split", "site_a", "0", "", "the trial is over",
    )  # fmt: skip
    for site, what in (("site_a", "greet has no share of its own on site_a"), ("", "name the site")):
        with pytest.raises(VersionError, match=what):
            versions.split("greet", None, "rob", site=site)


def test_a_draft_keeps_the_note_of_where_it_came_from(versions: Versions) -> None:
    number = versions.draft("a text", FILES, note="proposed by a model")
    versions.draft("a better text", "ann", number)
    assert [(draft.content, draft.author, draft.note) for draft in versions.drafts()] == [
        ("a better text", "ann", "proposed by a model")
    ]
