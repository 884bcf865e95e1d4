"""Lines of a text file, none of them longer than memory is for. Knows nothing of what is written in them."""

import io

LONGEST_LINE = 20_000_000  # characters of a line that is read; one of 300 MB costs a gzip of one MB
KEPT_ASIDE = 100_000  # characters of a text that cannot be used, kept to be looked at
TOO_LONG = f"the line has more than {LONGEST_LINE:,} characters"
_SKIPPED_AT_ONCE = 1 << 20


class CutLine(str):
    """The beginning of a line that is too long to be read."""

    __slots__ = ()


def next_line(text: io.TextIOWrapper) -> str:
    """The next line with its end, "" after the last one; of a line that is too long, a CutLine."""
    line = text.readline(LONGEST_LINE + 1)
    if len(line) <= LONGEST_LINE or line.endswith("\n"):
        return line
    head = CutLine(shortened(line))
    del line
    while (more := text.readline(_SKIPPED_AT_ONCE)) and not more.endswith(("\n", "\r")):
        pass
    return head


def shortened(text: str) -> str:
    """The text as far as it is kept aside, with a mark where it is cut."""
    return text if len(text) <= KEPT_ASIDE else f"{text[:KEPT_ASIDE]}… (cut here, {len(text):,} characters read)"
