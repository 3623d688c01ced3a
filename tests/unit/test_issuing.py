"""Numbers of papers: what the catalogue says, and what is wrong with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.checklists.catalogue import Rules
from server.checklists.loader import bundled_root, check, load
from server.documents.content import cited, content_with, masked

RULES = load(bundled_root() / "buerhantu").rules


def number(department: str, kind: str, title: str, serial: int) -> str:
    """Return the number of a paper of 2026."""
    office = RULES.issuing.office(department)
    series = RULES.issuing.series_of(kind, title)
    assert office is not None
    assert series is not None
    return RULES.issuing.number(office, series, 2026, serial)


def test_numbers_by_office_and_kind() -> None:
    assert number("kq-fire", "order", "责令改正通知书", 12) == "昆消责改〔2026〕12号"
    assert number("town-buerhantu", "town_notice", "整改通知书", 3) == (
        "卜镇整通〔2026〕3号"
    )
    assert number("town-buerhantu", "town_notice", "整改提醒单", 1) == (
        "卜镇整提〔2026〕1号"
    )
    assert number("kq-housing", "order", "限期整改要求", 1) == "昆住建整要〔2026〕1号"


def test_who_may_issue_what() -> None:
    own = {s.title: s.issuers for s in RULES.issuing.series if s.issuers}
    assert own == {"责令改正通知书": ("kq-fire",), "整改指令": ("kq-emergency",)}
    notice = RULES.issuing.series_of("town_notice", "整改通知书")
    assert notice is not None
    assert notice.town


def test_only_two_laws_are_cited() -> None:
    cited_laws = {law for series in RULES.issuing.series for law in series.laws}
    assert cited_laws == {
        "《中华人民共和国消防法》第五十四条",
        "《中华人民共和国安全生产法》第六十五条",
    }


def test_every_office_that_may_lead_has_a_word() -> None:
    offices = {office.department for office in RULES.issuing.offices}
    leads = {row.lead for row in RULES.lead_rows if getattr(row, "lead", None)}
    towns = {d.code for d in RULES.departments if d.level == "town"}
    assert (leads | towns) <= offices


def test_rules_published_before_have_no_numbers() -> None:
    document = RULES.to_document()
    del document["issuing"]
    assert Rules.from_document(document).issuing.series == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("〔{year}〕{serial}号", "{serial}号", "编号格式缺少 {year}"),
        ("word: 昆应急", "word: 昆消", "昆消 已写在第"),
        ("department: kq-fire", "department: kq-nobody", "没有部门 kq-nobody"),
        ("issuers: [kq-fire]", "issuers: [kq-housing]", "只能由 kq-fire 制发"),
        ("mark: 整令", "mark: 责改", "责改 已写在第"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tmp_path / "buerhantu"
    shutil.copytree(bundled_root() / "buerhantu", folder)
    file = folder / "issuing.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    faults = [str(fault) for fault in check(tmp_path)]
    assert any("issuing.yaml:" in fault and said in fault for fault in faults), faults


def test_clauses_in_print() -> None:
    assert [one["text"] for one in cited(["42.township.1", "30.区消防救援大队.2"])] == [
        "配合履职事项清单第42项镇（街道）职责第1条",
        "配合履职事项清单第30项区消防救援大队职责第2条",
    ]


def test_a_content_has_every_member_and_no_other() -> None:
    content = content_with(title="x")
    assert content["title"] == "x"
    assert content["hazards"] == []
    assert content["five"] is None
    with pytest.raises(ValueError, match="nonsense"):
        content_with(nonsense=1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", ""), ("王", "*"), ("王五", "王*"), ("某某餐馆", "某**馆")],
)
def test_masked(name: str, shown: str) -> None:
    assert masked(name) == shown
