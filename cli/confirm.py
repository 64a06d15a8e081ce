"""A question at a terminal before every instance of a region is worked on. A script is asked nothing: it has no terminal."""

from __future__ import annotations

import sys

from cli.output import is_terminal, say
from cli.progress import asking
from shared.errors import ConfigError

YES = ("y", "yes")


def all_instances(region: str, account_id: str, hash_: str) -> None:
    """Ask whether to go on, where somebody is there to answer. Raises ConfigError where he does not say yes."""
    if not somebody_answers():
        return
    by = f"the mapping with hash {hash_}" if hash_ else "the mapping of the deployed function"
    say(f"remediate --all changes roles on every instance of {region}", err=True)
    say(f"in account {account_id}, by {by}.", err=True)
    say("rolekeeper plan shows what would be done; --yes does not ask. Go on? [y/N]", err=True)
    with asking():
        answer = sys.stdin.readline()
    if answer.strip().lower() not in YES:
        raise ConfigError("remediate --all: not confirmed; nothing was done")


def somebody_answers() -> bool:
    """Return whether what is asked is read, and can be answered."""
    return sys.stdin.isatty() and is_terminal()
