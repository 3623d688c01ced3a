"""``patrol checklists check``: what whoever changes a question reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from server.cli import COMMANDS, patrol
from tests.unit.test_catalogue_faults import SMALL, write


def test_a_sound_catalogue(tmp_path: Path) -> None:
    told = CliRunner().invoke(patrol, ["checklists", "check", str(write(tmp_path))])
    assert (told.exit_code, told.output) == (0, "没有问题\n")


def test_one_fault_and_where_to_read_on(tmp_path: Path) -> None:
    text = SMALL["items/44.yaml"].replace("44.township.2", "44.township.9")
    folder = write(tmp_path, {"items/44.yaml": text})
    told = CliRunner().invoke(patrol, ["checklists", "check", str(folder)])
    assert told.exit_code == 1
    fault, count = told.stderr.splitlines()
    assert fault.startswith(f"{folder}/items/44.yaml:")
    assert fault.endswith(": 履职清单没有条款 44.township.9")
    assert count == "发现 1 处问题；改法见 docs/catalogue.md"


def test_every_command_is_there() -> None:
    told = CliRunner().invoke(patrol, ["--help"])
    assert told.exit_code == 0
    listed = {line.split()[0] for line in told.output.splitlines() if line.strip()}
    assert set(COMMANDS) <= listed
    assert CliRunner().invoke(patrol, ["dance"]).exit_code == 2


def test_the_check_does_not_import_the_application() -> None:
    code = (
        "import sys, server.cli.checklists;"
        "print([m for m in ('server.app', 'sqlalchemy', 'flask') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
