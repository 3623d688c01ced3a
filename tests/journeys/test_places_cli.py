"""``patrol places …``: import, again, refusals by row, the template."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from server.cli import patrol
from server.core.db import db
from server.demo.seed import OTHER_TOWN, TOWN
from server.places.models import Place
from tests.factories import Factory
from tests.registers import HEADER, csv_file, workbook


@pytest.fixture
def here(committed_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Factory:
    """The installation that the commands find; and a factory in it."""
    settings = committed_app.extensions["settings"]
    monkeypatch.setenv("PATROL_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PATROL_REDIS_URL", settings.redis_url)
    monkeypatch.setenv("PATROL_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("PATROL_PHOTO_DIR", str(settings.photo_dir))
    return Factory(committed_app)


def run(*arguments: str) -> Result:
    """Run ``patrol places``."""
    return CliRunner().invoke(patrol, ["places", *arguments])


def test_import_again_and_by_area(here: Factory, tmp_path: Path) -> None:
    with here.app.app_context():
        lon, lat = here.point_in("150203102200")
        db.session.rollback()
    file = tmp_path / "台账.csv"
    file.write_bytes(csv_file([["老张面馆", "35", "", lon, lat]], encoding="gb18030"))
    elsewhere = run("import", str(file), "--area", OTHER_TOWN)
    assert elsewhere.exit_code == 1
    assert "row 2, column D" in elsewhere.stderr
    assert run("import", str(file), "--area", "999").exit_code == 1
    rehearsal = run("import", str(file), "--dry-run")
    assert rehearsal.exit_code == 0, rehearsal.output
    assert "registered 1" in rehearsal.stdout
    assert "nothing written" in rehearsal.stdout
    first = run("import", str(file), "--area", TOWN)
    assert first.exit_code == 0, first.output
    assert "registered 1" in first.stdout
    again = run("import", str(file))
    assert "registered 0, changed 0, unchanged 1, refused 0" in again.stdout
    with here.app.app_context():
        (place,) = db.session.query(Place)
        assert (place.created_by, place.imported) == (None, True)
        db.session.rollback()


def test_refused_rows_and_files(here: Factory, tmp_path: Path) -> None:
    with here.app.app_context():
        lon, lat = here.point_in("150203102200")
        db.session.rollback()
    good, bad = ["老张面馆", "35", "", lon, lat], ["怪店", "99", "", lon, lat]
    file = tmp_path / "register.xlsx"
    file.write_bytes(workbook([good, bad]))
    refused = run("import", str(file))
    assert refused.exit_code == 1
    assert "row 3, column B: 场所类型" in refused.stderr
    assert "nothing written" in refused.stdout
    skipped = run("import", str(file), "--skip-bad")
    assert skipped.exit_code == 0
    assert "registered 1" in skipped.stdout
    file.write_bytes(workbook([good, good], merge=["A2:A3"]))
    merged = run("import", str(file))
    assert merged.exit_code == 1
    assert "A2:A3" in merged.stderr
    file.write_bytes(csv_file([good], header=[*HEADER[:4], "维度"]))
    header = run("import", str(file))
    assert "是否为“纬度”" in header.stderr


def test_template(here: Factory, tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"
    assert run("template", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"PK")
    assert "没有数据行" in run("import", str(file)).stderr
