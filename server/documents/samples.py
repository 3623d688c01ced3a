"""Content that stands in for real papers: what templates are tried with.

The names are invented; a sample is never issued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any

from server.documents.shape import KINDS
from server.documents.templates import Template

_TITLES = {
    "town_reminder": "整改提醒单",
    "order-emergency": "整改指令",
    "order-plain": "整改要求",
}
_ISSUERS = {
    "order-fire": ("昆都仑区消防救援大队", "kq-fire", "昆消责改〔2026〕12号"),
    "order-emergency": ("昆都仑区应急管理局", "kq-emergency", "昆应急指〔2026〕7号"),
    "order-plain": ("昆都仑区住房和城乡建设局", "kq-housing", "昆住建改〔2026〕3号"),
    "transfer_letter": ("昆都仑区消防救援大队", "kq-fire", "昆消移〔2026〕2号"),
    "feedback": ("昆都仑区消防救援大队", "kq-fire", "昆消馈〔2026〕5号"),
    "recheck": ("昆都仑区消防救援大队", "kq-fire", "昆消复〔2026〕9号"),
    "extension": ("昆都仑区消防救援大队", "kq-fire", "昆消延〔2026〕1号"),
}
_TOWN = ("卜尔汉图镇人民政府", "buerhantu", "卜政整改〔2026〕31号")
_ADDRESSEES = {
    "transfer_letter": "包头市公安局昆都仑区分局",
    "feedback": "卜尔汉图镇人民政府",
}

_COMMON: dict[str, Any] = {
    "issued_on": "2026-11-24",
    "issued_by": "王建国",
    "ticket": "T-2026-000123",
    "duty_item": {"number": 31, "title": "人员密集场所消防安全"},
    "area": "卜尔汉图镇哈德门沟村",
    "place": {
        "name": "哈德门饭店",
        "address": "卜尔汉图镇哈德门沟村110国道北侧12号",
        "kind": "餐饮场所",
    },
    "party": {"name": "包头市昆都仑区哈德门饭店", "kind": "个体工商户"},
    "found_on": "2026-11-20",
    "inspectors": ["王建国", "乌兰图雅"],
    "companions": ["李志强（饭店经营者）"],
    "started_at": "2026-11-20T09:30:00+08:00",
    "finished_at": "2026-11-20T10:45:00+08:00",
    "hazards": [
        {
            "no": 1,
            "category": "疏散通道、安全出口",
            "description": "二楼东侧安全出口被货架堵塞，宽度不足0.5米",
            "severity": "一般",
        },
        {
            "no": 2,
            "category": "消防设施、器材",
            "description": "后厨配置的两具干粉灭火器压力不足，无检查记录",
            "severity": "一般",
        },
    ],
    "requirement": "立即清除安全出口处的货架；更换失效灭火器并建立检查记录。",
    "due_on": "2026-12-01",
    "basis": [
        {"clause": "31.区消防救援大队.2", "text": "配合履职事项清单第31项"},
        {"clause": None, "text": "《中华人民共和国消防法》第五十四条"},
    ],
    "five": {
        "responsibility": "饭店经营者李志强",
        "measures": "清除货架，更换灭火器，培训员工",
        "funds": "自筹3000元",
        "plan": "整改期间二楼停止营业，专人值守",
    },
    "result": "passed",
    "result_text": "现场复查，隐患已整改到位",
    "rechecked_on": "2026-12-02",
    "round": 1,
    "orders": [
        {
            "title": "责令改正通知书",
            "number": "昆消责改〔2026〕12号",
            "issued_on": "2026-11-24",
            "due_on": "2026-12-01",
        }
    ],
    "penalties": [
        {
            "kind": "罚款",
            "amount": "5000",
            "number": "昆消罚决〔2026〕4号",
            "decided_on": "2026-12-05",
            "department": "昆都仑区消防救援大队",
        }
    ],
    "extension": {
        "asked_by": "包头市昆都仑区哈德门饭店",
        "asked_on": "2026-11-28",
        "reason": "订购的防火门需从外地运来，预计12月5日到货。",
        "from": "2026-12-01",
        "to": "2026-12-10",
        "decided_by": "赵立新",
        "decision": "同意延期",
        "safeguards": "到货前该处停止使用，每日巡查两次",
    },
    "attachments": ["现场检查记录1份", "现场照片6张"],
    "reason": "当事人拒不改正并阻碍检查，涉嫌违反治安管理规定。",
    "note": "整改期间请加强值守。",
    "checkpoints": [
        {
            "id": f"31-{n:02}",
            "question": question,
            "answer": answer,
            "note": note,
        }
        for n, (question, answer, note) in enumerate(
            [
                ("安全出口、疏散通道是否畅通", "否", "二楼东侧堵塞"),
                ("灭火器是否完好有效", "否", "两具压力不足"),
                ("应急照明、疏散指示标志是否完好", "是", ""),
                ("是否违规存放瓶装液化石油气", "不适用", "使用管道天然气"),
            ],
            start=1,
        )
    ],
    "withdraws": {
        "title": "责令改正通知书",
        "number": "昆消责改〔2026〕11号",
        "issued_on": "2026-11-18",
    },
    "signature": {"refused": False, "note": None},
    "verify": {
        "code": "K7QM-2F4X-9TDA",
        "url": "https://patrol.example/verify/K7QM2F4X9TDA",
    },
}


def full(template: Template) -> dict[str, Any]:
    """A paper of this template with every field filled in."""
    issuer, code, number = _ISSUERS.get(template.variant, _TOWN)
    return _COMMON | {
        "kind": template.kind,
        "title": _TITLES.get(template.variant, KINDS[template.kind]),
        "number": number,
        "issuer": {"name": issuer, "code": code},
        "addressee": {"name": _ADDRESSEES.get(template.kind, _COMMON["party"]["name"])},
    }


def minimal(template: Template) -> dict[str, Any]:
    """A paper with nothing but what every paper has."""
    whole = full(template)
    names = ("kind", "title", "number", "issuer", "issued_on", "issued_by", "verify")
    return {name: whole[name] for name in names} | {
        "addressee": {"name": ""},
        "duty_item": whole["duty_item"],
    }


def unissued(content: dict[str, Any]) -> dict[str, Any]:
    """The same paper as a draft: without number, day and code."""
    return content | {"number": None, "issued_on": None, "verify": None}


# What gives the contents a template is tried with, each True when it is a draft.
Contents = Callable[[Template], Iterable[tuple[dict[str, Any], bool]]]


def full_of(template: Template) -> list[tuple[dict[str, Any], bool]]:
    """The paper that has everything."""
    return [(full(template), False)]


def all_of(template: Template) -> Iterator[tuple[dict[str, Any], bool]]:
    """Contents that together lead into every branch the kinds have."""
    whole = full(template)
    yield whole, False
    yield minimal(template), False
    yield unissued(whole), True
    for result in ("failed", "substantiated", "not_substantiated"):
        yield whole | {"result": result, "result_text": None, "round": 3}, False
    yield whole | {"signature": {"refused": True, "note": "当事人拒绝签字"}}, False


_CASE: dict[str, Any] = {
    **{name: _COMMON[name] for name in ("ticket", "duty_item", "area", "place")},
    **{name: _COMMON[name] for name in ("party", "due_on", "penalties")},
    "title": "哈德门饭店安全出口堵塞",
    "state": "已办结",
    "printed_on": "2026-12-08",
    "category": "疏散通道、安全出口",
    "severity": "一般",
    "description": _COMMON["hazards"][0]["description"],
    "found_at": "2026-11-20T09:30:00+08:00",
    "found_by": "乌兰图雅",
    "reported_at": "2026-11-20T10:50:00+08:00",
    "closed_at": "2026-12-07T16:20:00+08:00",
    "departments": [
        {"name": "昆都仑区消防救援大队", "role": "主办"},
        {"name": "昆都仑区应急管理局", "role": "知会"},
    ],
    "decision": {
        "row": "L04",
        "text": "当事人拒不整改，报区消防救援大队",
        "clauses": [{"clause": "31.township.3", "text": "配合履职事项清单第31项"}],
    },
    "five": {**_COMMON["five"], "deadline": "2026-12-01"},
    "refusals": [
        {
            "at": "2026-11-20T10:50:00+08:00",
            "who": "乌兰图雅",
            "how": "当场声明拒绝",
            "note": "称货物无处存放",
            "witnesses": "哈德门沟村网格员王某",
            "photos": "2 张，见现场照片“发现”",
        }
    ],
    "events": [
        {
            "at": "2026-11-20T10:50:00+08:00",
            "who": "乌兰图雅",
            "action": "上报",
            "from": "发现",
            "to": "已上报",
            "note": "经营者拒绝当场清除货架。",
        },
        {
            "at": "2026-11-24T09:00:00+08:00",
            "who": "王建国",
            "action": "责令改正",
            "from": "核查中",
            "to": "责令改正",
            "note": None,
        },
    ],
    "photos": [
        {
            "id": f"{step}{stage}",
            "step": step,
            "stage": stage,
            "caption": "二楼东侧安全出口",
            "taken_at": "2026-11-20T09:35:00+08:00",
        }
        for step in ("发现", "第1次复查")
        for stage in ("整改前", "整改后")
    ],
    "papers": [
        {
            "title": "责令改正通知书",
            "number": "昆消责改〔2026〕12号",
            "issuer": "昆都仑区消防救援大队",
            "issued_on": "2026-11-24",
            "state": "已送达",
        }
    ],
    "controls": [
        {
            "kind": "设置警示标志",
            "imposed_at": "2026-11-20T10:00:00+08:00",
            "lifted_at": "2026-12-07T16:00:00+08:00",
            "note": None,
        }
    ],
}


def case_file() -> dict[str, Any]:
    """A case file with everything filled in; its photos are not there."""
    return deepcopy(_CASE)
