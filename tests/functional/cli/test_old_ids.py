"""An instance whose id has the old form, or blanks around it: every command takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import REGION, Command, make

OLD = "AY121018033933eae8689"


def test_remediate_takes_an_id_of_the_old_form(rolekeeper: Command, cloud: Cloud) -> None:
    place = cloud.ecs.place(ACCOUNT, REGION)
    made = place.new(cloud.clock.now() - 3600, instance_id=OLD, tags={"app": "web"})
    place.add(made)
    ran = rolekeeper("remediate", "--id", OLD)
    assert (ran.code, made.role) == (0, "web"), ran
    assert OLD in ran.out


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\r", "\t{}\n"], ids=repr)
def test_blanks_around_an_id_do_not_count(rolekeeper: Command, cloud: Cloud, around: str) -> None:
    """A list of another system, pasted or read by a shell's loop."""
    (made,) = make(cloud, 1, "web")
    assert rolekeeper("remediate", "--id", around.format(made.instance_id)).code == 0
    assert made.role == "web"


def test_read_takes_an_event_that_names_one(rolekeeper: Command) -> None:
    Path("event.json").write_text(f'{{"resourceId": "{OLD}", "state": "Created"}}')
    assert OLD in rolekeeper("read", "event.json").out
