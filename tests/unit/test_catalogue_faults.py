"""Each kind of fault in a catalogue is found at its file and line."""

from pathlib import Path

import pytest

from server.checklists.loader import CatalogueInvalid, check, find_catalogues, load

# A whole catalogue, as small as one can be.
SMALL = {
    "catalogue.yaml": """\
code: small
title: 小镇清单
town: "150203999"
scheme: nbs-2023
serves: ["150203999"]
town_department: town-small
""",
    "duty-items.yaml": """\
items:
  - number: 30
    name: 小商店
    parties:
      township: 4
      区消防救援大队: 2
    support: true
  - number: 44
    name: 燃气
    parties:
      township: [0, 2]
      区住建局: 5
""",
    "departments.yaml": """\
departments:
  - {code: town-small, name: 小镇, level: town, aliases: []}
  - {code: kq-fire, name: 区消防救援大队, level: district, aliases: [消防大队]}
  - {code: kq-housing, name: 区住建局, level: district, aliases: [住建局]}
""",
    "categories.yaml": """\
groups:
  - code: F
    name: 消防
    categories:
      - {code: F1, name: 疏散通道}
      - {code: F2, name: 消防器材}
  - code: G
    name: 燃气
    categories:
      - {code: G1, name: 瓶}
""",
    "facts.yaml": """\
facts:
  - {code: refused, label: 拒不整改, kind: trigger, needs_evidence: true}
  - {code: illegal, label: 违法违规, kind: trigger}
  - {code: restaurant, label: 餐饮, kind: circumstance}
  - {code: black_gas, label: 黑气, kind: circumstance}
""",
    "items.yaml": """\
penalties:
  - {code: warning, name: 警告}
  - {code: fine, name: 罚款}
implied_facts:
  - {items: [30], facts: [restaurant], basis: [30.name], source: design}
deadlines:
  rectify:
    all: {amount: 7, unit: days, origin: local setting}
items:
  - items: [30]
    settle_on_spot: true
    town_deadline: true
    town_notice: optional
    at_once: false
    report_triggers: [refused]
    order_document: 责令改正通知书
    penalties: [warning, fine]
    feedback: required
    basis: ["{item}.township.3"]
    source: text
  - items: [44]
    settle_on_spot: true
    town_deadline: false
    town_notice: none
    at_once: false
    report_triggers: [refused]
    order_document: 整改要求
    penalties: [fine]
    feedback: expected
    basis: [44.township.2.1]
    source: text
""",
    "routing.yaml": """\
lead:
  - id: L01
    when: {item: [30], category: [G1]}
    reroute_to_item: 44
    basis: [44.township.2]
    source: design
  - id: L02
    when: {item: [30], any: [refused, illegal]}
    lead: kq-fire
    basis: ["{item}.区消防救援大队.2"]
    source: text
  - id: L03
    when: {item: [44], any: [refused]}
    lead: kq-housing
    basis: [44.township.2]
    source: text
co:
  - id: C01
    when: {item: [44], fact: [black_gas]}
    co: [kq-fire]
    basis: [44.区住建局.5]
    source: text
town:
  - {id: T30, when: {item: [30]}, basis: ["{item}.township.3"], source: text}
  - {id: T44, when: {item: [44]}, basis: ["{item}.township.2"], source: text}
""",
    "places.yaml": """\
visits:
  high: {days: 30, origin: local setting}
  medium: {days: 90, origin: local setting}
  low: {days: 180, origin: local setting}
  unrated: {days: 90, origin: local setting}
night: {from: "20:00", to: "06:00", origin: local setting, basis: [44.township.2]}
also:
  - {item: 44, attribute: uses_gas, basis: [44.township.2], source: text}
kinds:
  - {code: "30", name: 小商店, items: [30], basis: ["{item}.name"], source: text}
""",
    "ledgers.yaml": """\
ledgers:
  - id: D01
    addressee: kq-fire
    title: 区消防救援大队
    items: [30]
    rhythm: [prompt]
    basis: [30.township.3]
    source: text
""",
    "shared.yaml": """\
checkpoints:
  exit_open:
    question: 安全出口是否畅通？
    hazard: 安全出口封堵
    clause: "{item}.township.3"
    phrase: 安全出口
    derivation: direct
    severity: serious
    professional: false
    fixable_on_spot: true
    category: F1
    photo_required: true
    rules: []
""",
    "duties.yaml": """\
forms:
  - {code: training, name: 培训, requires: [photos], figures: []}
  - {code: report_form, name: 报表, requires: [month], figures: []}
duties:
  - code: 30-training
    title: 消防培训
    form: training
    items: [30]
    parties: [township]
    clauses: ["{item}.township.2"]
    source: text
  - code: 30-support-training
    title: 安监员培训
    form: training
    items: [30]
    parties: [消防大队]
    rhythm: yearly
    origin: local setting
    clauses: [30.support]
    source: design
  - code: 44-form
    title: 燃气报表
    form: report_form
    items: [44]
    parties: [township]
    figures:
      - {code: bottles, name: 瓶, unit: 个}
    clauses: [44.township.1]
    source: local
""",
    "items/30.yaml": """\
item: 30
scope: 小商店
checkpoints:
  - id: 30-01
    use: exit_open
  - id: 30-02
    use: exit_open
    category: F2
    facts: [restaurant]
""",
    "items/44.yaml": """\
item: 44
scope: 用气场所
checkpoints:
  - id: 44-01
    question: 气瓶是否合格？
    hazard: 气瓶不合格
    clause: 44.township.2
    phrase: 气瓶
    derivation: direct
    severity: serious
    professional: false
    fixable_on_spot: false
    category: G1
    photo_required: true
    rules: []
""",
}


