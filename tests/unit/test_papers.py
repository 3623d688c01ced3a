"""Documents as PDF: what stands on them, and that nothing can spoil them."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from pypdf import PdfReader

from server.documents import samples
from server.documents.typeset import digest, pack, render_pdf, select, unpack
from tests.papers import VARIANTS, embedded_fonts, pages, template, templates, text

HOSTILE = (
    '#set page(width: 1cm) $x$ *粗* _斜_ \\ "引号" <b>&amp;</b> #read("/etc/passwd")'
    " [#c.title] // 注释 /* 注释 */ @ref `code` = 标题 - 项目 + 1. {{ ticket }}"
)


def paper(variant: str, draft: bool = False, **changes: Any) -> bytes:
    """The sample of a template with other values."""
    made = template(variant)
    return render_pdf(made, samples.full(made) | changes, draft)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_paper_says_what_was_given(variant: str) -> None:
    made = template(variant)
    content = samples.full(made)
    whole = text(render_pdf(made, content))
    assert content["title"] in whole
    assert content["number"] in whole
    assert content["issuer"]["name"] in whole
    assert "扫码核验校验码：K7QM-2F4X-9TDA" in whole
    assert "草稿" not in whole
    for name in ("None", "none", "null"):
        assert name not in whole


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("order-fire", ["包头市昆都仑区哈德门饭店：", "1.二楼东侧安全出口被货架堵塞"]),
        ("order-fire", ["第五十四条、配合履职事项清单第31项", "于2026年12月1日前改正"]),
        (
            "order-fire",
            ["五落实", "资金为自筹3000元", "申请行政复议", "送达人（签名）"],
        ),
        ("order-emergency", ["于2026年12月1日前整改完毕", "书面报告我局"]),
        ("order-plain", ["请你单位于2026年12月1日前完成整改"]),
        ("town_notice", ["现通知你单位（户）", "上报有关部门处理"]),
        ("town_reminder", ["提醒", "用于督促整改"]),
        ("inspection_record", ["2026年11月20日9时30分", "不适用", "王建国、乌兰图雅"]),
        ("extension", ["申请延期至", "2026年12月10日", "同意延期", "审批人：赵立新"]),
        (
            "recheck",
            ["一、复查的事项", "二、复查意见", "第1次复查", "昆消责改〔2026〕12号"],
        ),
        ("transfer_letter", ["三、移送理由和依据", "附件：", "现场检查记录1份"]),
        ("feedback", ["四、处罚情况", "金额5000元"]),
        ("withdrawal", ["2026年11月18日出具的《责令改正通知书》", "现决定予以撤回"]),
    ],
)
def test_the_parts_of_each_kind(variant: str, words: list[str]) -> None:
    whole = text(paper(variant))
    for word in words:
        assert word in whole, word


def test_a_reminder_orders_nothing() -> None:
    whole = text(paper("town_reminder"))
    assert not re.search("责令|处罚|行政复议", whole)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_draft_has_a_blank_and_says_so(variant: str) -> None:
    for page in pages(paper(variant, draft=True, number=None, verify=None)):
        assert "草稿" in page
    whole = text(paper(variant, draft=True, number=None, verify=None))
    assert "〔2026〕号" in whole
    assert "扫码核验" not in whole


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_our_typefaces_are_in_it(variant: str) -> None:
    fonts = embedded_fonts(paper(variant, note="㛃 𬭎 圐圙"))
    assert fonts
    for font in fonts:
        assert re.match("Fandol|NotoSerifCJK", font), font
    assert {"FandolFang-Regular", "FandolSong-Bold"} <= {
        font.removesuffix("-Identity-H") for font in fonts
    }


def test_names_of_the_place_and_rare_characters_are_printed() -> None:
    words = "昆都仑区卜尔汉图镇嘎查〔〕㛃𬭎圐圙䶮"
    assert words in text(paper("town_notice", requirement=words))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_again_is_the_same_to_the_byte(variant: str) -> None:
    assert paper(variant) == paper(variant)
    assert paper(variant) != paper(variant, issued_on="2026-11-25")


def test_it_bears_the_day_it_was_issued_on() -> None:
    about = PdfReader(io.BytesIO(paper("order-fire"))).metadata
    assert about is not None
    assert about["/CreationDate"] == "D:20261124040000Z"
    assert about.title == "责令改正通知书"
    assert about.author == "昆都仑区消防救援大队"


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_people_write_is_never_markup(variant: str) -> None:
    made = template(variant)
    given = spoilt(samples.full(made), HOSTILE)
    given |= {name: samples.full(made)[name] for name in ("kind", "verify")}
    read = PdfReader(io.BytesIO(render_pdf(made, given)))
    assert float(read.pages[0].mediabox.width) == pytest.approx(595.3, abs=0.1)
    assert "#setpage(width:1cm)$x$*粗*_斜_" in text(render_pdf(made, given))


def spoilt(value: Any, words: str) -> Any:
    """``value`` with every text replaced that is not a day or a moment."""
    if isinstance(value, dict):
        return {name: spoilt(v, words) for name, v in value.items()}
    if isinstance(value, list):
        return [spoilt(v, words) for v in value]
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value):
        return words
    return value


@pytest.mark.parametrize(
    "words",
    [
        "x" * 2000,
        "长" * 2000,
        "行\n" * 200,
        "a\r\nb\rc\u2028d",
        "😀👨‍👩‍👧 ᠮᠣᠩᠭᠣᠯ العربية",
        "\x00\x07\x1b\ud800\ufffe\u202e反",
        " ",
        "。；",
    ],
    ids=["word", "long", "lines", "breaks", "emoji", "control", "space", "stops"],
)
@pytest.mark.parametrize("variant", ["order-fire", "extension", "inspection_record"])
def test_any_text_makes_a_paper(variant: str, words: str) -> None:
    hazard = {"no": 1, "category": words, "description": words, "severity": words}
    pdf = paper(
        variant,
        requirement=words,
        note=words,
        hazards=[hazard],
        addressee={"name": words[:100]},
        place={"name": words, "address": words, "kind": words},
    )
    assert pages(pdf)


def test_a_long_word_stays_between_the_margins() -> None:
    found: list[float] = []
    pdf = paper("order-fire", requirement="x" * 2000)

    def place(text: str, _cm: Any, tm: list[float], _font: Any, _size: Any) -> None:
        if text.strip():
            found.append(tm[4])

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=place)
    assert text(pdf).count("x") == 2000
    assert max(found) < 595 - 26 * 72 / 25.4


def test_a_long_checklist_goes_on_with_its_heading() -> None:
    many = [
        {"id": f"31-{n}", "question": f"检查内容第{n}号", "answer": "是", "note": ""}
        for n in range(1, 91)
    ]
    found = pages(paper("inspection_record", checkpoints=many))
    assert len(found) > 2
    assert [page for page in found if "检查内容第" in page and "结果" not in page] == []
    assert all(f"检查内容第{n}号" in "".join(found) for n in range(1, 91))


@pytest.mark.parametrize("count", range(1, 12))
def test_no_page_has_the_signature_alone(count: int) -> None:
    hazards = [
        {"no": n, "category": "", "description": "安全出口堵塞" * 5, "severity": ""}
        for n in range(1, count + 1)
    ]
    last = pages(paper("order-fire", hazards=hazards))[-1]
    assert "申请行政复议" in last
    assert "2026年11月24日" in last
    assert "签名或盖章" in last


def test_what_no_page_holds_goes_on_and_is_not_cut_off() -> None:
    refused = {"refused": True, "note": "鉴" * 3000}
    assert text(paper("order-fire", signature=refused)).count("鉴") == 3000
    assert text(paper("inspection_record", note="字" * 3000)).count("字") >= 3000


def test_who_refuses_to_sign_is_on_the_paper() -> None:
    refused = {"refused": True, "note": "当事人拒绝签字，有录像"}
    for variant in ("order-fire", "town_notice", "inspection_record"):
        whole = text(paper(variant, signature=refused))
        assert "当事人拒绝签字，有录像" in whole
        assert "见证人（签名）" in whole


def test_moments_are_told_in_beijing() -> None:
    times = {
        "2026-11-20T01:05:00Z": "2026年11月20日9时05分",
        "2026-11-20T23:30:00+00:00": "2026年11月21日7时30分",
        "2026-11-20T09:30:00.123456+08:00": "2026年11月20日9时30分",
        "2026-11-20T00:30:00-05:00": "2026年11月20日13时30分",
    }
    for given, printed in times.items():
        assert printed in text(paper("inspection_record", started_at=given))


def test_the_template_is_chosen_by_kind_issuer_and_title() -> None:
    def chosen(kind: str, issuer: str | None, title: str | None) -> str:
        return select(templates(), kind, issuer, title).variant

    assert chosen("order", "kq-fire", "责令改正通知书") == "order-fire"
    assert chosen("order", "kq-emergency", "整改指令") == "order-emergency"
    assert chosen("order", "kq-emergency", "整改要求") == "order-plain"
    assert chosen("order", "kq-housing", "限期整改要求") == "order-plain"
    assert chosen("town_notice", "buerhantu", "整改通知书") == "town_notice"
    assert chosen("town_notice", None, "整改提醒单") == "town_reminder"
    with pytest.raises(LookupError, match="penalty_decision"):
        chosen("penalty_decision", "kq-fire", None)


def test_a_template_is_kept_whole() -> None:
    made = template("order-fire")
    assert unpack(pack(made)) == made
    assert digest(unpack(pack(made))) == digest(made)
    assert re.fullmatch("[0-9a-f]{64}", digest(made))
    assert len({digest(template(variant)) for variant in VARIANTS}) == len(VARIANTS)
