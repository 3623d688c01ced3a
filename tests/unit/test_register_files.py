"""Register files: encodings, headers, cells, merged cells, bombs."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from server.checklists.loader import bundled_root, load
from server.core.errors import Invalid
from server.places import sheet as sheets
from server.places.columns import COLUMNS, read_header, read_row
from server.places.csvfile import read_csv
from server.places.naming import alike, is_credit_code, natural_key
from server.places.sheet import Row, column_letter
from server.places.template import template
from server.places.workbook import read_workbook
from tests.registers import HEADER, csv_file, workbook

ROW = ["老张面馆", "35", "某路1号", "109.8", "40.6"]


def refusal(data: bytes) -> Invalid:
    """Return with what a file is refused."""
    read = read_workbook if data.startswith((b"PK", b"\xd0\xcf")) else read_csv
    with pytest.raises(Invalid) as refused:
        read(data)
    return refused.value


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings(encoding: str, told: str) -> None:
    sheet = read_csv(csv_file([ROW], encoding=encoding))
    assert sheet.header.cells == HEADER
    assert sheet.rows[0].cells == tuple(ROW)
    assert (sheet.rows[0].number, sheet.encoding) == (2, told)


def test_gb18030_beyond_gbk() -> None:
    rare = ["㐂㐂㐂𠮷饭店", "35", "", "109.8", "40.6"]
    sheet = read_csv(csv_file([rare], encoding="gb18030"))
    assert sheet.rows[0].cells[0] == "㐂㐂㐂𠮷饭店"


@pytest.mark.parametrize(("first", "second"), [("gbk", "utf-8"), ("utf-8", "gbk")])
def test_two_encodings_in_one_file(first: str, second: str) -> None:
    head = csv_file([ROW, ROW], encoding=first)
    tail = ",".join(["王家饭店", *ROW[1:]]).encode(second)
    problem = refusal(head + tail + b"\r\n")
    assert problem.errors[0].pointer == "/rows/4"
    assert "编码混用" in problem.errors[0].message.zh


def test_two_encodings_in_one_row() -> None:
    row = b",".join(["老张面馆".encode("gbk"), b"35", "一号路口".encode(), b"1", b"2"])
    problem = refusal(csv_file([ROW], encoding="gbk") + row)
    assert problem.errors[0].pointer == "/rows/3"


def test_no_known_encoding() -> None:
    problem = refusal(csv_file([ROW]) + b"\xff\xff\xff\xff,1,2,3,4\n")
    assert problem.errors[0].pointer == "/rows/3"


def test_a_short_gbk_cell_that_is_valid_utf8_is_no_mixture() -> None:
    # 联 in GBK (C1 AA) no; 酝 (D4 CD) no; 鲁迅 … : D7 A1 is 住, which is UTF-8 too.
    assert "住".encode("gbk") == b"\xd7\xa1"
    assert "住".encode("gbk").decode("utf-8")
    sheet = read_csv(csv_file([["住", *ROW[1:]]], encoding="gbk"))
    assert sheet.rows[0].cells[0] == "住"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        csv_file([]),
        b'a,"b\n',
        workbook([]),
        b"PK\x03\x04 no",
        b"\xd0\xcf\x11\xe0",
    ],
)
def test_no_table(data: bytes) -> None:
    assert refusal(data).errors


def test_tabs_blank_rows_and_quoted_newlines() -> None:
    text = "场所名称\t场所类型\n\n“a\tb”\tc\n".replace("“", '"').replace("”", '"')
    sheet = read_csv(text.encode())
    assert sheet.rows == (Row(3, ("a\tb", "c")),)


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 2)
    assert len(read_csv(csv_file([ROW] * 2)).rows) == 2
    assert "2 行" in refusal(csv_file([ROW] * 3)).detail.zh


def test_cells_of_a_workbook() -> None:
    sheet = read_workbook(workbook([["甲", 35, None, 109.8, 40], ["乙", True]]))
    assert sheet.rows[0].cells == ("甲", "35", "", "109.8", "40")
    assert sheet.rows[1].cells == ("乙", "是")
    assert [row.number for row in sheet.rows] == [2, 3]


@pytest.mark.parametrize(
    ("value", "said"),
    [("=1+1", "公式"), ("#N/A", "错误值"), (911502030123456789, "15 位")],
)
def test_cells_that_are_not_taken(value: Any, said: str) -> None:
    sheet = read_workbook(workbook([[value, "35", "", 109.8, 40.6]]))
    ((index, message),) = sheet.rows[0].faults
    assert index == 0
    assert said in message.zh


def test_merged_cells_are_named() -> None:
    problem = refusal(workbook([ROW, ROW], merge=["A2:B2", "C2:C3"]))
    assert {e.pointer for e in problem.errors} == {"/cells/A2:B2", "/cells/C2:C3"}


def test_merged_cells_on_another_sheet_do_no_harm() -> None:
    book = load_workbook(io.BytesIO(workbook([ROW])))
    other = book.create_sheet("说明")
    other["A1"] = "x"
    other.merge_cells("A1:C1")
    target = io.BytesIO()
    book.save(target)
    assert len(read_workbook(target.getvalue()).rows) == 1


def bomb(name: str, size: int) -> bytes:
    """Return a workbook of which one part unpacks to ``size`` bytes."""
    target = io.BytesIO(workbook([ROW]))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b" " * size)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "size"),
    [("xl/sharedStrings2.xml", 49 << 20), ("xl/theme/theme9.xml", 9 << 20)],
)
def test_zip_bombs_are_not_unpacked(name: str, size: int) -> None:
    data = bomb(name, size)
    assert len(data) < 200_000
    assert "解压" in refusal(data).detail.zh


def test_entities_are_not_expanded() -> None:
    source = io.BytesIO(workbook([ROW]))
    target = io.BytesIO()
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 9}">' for n in range(1, 9))
    dtd = f'<!DOCTYPE x [<!ENTITY a0 "ha">{lines}]>'
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets"):
                start = content.find(b"<worksheet")
                content = content[:start] + dtd.encode() + content[start:]
                content = content.replace("老张面馆".encode(), b"&a8;")
            new.writestr(part, content)
    assert "不是可读" in refusal(target.getvalue()).detail.zh


def test_a_far_cell_is_named_and_costs_nothing() -> None:
    book = Workbook()
    book.active.append(list(HEADER))
    book.active.append(ROW)
    book.active["XFD900000"] = "far"
    target = io.BytesIO()
    book.save(target)
    assert refusal(target.getvalue()).errors[0].pointer == "/cells/XFD900000"


def header_of(*titles: str) -> Row:
    """Return a header row."""
    return Row(1, titles)


def test_headers_in_other_forms() -> None:
    found = read_header(
        header_of("名称 *", " 场所 类型", "经度", "纬度", "跨度（米）", "")
    )
    assert [c.title for c in found.values()] == [
        "场所名称",
        "场所类型",
        "经度",
        "纬度",
        "跨度(米)",
    ]


def test_wrong_headers_are_named_all_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_header(header_of("场所名称", "场所名称", "经度", "职工数量", "天气"))
    said = {e.pointer: e.message.zh for e in refused.value.errors}
    assert set(said) == {
        "/header/B",
        "/header/D",
        "/header/E",
        "/header/场所类型",
        "/header/纬度",
    }
    assert "重复" in said["/header/B"]
    assert "职工人数" in said["/header/D"]


def test_cells_by_column() -> None:
    titles = (
        "场所名称",
        "场所类型",
        "经度",
        "纬度",
        "坐标系",
        "层数",
        "人员密集",
        "风险等级",
    )
    header = read_header(header_of(*titles))
    good = ("甲", "28", "109.80", "４０.6", "百度坐标", "3", "是", "高")
    values, faults = read_row(Row(2, good), header)
    assert faults == []
    assert values[("position", "lat")] == 40.6
    assert values[("position", "datum")] == "bd09"
    assert values[("attributes", "storeys")] == 3
    assert values[("attributes", "crowded")] is True
    assert values[("risk_level",)] == "high"
    bad = ("", "28", "东", "40", "火星2号", "三", "也许", "极高", "多余")
    _, faults = read_row(Row(3, bad), header)
    assert [f.column for f in faults] == ["A", "C", "E", "F", "G", "H", "I"]


def test_letters() -> None:
    assert [column_letter(n) for n in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]


def test_the_template_reads_back() -> None:
    rules = load(bundled_root() / "buerhantu").rules.places
    data = template(rules)
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["场所登记", "说明", "类型"]
    titles = tuple(str(cell.value) for cell in book["场所登记"][1])
    assert list(read_header(header_of(*titles)).values()) == list(COLUMNS)
    assert book["类型"].max_row == len(rules.kinds) + 1
    # Without a row below the header there is nothing to import.
    assert "没有数据行" in refusal(data).detail.zh


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("91350100M000100Y43", True),
        ("91350100M000100Y44", False),
        ("91350100M000100I43", False),
        ("9135", False),
    ],
)
def test_credit_codes(code: str, good: bool) -> None:
    assert is_credit_code(code) is good


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("老张面馆", "老张面馆（总店）", True),
        ("包头市宏达机械有限公司", "包头宏达机械", True),
        ("ＫＴＶ 金色年华", "ktv金色年华", True),
        ("老张面馆", "老李理发", False),
        ("店", "面店", False),
        ("", "面店", False),
    ],
)
def test_names_that_are_alike(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


def test_natural_keys() -> None:
    def key(**changes: Any) -> str:
        given = {
            "name": "老张 面馆",
            "area_path": "150200/150203/150203102/150203102200/150203102200-02/",
            "kind": "35",
            "credit_code": None,
            "register_no": None,
        }
        return natural_key(**(given | changes))

    assert key() == "name:老张面馆|150203102200|35"
    town = "150200/150203/150203102/"
    assert key(area_path=town) == "name:老张面馆|150203102|35"
    assert key(credit_code="X") == f"credit:{town}|X|35"
    assert key(credit_code="X", register_no="7") == f"no:{town}|7"
