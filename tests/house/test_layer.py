"""The file for a layer that docs/operations.md shows: extends either route by a layer for every function, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fakecloud.fc.s_yaml import load_s_yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("base", ["s.yaml", "s.buffered.yaml"])
def test_the_layer_file_of_the_documents_gives_every_function_the_layer(base: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(edition: 3\.0\.0\nextend: s\.yaml\n.*?)```", text, re.DOTALL)
    for path in ROOT.glob("s*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "s.layer.yaml").write_text(shown.replace("extend: s.yaml", f"extend: {base}"), encoding="utf-8")
    with_layer = load_s_yaml(tmp_path / "s.layer.yaml", {}, "1")["resources"]
    without = load_s_yaml(tmp_path / base, {}, "1")["resources"]
    layers = {key: resource["props"].pop("layers", None) for key, resource in with_layer.items()}
    functions = [key for key, resource in without.items() if resource["component"] == "fc3"]
    assert with_layer == without
    assert len(functions) == 4
    assert all(
        re.fullmatch(r"acs:fc:.*:layers/rolekeeper-dependencies/versions/1", layers[key][0]) for key in functions
    )
