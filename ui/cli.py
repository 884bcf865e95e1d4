"""The command line ``shoptalk``: gathers the commands, and turns errors into one sentence each.

Knows commands and exit codes: 0 done, 2 something that the user can mend, 1 a fault of ours (its cause is in the log).
"""

import errno
import logging
import os
import shutil
import sys
from pathlib import Path

import typer
from rich.console import Console

from chat.errors import ChatError
from chat.settings import Settings
from prompts.errors import PromptsError
from ranking.errors import RankingError
from retrieval.cleaning import visible
from retrieval.errors import RetrievalError
from ui.cli_commands import Group
from ui.logs import discreet, hush

LEAST_FREE_BYTES = 5_000_000  # below it, whatever failed failed for want of room

commands = typer.Typer(name="shoptalk", cls=Group, no_args_is_help=True, pretty_exceptions_enable=False)


@commands.callback()
def shoptalk() -> None:
    """A shop assistant over a real catalogue."""


def app() -> None:
    """The entry point: runs a command; any failure is one sentence on the error stream."""
    # Libraries' own bars, of hundreds of tensors, would drown what the commands say.
    os.environ.setdefault("TQDM_DISABLE", "1")
    log_path = configure_logging(Settings())
    errors = Console(stderr=True, soft_wrap=True)
    try:
        commands()
    except (ChatError, RetrievalError, RankingError, PromptsError) as error:
        # It may quote a feed, and a terminal obeys what some characters say.
        errors.print("\n".join(map(visible, str(error).splitlines())), markup=False, style="red")
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("Stopped.")
        sys.exit(130)
    except Exception as error:
        logging.getLogger("shoptalk").exception("the command failed")
        if disk_is_full(error, Settings().home):
            errors.print(
                f"The disk is full: nothing more can be written in {Settings().home}. Free some space and run it again."
            )
            sys.exit(2)
        errors.print(f"Something went wrong that Shoptalk did not foresee. Its log has the cause: {log_path}")
        sys.exit(1)


def disk_is_full(error: BaseException, folder: Path) -> bool:
    """True if the error comes of a full disk, in whatever words: libraries say it in many."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return True
    full = any(words in str(error).lower() for words in ("disk is full", "no space left", "disk full"))
    return full or shutil.disk_usage(folder).free < LEAST_FREE_BYTES


def configure_logging(settings: Settings) -> Path:
    """Send every log line, as JSON, to the home's log file and nothing to the terminal; returns the file's path."""
    home = settings.home
    path = home / "logs" / "shoptalk.log"
    for folder in (home, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = (settings.llm_api_key, settings.proposer_api_key, settings.writer_api_key, settings.lab_llm_api_key)
    handler = discreet(logging.FileHandler(path, delay=True), [key.get_secret_value() for key in keys])
    logging.raiseExceptions = False  # a log that cannot be written must not put a stack trace on the terminal
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    hush()
    return path


if __name__ == "__main__":
    app()
