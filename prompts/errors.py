"""The errors of the prompts.

PromptsError
├── PromptError      a prompt's text is not as it must be; the message names where it stands and the line
├── CaseError        a file of cases is not as it must be; the message names file, line and case
└── VersionError     a version, label or share of traffic cannot be what was asked for; the message says why
    └── ReasonNeeded     it can, once somebody says why: what is known speaks against it
"""


class PromptsError(Exception):
    """Anything of the prompts that its user is told of."""


class PromptError(PromptsError):
    """A prompt's text that cannot be used, or a rendering that lacks a variable: where, what is wrong, what to do."""

    def __init__(self, origin: str, line: int, what: str) -> None:
        super().__init__(f"{origin}, line {line}: {what}")
        self.origin = origin
        self.line = line
        self.what = what


class VersionError(PromptsError):
    """A version, a label or a share of traffic that cannot be so."""


class ReasonNeeded(VersionError):
    """What is asked for is done once a reason is given, which the journal keeps."""


class CaseError(PromptsError):
    """A file of cases, or what was asked of them, that cannot be used. Line 0: it has none."""

    def __init__(self, origin: str, line: int, what: str) -> None:
        super().__init__(f"{origin}, line {line}: {what}" if line else f"{origin}: {what}")
        self.origin = origin
        self.line = line
