"""Checklists over HTTP: versions, ETags, a new version beside the old."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from server.checklists.loader import bundled_root, load
from server.checklists.service import publish
from server.core.db import commit
from tests.api.test_findings import inspection
from tests.factories import Factory

CATALOGUE = load(bundled_root() / "buerhantu")


def test_list_and_show(make: Factory) -> None:
    worker = make.grid_worker()
    rows = worker.get("/checklists").json["items"]
    numbers = [24, 25, *range(26, 45), 46, 47, 49, 54, 55, *range(63, 69), 70, 71]
    assert [row["code"] for row in rows] == [str(number) for number in numbers]
    assert sum(row["checkpoints"] for row in rows) == 530
    shown = worker.get("/checklists/35").json
    assert (shown["version"], shown["checkpoints"][0]["id"]) == (1, "35-01")
    assert shown["checkpoints"][0]["clause"] == "35.township.3"
    assert worker.get("/checklists/35/versions/1").json == shown


def test_etags(make: Factory) -> None:
    worker = make.grid_worker()
    for path in ("/checklists", "/checklists/35", "/checklists/35/versions/1"):
        etag = worker.get(path).headers["ETag"]
        again = worker.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        other = worker.get(path, headers={"If-None-Match": '"else"'})
        assert other.status_code == 200


def test_unknown(make: Factory) -> None:
    worker = make.grid_worker()
    for path in ("/checklists/99", "/checklists/35/versions/9", "/checklists/1"):
        assert worker.get(path).status_code == 404


def test_compressed(make: Factory) -> None:
    answer = make.grid_worker().get(
        "/checklists/35", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 6000


def test_publishing_the_same_changes_nothing(make: Factory) -> None:
    publication = publish(CATALOGUE)
    assert (publication.new_ruleset, publication.new_versions) == (False, [])


def test_a_changed_checklist_is_a_new_version_and_old_findings_keep_theirs(
    make: Factory,
) -> None:
    worker, old_id, new_id = make.grid_worker(), uuid4(), uuid4()
    before = worker.get("/checklists/43").json
    answers = [{"checkpoint": c["id"], "answer": "yes"} for c in before["checkpoints"]]
    worker.put(f"/inspections/{old_id}", json=inspection(make, answers, "43"))
    checklist = CATALOGUE.checklist("43")
    shorter = replace(checklist, checkpoints=checklist.checkpoints[:-1])
    others = tuple(c for c in CATALOGUE.checklists if c.code != "43")
    publication = publish(replace(CATALOGUE, checklists=(*others, shorter)))
    commit()
    assert publication.new_versions == [("43", 2)]
    assert worker.get("/checklists/43").json["version"] == 2
    assert worker.get("/checklists/43/versions/1").json == before
    assert worker.get(f"/inspections/{old_id}").json["version"] == 1
    # A phone that has not fetched the new version yet loses nothing.
    late = inspection(make, answers, "43")
    assert worker.put(f"/inspections/{new_id}", json=late).status_code == 201
    short = inspection(make, answers[:-1], "43") | {"version": 2}
    assert worker.put(f"/inspections/{uuid4()}", json=short).status_code == 201
