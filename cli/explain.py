"""`rolekeeper explain`: why an instance gets a role, or does not. Changes nothing; without an id, or with a snapshot, calls nothing.

Exit code 0; 1: there is no such instance, or another error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from cli.files import lines, text
from cli.output import print_json
from cli.view.explanation import MADE_UP, Explained, RecordsFound, show
from cli.view.explanation_json import as_json as explained_json
from shared.errors import ConfigError
from shared.mapping import Mapping as RoleMapping
from shared.mapping import load
from shared.mapping.toward import toward
from shared.mapping.trace import trace
from shared.model.instance import Instance
from shared.model.snapshot import Snapshot
from shared.planning.planner import Planner, Signing
from shared.proof import Keys
from shared.settings import Settings, variable
from shared.suggestions import suggestion

IMDSV2 = "imdsv2"
"""The requirement of a role that is no attribute of rules: `--attribute imdsv2=true`."""
NO_RECORDS_OFFLINE = "not asked for: no cloud was asked"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The instance in question, as the options give it."""

    instance_id: str | None = None
    tags: Mapping[str, str] | None = None
    attributes: Mapping[str, str] | None = None
    holds: str | None = None
    snapshot: Path | None = None
    region: str | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The instance, when it was so, how its note of a displaced role is judged, and its last records."""

    instance: Instance
    at: datetime
    signing: Signing
    records: RecordsFound


def run(about: Subject, *, role: str | None, roles_file: Path, as_json: bool) -> int:
    """Raises RolekeeperError."""
    _check(about)
    mapping = load(text(roles_file), file=str(roles_file))
    if role is not None and role not in mapping.roles:
        raise ConfigError(
            f"explain: --role {role!r}: is not among the roles of {roles_file}; {suggestion(role, mapping.roles)}"
        )
    found = _found(about, mapping)
    planner = Planner(mapping, found.signing, lambda: found.at)
    way = toward(mapping, found.instance, role) if role else None
    explained = Explained(
        mapping=mapping,
        traced=trace(mapping, found.instance),
        change=planner.change(found.instance),
        toward=way,
        then=tuple(planner.change(each.instance) for each in way.ways) if way else (),
    )
    if as_json:
        print_json(explained_json(explained, found.records, str(roles_file)))
    else:
        show(explained, found.records, str(roles_file))
    return 0


def _check(about: Subject) -> None:
    described = [
        option
        for option, value in (("--tag", about.tags), ("--attribute", about.attributes), ("--holds", about.holds))
        if value is not None
    ]
    if about.instance_id is None and not (about.tags or about.attributes):
        raise ConfigError("explain: which instance? give its id, or --tag and --attribute of one")
    if about.instance_id is not None and described:
        raise ConfigError(f"explain: an id or {', '.join(described)}, not both: what an instance has is read")
    if about.instance_id == "":
        raise ConfigError("explain: the id is empty")
    if about.instance_id is None and about.snapshot:
        raise ConfigError("explain: --snapshot: name the instance of it, by its id")


def _found(about: Subject, mapping: RoleMapping) -> Found:
    now = datetime.now(timezone.utc)
    if about.instance_id is None:
        fields = {"region": about.region or "", **(about.attributes or {})}
        if imdsv2 := fields.pop(IMDSV2, ""):
            if imdsv2 not in ("true", "false"):
                raise ConfigError(f"explain: --attribute {IMDSV2}={imdsv2}: write true or false")
            fields["http_tokens"] = "required" if imdsv2 == "true" else "optional"
        instance = Instance(
            instance_id=MADE_UP,
            tags=dict(about.tags or {}),
            role=about.holds or "",
            **fields,  # type: ignore[arg-type]
        )
        return Found(instance=instance, at=now, signing=Signing(), records=RecordsFound(why=NO_RECORDS_OFFLINE))
    if about.snapshot:
        return _in_snapshot(about.instance_id, about.snapshot, about.region)
    from cli.explain_cloud import in_cloud

    settings = Settings.from_env(os.environ, region=about.region or "")
    instance, records = in_cloud(about.instance_id, settings, mapping)
    signing = Signing(account_id=settings.account_id, keys=settings.proof_keys, operated=True)
    return Found(instance=instance, at=now, signing=signing, records=records)


def _in_snapshot(name: str, file: Path, region: str | None) -> Found:
    snapshot = Snapshot(lines(file), str(file))
    header = snapshot.header
    if region not in (None, header.region):
        raise ConfigError(f"{file}: is of region {header.region}, not of {region}")
    found = None
    for instance in snapshot.instances():  # to its end, so that a file which was cut short is known for one
        if instance.instance_id == name:
            found = instance
    if found is None:
        raise ConfigError(
            f"explain: {name!r} is not in {file}, the instances of {header.region} of account {header.account_id} "
            f"as of {header.made_at:%Y-%m-%d %H:%M:%SZ}; look at the id, or make the file anew"
        )
    if found.unread:
        raise ConfigError(f"explain: {name}: could not be read when {file} was made: {found.unread.message}")
    signing = Signing(account_id=header.account_id, keys=_keys(header.region, header.account_id), operated=True)
    return Found(instance=found, at=header.made_at, signing=signing, records=RecordsFound(why=NO_RECORDS_OFFLINE))


def _keys(region: str, account_id: str) -> Keys:
    """Return the proof keys of the environment: without its other settings, which a file does not need."""
    with suppress(ConfigError):
        name = variable("proof_keys")
        given = {name: os.environ[name]} if name in os.environ else {}
        return Settings.from_env(given, region=region, account_id=account_id).proof_keys
    return ()
