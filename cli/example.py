"""The repository's example of a mapping, as the demo plays it: roles.yaml may be the operator's own by now. Real machines never get it."""

from __future__ import annotations

from pathlib import Path

from shared.errors import ConfigError
from shared.mapping import Mapping, load
from shared.settings import variable

EXAMPLE = Path(__file__).with_suffix(".yaml")
"""The same as roles.yaml of the repository, which a test holds it to."""


def refuse_example(mapping: Mapping, file: Path, doing: str) -> None:
    """Raise ConfigError where a mapping is the example, whatever its layout, comments and name: it names machines of nobody.

    doing: the command, and what it would do with it.
    """
    if mapping.hash != load(EXAMPLE.read_text(encoding="utf-8"), file=EXAMPLE.name).hash:
        return
    raise ConfigError(
        f"{doing}: {file} is this repository's example, unchanged: its rules would match machines of yours (`name: worker-*`); "
        f"write your own mapping into a file of its own, and name it: --roles-file FILE, or {variable('roles_file')}=FILE, which "
        f"the build and `s deploy` read too. For the emulator set {variable('endpoint')}. Nothing was done"
    )
