"""An instance whose id has the old form: every command takes it."""

from __future__ import annotations

from pathlib import Path

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import REGION, Command

OLD = "AY121018033933eae8689"


def test_remediate_takes_an_id_of_the_old_form(rolekeeper: Command, cloud: Cloud) -> None:
    place = cloud.ecs.place(ACCOUNT, REGION)
    made = place.new(cloud.clock.now() - 3600, instance_id=OLD, tags={"app": "web"})
    place.add(made)
    ran = rolekeeper("remediate", "--id", OLD)
    assert (ran.code, made.role) == (0, "web"), ran
    assert OLD in ran.out


def test_read_takes_an_event_that_names_one(rolekeeper: Command) -> None:
    Path("event.json").write_text(f'{{"resourceId": "{OLD}", "state": "Created"}}')
    assert OLD in rolekeeper("read", "event.json").out
