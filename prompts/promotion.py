"""What speaks against making a version live: that it scored worse, beyond noise, than the one that is.

Reads results that were kept of scoring; runs nothing.
"""

from collections.abc import Mapping

from prompts.results import Results, versions_key
from prompts.scores import compare
from prompts.tables import Databases


def against(databases: Databases, live: Mapping[str, str], name: str, before: str, after: str) -> str:
    """In words, "scored worse on 9, better on 1 of 20 cases"; "" where nothing is known, or nothing speaks against it.

    ``live``: the versions of all prompts, name to hash; of ``name`` it is ``before`` against ``after``.
    """
    keys = [versions_key({**live, name: version}) for version in (before, after)]
    pairs = Results(databases).pairs(*keys)
    found = compare([one for one, _ in pairs], [other for _, other in pairs])
    if found.verdict >= 0:
        return ""
    return f"scored worse on {found.worse}, better on {found.better} of {found.cases} cases"
