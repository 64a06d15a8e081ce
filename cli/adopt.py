"""`rolekeeper adopt`: a fleet that holds roles by hand becomes a first roles.yaml. Calls nothing, changes nothing but that file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cli.files import lines
from cli.output import print_json
from cli.view.adoption import show
from shared.errors import ConfigError
from shared.mapping import check
from shared.mapping.adoption import Adoption, adopt
from shared.model.snapshot import Snapshot, shown_as


def run(file: Path, out: Path, *, as_json: bool) -> int:
    """Exit code 0: the file is made, whoever its exceptions are. Raises ConfigError where nothing can be learnt; then there is no file."""
    if out.exists():
        raise ConfigError(f"{out}: is there already, and adopt writes over no file: name another with -o")
    snapshot = Snapshot(lines(file), str(file))
    header = snapshot.header
    place = shown_as(header)
    instances = list(snapshot.instances())
    source = f"{file.name}: {header.region}, account {header.account_id}, {place['made_at']}"
    try:
        found = adopt(instances, source=source)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    unread = [instance.instance_id for instance in instances if instance.unread is not None]
    warnings = [str(problem) for problem in check(found.text, file=str(out))]
    _write(out, found)
    if as_json:
        print_json(
            {
                "file": str(out),
                "hash": found.mapping.hash,
                "snapshot": {"file": str(file), **place},
                "instances": found.instances,
                "described": found.described,
                "unread": unread,
                "exceptions": [msgspec.structs.asdict(one) for one in found.exceptions],
                "left": [msgspec.structs.asdict(one) for one in found.left],
                "roles": list(found.mapping.roles),
                "rules": [rule.name for rule in found.mapping.rules],
                "warnings": warnings,
            }
        )
    else:
        show(found, out=str(out), snapshot=str(file), unread=unread, warnings=warnings)
    return 0


def _write(out: Path, found: Adoption) -> None:
    try:
        with out.open("x", encoding="utf-8") as made:
            made.write(found.text)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror}") from error
