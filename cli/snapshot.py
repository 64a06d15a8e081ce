"""`rolekeeper snapshot`: the instances of a region in a file, for plan, compare, explain and test. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from cli.files import text
from cli.keys import keys
from cli.output import counted, print_json, say
from cli.replaced import replaced
from cli.runs import Follower
from shared.clock import CLOCK
from shared.engine.listing import Listing, Reading
from shared.engine.observe import Observations
from shared.engine.rate import CallLimits, Rate
from shared.engine.role_lookup import RoleLookup
from shared.errors import Interrupted, PermanentError
from shared.gateways.ecs import EcsGateway
from shared.gateways.sessions import Sessions
from shared.mapping import load
from shared.model.instance import Instance
from shared.model.progress import MAX_RESTARTS, Progress
from shared.model.snapshot import BEGINS, VERSION, Header, written
from shared.settings import CALLS_PER_MINUTE, Settings, member_role


def run(out: Path, *, region: str, account: str, roles_file: Path, as_json: bool = False) -> int:
    """Exit code 0: the file is whole; 1: not all could be listed, and there is no file, or some instances could not be read, and
    stand in it so; 130: stopped. Raises RolekeeperError."""
    settings = Settings.from_env(os.environ, region=region, account_id=account)
    region, account = region or settings.region, account or settings.account_id
    ours, follower = keys(settings), Follower(None)
    rate = Rate(CallLimits(per_minute={"": CALLS_PER_MINUTE, **settings.calls_per_minute}), follower)
    if member_role(settings, account):  # the session of a member role names the listed roles
        sessions = Sessions(settings, ours, account, region, load(text(roles_file), file=str(roles_file)))
        ecs = EcsGateway(settings, sessions.reads(), region, caller=rate, keys=sessions)
    else:
        ecs = EcsGateway(settings, ours, region, caller=rate)
    header = Header(rolekeeper_snapshot=VERSION, account_id=account, region=region, made_at=CLOCK.now())
    try:
        with replaced(out, "snapshot: -o", BEGINS) as file, follower.stoppable():
            fleet = _write(file, header, ecs, rate, settings.parallel_calls)
    except Interrupted as stopped:
        say(f"rolekeeper: {out}: not written: {stopped}", err=True)
        return 130
    bill = rate.bill()
    told = {"file": str(out), "region": region, "account_id": account, "instances": fleet.count, "unread": fleet.unread}
    code = int(fleet.unread > 0)
    if as_json:
        print_json({**told, "bill": msgspec.structs.asdict(bill), "exit_code": code})
    else:
        unread = f", {fleet.unread} of them could not be read" if fleet.unread else ""
        say(
            f"{out}: {counted(fleet.count, 'instance')} of {region} of account {account}{unread}; {counted(bill.total, 'call')}"
        )
    return code


def _write(file: IO[bytes], header: Header, ecs: EcsGateway, rate: Rate, at_once: int) -> Fleet:
    """A listing that ECS begins again shows all once more: then the file is begun again, too. Raises CloudCallError, OSError."""
    for _ in range(MAX_RESTARTS + 1):
        fleet = Fleet(ecs, rate, at_once)
        with suppress(_BeganAgain):
            file.writelines(written(header, fleet.instances()))
            return fleet
        file.seek(0)
        file.truncate()
    raise PermanentError("DescribeInstances", "NoWholeListing", "ECS began its listing again each time; try later")


class _BeganAgain(Exception):
    pass


class Fleet:
    """All instances of a region, each with the role on it. count and unread grow as they are had."""

    def __init__(self, ecs: EcsGateway, rate: Rate, at_once: int) -> None:
        self._ecs, self._rate, self._at_once = ecs, rate, at_once
        self.count = self.unread = 0

    def instances(self) -> Iterator[Instance]:
        """Raises CloudCallError where not all can be had."""
        with ThreadPoolExecutor(self._at_once) as pool:
            lookup = RoleLookup(self._ecs, (), pool, self._rate, lambda instance: True)
            reading = Reading(ecs=self._ecs, rate=self._rate, reserve=0.0)
            for page in Listing(reading, lookup, Progress(), {}, lambda calls: None).pages():
                if page.error:
                    raise page.error
                if page.listing and page.listing.restarts:
                    raise _BeganAgain
                for instance in self._of(page):
                    self.count += 1
                    self.unread += instance.unread is not None
                    yield instance

    def _of(self, page: Observations) -> Iterator[Instance]:
        yield from page.instances
        yield from page.unread_roles
        for name, error in page.unread.items():
            yield Instance(instance_id=name, region=self._ecs.region, unread=error)
