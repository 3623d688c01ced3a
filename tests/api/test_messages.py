"""What a refusal says to a person: the right form, and no English in Chinese."""

from __future__ import annotations

import re

import pytest

from tests.factories import Factory

# What a person types stays as it is: names of parameters, words to choose from.
KEPT = re.compile(r"radius_m|near|RFC|T08")


@pytest.mark.parametrize(
    ("path", "pointer", "shown"),
    [
        ("/places?near=here", "/near", "109.84,40.65"),
        ("/places?near=40.6", "/near", "109.84,40.65"),
        ("/places?radius_m=300", "/radius_m", "near"),
        ("/tickets?bbox=1,2", "/bbox", "109.6,40.5,109.9,40.8"),
        ("/tickets?from=yesterday", "/from", "2026-03-01"),
        ("/tickets?to=2026-3-1", "/to", "2026-03-01"),
        ("/reports/rectification?from=2026", "/from", "2026-03-01"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_form_that_is_right(
    make: Factory, path: str, pointer: str, shown: str
) -> None:
    officer = make.town_officer()
    for language in ("zh-CN", "en"):
        answer = officer.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 422
        [error] = answer.json["errors"]
        assert error["pointer"] == pointer
        assert shown in error["message"]
        chinese = bool(re.search("[\u4e00-\u9fff]", error["message"]))
        assert chinese is (language == "zh-CN")
        if chinese:
            assert not re.search("[A-Za-z]", KEPT.sub("", error["message"]))


def test_a_radius_belongs_to_a_point(make: Factory) -> None:
    worker = make.grid_worker()
    assert worker.get("/places?near=109.8,40.6").status_code == 200
    assert worker.get("/places?near=109.8,40.6&radius_m=50").status_code == 200


def test_a_wrong_time_is_told_its_form(make: Factory) -> None:
    document = make.finding(found_at="2026-03-01")
    answer = make.grid_worker().put(
        "/findings/0b8f6f8e-7a38-4b63-9c33-1f6a8a0c4d11", json=document
    )
    assert "2026-03-01T08:30:00+08:00" in answer.json["errors"][0]["message"]


def test_the_rows_passed_over_are_told_in_chinese(make: Factory) -> None:
    body = {"duty_item": "35", "category": "F1", "facts": []}
    decision = make.grid_worker().post("/routing/preview", json=body).json
    assert decision["passed_over"]
    for row in decision["passed_over"]:
        assert not re.search("[a-z_]", row["why"])
