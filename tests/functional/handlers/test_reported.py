"""What leaves a function by an error is short enough for Function Compute's log and for its dead letters."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError, TransientError
from shared.reported import ERROR, LINE
from tests.functional.handlers.world import World, remediate, tagged


@pytest.mark.parametrize("text", ["x" * 50_000, "错" * 20_000, '"' * 30_000], ids=["long", "Chinese", "quotes"])
def test_an_error_of_the_cloud_however_long(world: World, text: str) -> None:
    made = world.instances(30, "web")
    world.cloud.faults.add("error", service="ecs", code="ServiceUnavailable", status=503, message=text, count=None)
    run = world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert isinstance(run.error, TransientError)
    assert len(str(run.error)) <= ERROR
    assert "ServiceUnavailable" in str(run.error)
    assert max(map(len, "".join(world.printed).splitlines())) <= LINE


def test_a_mapping_with_very_many_mistakes_is_named_in_the_log(world: World) -> None:
    world.env.setenv("ROLEKEEPER_ROLES_FILE", str(world.folder / "bad.yaml"))
    rules = "".join(f"  - {{name: rule {n}, when: {{tgas: {{a: b}}}}, role: web}}\n" for n in range(2_000))
    (world.folder / "bad.yaml").write_text(f"version: 1\nroles: {{web: {{description: d}}}}\nrules:\n{rules}")
    run = world.run("remediate", remediate(all=True))
    assert isinstance(run.error, ConfigError)
    assert len(str(run.error)) <= ERROR
    assert max(map(len, "".join(world.printed).splitlines())) <= LINE
    assert "rule 0" in run.lines[0]["error"]


def test_records_that_sls_does_not_take_are_whole_lines(world: World) -> None:
    made = world.instances(3, "web")
    world.env.setenv("ROLEKEEPER_SLS_PROJECT", "")
    run = world.run("remediate", remediate(all=True, reason="角" * 256, operator="运" * 256))
    kept = [line["record"]["instance_id"] for line in run.lines if "instance_id" in line.get("record", {})]
    assert kept == [i.instance_id for i in made]
    assert max(map(len, "".join(world.printed).splitlines())) <= LINE