def write(folder: Path, changes: dict[str, str] | None = None) -> Path:
    for name, text in {**SMALL, **(changes or {})}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def test_the_small_catalogue_is_sound(tmp_path: Path) -> None:
    catalogue = load(write(tmp_path))
    assert [len(c.checkpoints) for c in catalogue.checklists] == [2, 1]
    assert catalogue.rules.process("30").implies == ("restaurant",)


ROW = """\
  - id: {id}
    when: {when}
    lead: kq-fire
    basis: [30.township.3]
    source: design
"""
L04_TIES = ROW.format(id="L04", when="{item: [30], any: [illegal, refused]}")
L04_HIDDEN = ROW.format(id="L04", when="{item: [30], category: [F1], any: [refused]}")

# file, text there, what it becomes, the text whose line is at fault, the message
FAULTS = {
    # structure
    "not yaml": (
        "facts.yaml",
        "facts:\n",
        "facts: [\n",
        "  - {code: refused",
        "不是有效的 YAML：此处缺少值",
    ),
    "control character": (
        "facts.yaml",
        "拒不整改",
        "\x07",
        "facts:",
        "不是有效的 YAML：有不可见的控制字符",
    ),
    "double key": (
        "catalogue.yaml",
        "scheme: nbs-2023",
        "scheme: nbs-2023\ncode: other",
        "code: other",
        "字段 code 在这里重复",
    ),
    "key that is no word": (
        "catalogue.yaml",
        "code: small",
        "code: small\n? [a]\n: b",
        "? [a]",
        "字段名须是一个词",
    ),
    "alias": (
        "ledgers.yaml",
        "items: [30]\n    rhythm: [prompt]",
        "items: &all [30]\n    rhythm: *all",
        "items: &all",
        "清单里不用锚点和别名",
    ),
    "unknown field": (
        "facts.yaml",
        "label: 黑气,",
        "label: 黑气, colour: black,",
        "label: 黑气",
        "事实 black_gas 的 colour：没有这个字段；可用：code、label",
    ),
    "wrong type": (
        "items.yaml",
        "at_once: false\n    report_triggers: [refused]\n    order_document: 责",
        "at_once: perhaps\n    report_triggers: [refused]\n    order_document: 责",
        "at_once: perhaps",
        "事项 30 的 at_once：应为 true 或 false，现在是 perhaps",
    ),
    "wrong severity": (
        "items/44.yaml",
        "severity: serious",
        "severity: grave",
        "severity: grave",
        "检查点 44-01 的 severity：应为 general、serious、major 之一，现在是 grave",
    ),
    "checkpoint without clause": (
        "items/44.yaml",
        "    clause: 44.township.2\n",
        "",
        "- id: 44-01",
        "检查点 44-01：缺少 clause",
    ),
    "lead that is no party": (
        "routing.yaml",
        "lead: kq-housing\n",
        "lead: kq-fire\n",
        "lead: kq-fire\n    basis: [44.township.2]",
        "规则 L03 的 kq-fire 不是事项 44 的责任单位",
    ),
    "unknown penalty of a row": (
        "routing.yaml",
        "    basis: [44.township.2]\n    source: text\nco:",
        "    penalties: [flogging]\n    basis: [44.township.2]\n    source: text\nco:",
        "penalties: [flogging]",
        "没有处罚 flogging",
    ),
    "unknown kind of incident": (
        "items/44.yaml",
        "    rules: []",
        "    incident: leak\n    emergency: true\n    advisory: true\n    rules: []",
        "incident: leak",
        "没有突发事件类型 leak",
    ),
    "incident that demands a finding": (
        "items/30.yaml",
        "    category: F2",
        "    incident: fire\n    emergency: true\n    category: F2",
        "incident: fire",
        "检查点 30-02 属突发事件，须为 advisory 和 emergency",
    ),
    "phrase of blanks": (
        "items/44.yaml",
        "phrase: 气瓶",
        'phrase: "  "',
        "phrase:",
        "phrase 是空白",
    ),
    "phrase too long to be the list's own": (
        "items/44.yaml",
        "phrase: 气瓶",
        f"phrase: {'气瓶' * 31}",
        "phrase:",
        "direct 检查点的 phrase 超过 60 个字",
    ),
    "shared phrase too long": (
        "shared.yaml",
        "phrase: 安全出口",
        f"phrase: {'安' * 61}",
        "phrase:",
        "direct 检查点的 phrase 超过 60 个字",
    ),
    "name of a shared checkpoint": (
        "shared.yaml",
        "  exit_open:",
        "  Exit Open:",
        "  Exit Open:",
        "名称 Exit Open 不合格式",
    ),
    # repeated
    "duty item twice": (
        "duty-items.yaml",
        "number: 44",
        "number: 30",
        "number: 30\n    name: 燃气",
        "事项 30 已写在第 2 行",
    ),
    "department code twice": (
        "departments.yaml",
        "code: kq-housing",
        "code: kq-fire",
        "name: 区住建局",
        "部门 kq-fire 已写在第 3 行",
    ),
    "alias of two departments": (
        "departments.yaml",
        "[住建局]",
        "[消防大队]",
        "name: 区住建局",
        "部门 消防大队 已写在第 3 行",
    ),
    "category twice": (
        "categories.yaml",
        "code: F2",
        "code: F1",
        "name: 消防器材",
        "类别 F1 已写在第 5 行",
    ),
    "fact twice": (
        "facts.yaml",
        "code: illegal",
        "code: refused",
        "label: 违法违规",
        "事实 refused 已写在第 2 行",
    ),
    "penalty twice": (
        "items.yaml",
        "code: fine",
        "code: warning",
        "name: 罚款",
        "处罚 warning 已写在第 2 行",
    ),
    "penalty twice in an item": (
        "items.yaml",
        "[warning, fine]",
        "[fine, fine]",
        "[fine, fine]",
        "处罚 fine 已写在第 17 行",
    ),
    "process twice": (
        "items.yaml",
        "- items: [44]",
        "- items: [44, 30]",
        "- items: [44, 30]",
        "处置流程的事项 30 已写在第 10 行",
    ),
    "row id twice": (
        "routing.yaml",
        "id: C01",
        "id: L01",
        "- id: L01\n    when: {item: [44]",
        "规则 L01 已写在第 2 行",
    ),
    "ledger id twice": (
        "ledgers.yaml",
        "    source: text\n",
        "    source: text\n" + SMALL["ledgers.yaml"].partition("\n")[2],
        None,
        "台账 D01 已写在第 2 行",
    ),
    "checkpoint id twice": (
        "items/30.yaml",
        "id: 30-02",
        "id: 30-01",
        "- id: 30-01\n    use: exit_open\n    category",
        "检查点 30-01 重复",
    ),
    "town row twice": (
        "routing.yaml",
        "{id: T44, when: {item: [44]}",
        "{id: T44, when: {item: [44, 30]}",
        "{id: T44",
        "town 规则的事项 30 已写在第 24 行",
    ),
    # references
    "town department": (
        "catalogue.yaml",
        "town-small",
        "kq-fire",
        "town_department",
        "kq-fire 不是级别为 town 的部门",
    ),
    "party": (
        "duty-items.yaml",
        "      区住建局: 5",
        "      区住建局: 5\n      区水利局: 1",
        "区水利局: 1",
        "主体 区水利局 不是部门名称",
    ),
    "department in a row": (
        "routing.yaml",
        "lead: kq-fire",
        "lead: kq-fier",
        "lead: kq-fier",
        "没有部门 kq-fier",
    ),
    "department in a list": (
        "routing.yaml",
        "co: [kq-fire]",
        "co:\n      - kq-fire\n      - kq-polis",
        "- kq-polis",
        "没有部门 kq-polis",
    ),
    "category in a row": (
        "routing.yaml",
        "category: [G1]",
        "category: [G1, G7]",
        "category: [G1, G7]",
        "没有类别 G7",
    ),
    "fact in a row": (
        "routing.yaml",
        "fact: [black_gas]",
        "fact: [red_gas]",
        "fact: [red_gas]",
        "没有事实 red_gas",
    ),
    "kind of fact": (
        "routing.yaml",
        "any: [refused, illegal]",
        "any: [refused, black_gas]",
        "any: [refused, black_gas]",
        "事实 black_gas 不属于 trigger",
    ),
    "item in a row": (
        "routing.yaml",
        "{item: [44], fact",
        "{item: [44, 99], fact",
        "{item: [44, 99], fact",
        "没有事项 99",
    ),
    "clause of a row": (
        "routing.yaml",
        "basis: [44.区住建局.5]",
        "basis: [44.区住建局.6]",
        "basis: [44.区住建局.6]",
        "履职清单没有条款 44.区住建局.6",
    ),
    "clause of a row for each item": (
        "routing.yaml",
        '{id: T30, when: {item: [30]}, basis: ["{item}.township.3"]',
        '{id: T30, when: {item: [30]}, basis: ["{item}.township.5"]',
        "{id: T30",
        "履职清单没有条款 30.township.5",
    ),
    "clause of a process": (
        "items.yaml",
        "44.township.2.1",
        "44.township.2.3",
        "44.township.2.3",
        "履职清单没有条款 44.township.2.3",
    ),
    "penalty of an item": (
        "items.yaml",
        "penalties: [fine]",
        "penalties: [prison]",
        "penalties: [prison]",
        "没有处罚 prison",
    ),
    "implied fact": (
        "items.yaml",
        "facts: [restaurant]",
        "facts: [refused]",
        "facts: [refused]",
        "事实 refused 不属于 circumstance",
    ),
    "ledger addressee": (
        "ledgers.yaml",
        "addressee: kq-fire",
        "addressee: 消防大队",
        "addressee: 消防大队",
        "没有部门 消防大队",
    ),
    "ledger of reports without a trigger": (
        "ledgers.yaml",
        "items: [30]\n    rhythm: [prompt]",
        "items: [30, 45]\n    rhythm: [on_trigger]",
        "items: [30, 45]",
        "事项 45 没有上报条件，台账不能写 on_trigger",
    ),
    "shared checkpoint": (
        "items/30.yaml",
        "id: 30-02\n    use: exit_open",
        "id: 30-02\n    use: exit_opne",
        "use: exit_opne",
        "没有共用检查点 exit_opne",
    ),
    "checkpoint id": (
        "items/44.yaml",
        "id: 44-01",
        "id: 43-01",
        "id: 43-01",
        "检查点 43-01 须以 44- 开头",
    ),
    "checkpoint category": (
        "items/30.yaml",
        "category: F2",
        "category: F9",
        "category: F9",
        "没有类别 F9",
    ),
    "checkpoint fact": (
        "items/30.yaml",
        "facts: [restaurant]",
        "facts: [kitchen]",
        "facts: [kitchen]",
        "没有事实 kitchen",
    ),
    "checkpoint clause": (
        "items/44.yaml",
        "clause: 44.township.2",
        "clause: 44.township.3",
        "clause: 44.township.3",
        "履职清单没有条款 44.township.3",
    ),
    "checkpoint reroute": (
        "items/30.yaml",
        "category: F2",
        "reroute_item: 43",
        "reroute_item: 43",
        "没有可转办的事项 43",
    ),
    # routing
    "row reroute": (
        "routing.yaml",
        "reroute_to_item: 44",
        "reroute_to_item: 43",
        "reroute_to_item: 43",
        "转办事项 43 没有处置流程",
    ),
    "reroute of a reroute": (
        "routing.yaml",
        "when: {item: [30], category: [G1]}",
        "when: {item: [30, 44], category: [G1]}",
        "reroute_to_item: 44",
        "转办事项 44 又被规则 L01 转走",
    ),
    "lead and reroute": (
        "routing.yaml",
        "reroute_to_item: 44",
        "reroute_to_item: 44\n    lead: kq-fire",
        "- id: L01",
        "规则 L01 须写 lead 或 reroute_to_item，二者取一",
    ),
    "nobody to co-handle": (
        "routing.yaml",
        "co: [kq-fire]",
        "co: []",
        "co: []",
        "规则 C01 须在 co 写部门，或写 open: true",
    ),
    "tie": (
        "routing.yaml",
        "co:\n",
        L04_TIES + "co:\n",
        "- id: L04",
        "规则 L04 与 L02 条件相同",
    ),
    "hidden row": (
        "routing.yaml",
        "co:\n",
        L04_HIDDEN + "co:\n",
        "- id: L04",
        "规则 L04 永远用不到：L02 先符合",
    ),
    "trigger nobody takes": (
        "items.yaml",
        "report_triggers: [refused]\n    order_document: 整改要求",
        "report_triggers: [refused, illegal]\n    order_document: 整改要求",
        "report_triggers: [refused, illegal]",
        "没有 lead 规则接收事项 44 的 illegal",
    ),
    # coverage
    "no town row": (
        "routing.yaml",
        SMALL["routing.yaml"].splitlines()[-1],
        "",
        ("items/44.yaml", "item: 44"),
        "事项 44 在 routing.yaml 里没有 town 规则",
    ),
    "unused shared checkpoint": (
        "shared.yaml",
        "checkpoints:\n",
        SMALL["shared.yaml"].replace("exit_open", "exit_wide"),
        "  exit_wide:",
        "共用检查点 exit_wide 没有事项使用",
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_fault_is_found_at_its_line(
    tmp_path: Path, case: tuple[str, str, str, str | tuple[str, str] | None, str]
) -> None:
    name, old, new, place, message = case
    assert SMALL[name].count(old) == 1, "the text to change must be unambiguous"
    changed = SMALL[name].replace(old, new)
    write(tmp_path, {name: changed})
    if isinstance(place, tuple):
        name, place = place
        changed = SMALL[name]
    # Without a text of its own the fault is at the last of several equal places.
    index = changed.rindex("- id:") if place is None else changed.index(place)
    line = changed.count("\n", 0, index) + 1

    faults = check(tmp_path)

    found = [f for f in faults if message in f.message]
    assert [(f.file, f.line) for f in found] == [(str(tmp_path / name), line)], faults
    assert str(found[0]) == f"{tmp_path / name}:{line}: {found[0].message}"


def test_item_without_process_lead_or_duty_item(tmp_path: Path) -> None:
    text = SMALL["items/44.yaml"].replace("item: 44", "item: 45")
    folder = write(tmp_path, {"items/45.yaml": text.replace("44-01", "45-01")})

    messages = {f.message for f in check(folder) if f.file.endswith("45.yaml")}

    assert messages == {
        "事项 45 不在 duty-items.yaml 里",
        "事项 45 在 items.yaml 里没有处置流程",
        "事项 45 在 routing.yaml 里没有 lead 规则",
        "事项 45 在 routing.yaml 里没有 town 规则",
    }


def test_file_name_must_be_the_item(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "items" / "44.yaml").rename(folder / "items" / "45.yaml")
    (fault,) = check(folder)
    assert (Path(fault.file).name, fault.line) == ("45.yaml", 1)
    assert fault.message == "事项 44 应写在 44.yaml"


def test_rows_that_only_together_hide_a_later_one(tmp_path: Path) -> None:
    split = (
        ROW.format(id="L04", when="{item: [44], category: [G1]}")
        + ROW.format(id="L05", when="{item: [44], category: [F1]}")
        + ROW.format(id="L06", when="{item: [44], category: [F1, G1]}")
    )
    routing = SMALL["routing.yaml"].replace("co:\n", split + "co:\n", 1)
    (fault,) = check(write(tmp_path, {"routing.yaml": routing}))
    assert fault.message == "规则 L06 永远用不到：L04、L05 先符合"

    narrower = routing.replace("[F1, G1]", "[F1, F2, G1]")
    assert check(write(tmp_path, {"routing.yaml": narrower})) == []


def test_all_faults_are_named_not_only_the_first(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "facts.yaml": SMALL["facts.yaml"].replace("trigger", "reason"),
            "items/44.yaml": SMALL["items/44.yaml"].replace("serious", "grave"),
        },
    )
    (folder / "shared.yaml").unlink()
    with pytest.raises(CatalogueInvalid) as raised:
        load(folder)
    places = [(Path(f.file).name, f.line) for f in raised.value.faults]
    assert places == [
        ("facts.yaml", 2),
        ("facts.yaml", 3),
        ("44.yaml", 10),
        ("shared.yaml", 1),
    ]
    assert "shared.yaml:1: 无法读取" in str(raised.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "facts.yaml").write_bytes("facts:\n  - 违法".encode("gb18030"))
    (fault,) = check(folder)
    assert (fault.line, fault.message) == (2, "不是 UTF-8 编码")


def test_folder_without_catalogue(tmp_path: Path) -> None:
    assert find_catalogues(tmp_path) == []
    (fault,) = check(tmp_path)
    assert str(fault) == f"{tmp_path}:1: 这里没有清单：缺少 catalogue.yaml"


def test_a_second_town_stands_beside_the_first(tmp_path: Path) -> None:
    head = SMALL["catalogue.yaml"].replace("code: small", "code: other")
    head = head.replace("150203999", "150203998")
    write(tmp_path / "a")
    write(tmp_path / "b", {"catalogue.yaml": head})
    assert find_catalogues(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert check(tmp_path) == []

    renamed = SMALL["departments.yaml"].replace("name: 小镇", "name: 大镇")
    write(tmp_path / "b", {"departments.yaml": renamed})
    assert [f.message for f in check(tmp_path)] == [
        f"代码 small 与 {tmp_path / 'a'} 重复",
        f"区域 150203999 与 {tmp_path / 'a'} 重复",
        "部门 town-small 在别的清单里是 小镇（town）",
    ]


PLACES = SMALL["places.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("items: [30]", "items: [31]", "没有事项 31"),
        ('code: "30"', 'code: "44"', "场所类型 44 须以自己的事项 30 开头"),
        ('"{item}.name"', '"{item}.township.9"', "条款 30.township.9"),
        ("{item: 44,", "{item: 45,", "没有事项 45"),
        (
            "basis: [44.township.2]}",
            "basis: [44.township.9]}",
            "条款 44.township.9",
        ),
        (
            "items: [30],",
            "items: [30], priority: [{attribute: workers, at_most: null}],",
            "须写界限，或写 open: true",
        ),
        (
            "items: [30],",
            "items: [30], priority: [{attribute: workers, at_least: 9, at_most: 1}],",
            "at_least 9 大于 at_most 1",
        ),
        ("attribute: uses_gas", "attribute: colour", "colour"),
        (", source: text}\n", ", source: text, height: 3}\n", "height"),
    ],
)
def test_faults_of_places(tmp_path: Path, old: str, new: str, said: str) -> None:
    for name, content in SMALL.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    (tmp_path / "places.yaml").write_text(PLACES.replace(old, new))
    found = [str(fault) for fault in check(tmp_path)]
    assert any("places.yaml" in fault and said in fault for fault in found), found


def test_a_kind_stands_once(tmp_path: Path) -> None:
    for name, content in SMALL.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    (tmp_path / "places.yaml").write_text(PLACES + PLACES.splitlines()[-1] + "\n")
    assert "已写在" in str(check(tmp_path)[0])
