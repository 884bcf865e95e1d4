"""The sites of the shop by their names: nobody who works in the lab knows a key by its id.

Knows keys and names. What a site may have of its own, ``prompts.versions`` knows.
"""

from collections import Counter

from ui.identity import Keys

EVERYWHERE = "every site"  # its labels and shares are for all that have none of their own
OWN_PAGE = "the shop's own page"  # where a conversation began without a key


class Sites:
    """Gives names for ids, and what may be chosen from."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def names(self) -> dict[str, str]:
        """Of each site key its name, those that were revoked included; of two of one name each with its id."""
        made = self._keys.sites()
        several = Counter(key.name for key in made)
        return {key.id: f"{key.name} ({key.id})" if several[key.name] > 1 else key.name for key in made}

    def choices(self) -> list[tuple[str, str]]:
        """Name and id of every site that is open, after EVERYWHERE, whose id is ""."""
        names = self.names()
        return [(EVERYWHERE, ""), *((names[key.id], key.id) for key in self._keys.sites() if key.revoked is None)]

    def name(self, site: str) -> str:
        """What a key's site is called; "" stays ""."""
        return self.names().get(site, site) if site else ""
