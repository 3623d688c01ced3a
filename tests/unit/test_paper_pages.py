"""How papers fall on their pages: one hazard on one, a signature never alone."""

from __future__ import annotations

from typing import Any

import pytest

from server.checklists.loader import bundled_root, load
from server.documents import samples
from server.documents.typeset import render_pdf
from tests.papers import VARIANTS, pages, template

# What stands right before the signature, and the signature, of each kind.
_ENDS = {
    "inspection_record": ("处理意见", "检查人员（签名）"),
    "town_notice": ("上报有关部门处理", "当事人（签名或盖章）"),
    "town_reminder": ("用于督促整改", "当事人（签名或盖章）"),
    "order-fire": ("申请行政复议", "负责人（签名或盖章）"),
    "order-emergency": ("申请行政复议", "负责人（签名或盖章）"),
    "order-plain": ("我单位将进行复查", "负责人（签名或盖章）"),
    "extension": ("同意延期", "审批人：赵立新"),
    "recheck": ("复查人员：", "负责人（签名或盖章）"),
    "transfer_letter": ("处理结果函告我单位", "昆都仑区消防救援大队2026年11月24日"),
    "feedback": ("将结果告知网格员", "昆都仑区消防救援大队2026年11月24日"),
    "withdrawal": ("不再使用", "收件人（签名或盖章）"),
}


def of_hazards(variant: str, count: int, **changes: Any) -> list[str]:
    """The pages of a paper on ``count`` hazards, each field of it filled in."""
    made = template(variant)
    content = samples.full(made)
    first = content["hazards"][0]
    hazards = [first | {"no": n} for n in range(1, count + 1)]
    return pages(render_pdf(made, content | {"hazards": hazards} | changes))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_paper_on_one_hazard_is_one_page(variant: str) -> None:
    assert len(of_hazards(variant, 1)) == 1


@pytest.mark.parametrize("code", ["31", "35", "39", "44"])
def test_a_record_with_a_whole_checklist_is_one_page(code: str) -> None:
    lists = load(bundled_root() / "buerhantu").checklists
    points = next(one.checkpoints for one in lists if one.code == code)
    answers = [
        {"id": p.id, "question": p.question, "answer": "是", "note": None}
        for p in points
    ]
    answers[3] |= {"answer": "否", "note": "二楼东侧堵塞"}
    assert len(of_hazards("inspection_record", 1, checkpoints=answers)) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_signature_is_never_alone(variant: str) -> None:
    before, signed = _ENDS[variant]
    found = [
        of_hazards(variant, count, note="整改期间请加强值守。" * count)
        for count in range(1, 40, 3)
    ]
    for made in found:
        (where,) = [n for n, page in enumerate(made) if signed in page]
        assert before in made[where]
    assert len(found[-1]) > 1


def test_a_reason_and_its_signature_stay_together() -> None:
    asked = samples.full(template("extension"))["extension"]
    for times in range(10, 60, 10):
        reason = "订购的防火门需从外地运来，预计下月到货。" * times
        made = of_hazards("extension", 5, extension=asked | {"reason": reason})
        (where,) = [n for n, page in enumerate(made) if "申请人（签名）" in page]
        assert "预计下月到货。申请人（签名）" in made[where]


def test_what_one_page_does_not_hold_is_not_squeezed() -> None:
    """By the standard: 22 lines of 28 characters. Squeezed it would be two pages."""
    assert len(of_hazards("order-fire", 14)) == 3
