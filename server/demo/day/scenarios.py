"""What is found on a patrol day, as data: which checkpoints, which facts, which way.

A scenario picks its checkpoint from the checklists the phone fetched, so a changed
catalogue changes what is found; what the departments make of it is in ``fates``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Checkpoint = dict[str, Any]
# The nine small places (九小场所) and the rest that a town patrols.
SMALL_PLACES = ("30", "31", "32", "33", "34", "35", "36", "37", "38")
RESTAURANT = "35"


@dataclass(frozen=True)
class Scenario:
    """One kind of finding.

    Attributes:
        items: checklists under which it is found; one named twice is twice as likely.
        fits: tells whether a checkpoint is this kind of hazard.
        handling: what the finder does: ``on_spot``, ``deadline``, ``report_up``.
        facts: words of the routing vocabulary that the finder adds.
        reasons: of which one is the handling's note.
        refusals: (how, note) of a refusal (拒不整改), one of which is the evidence.
        controls: (measure, note) of a control imposed at once (管控措施).
        days_ago: on which day it was found, when the phone was offline since.
        notice: the finder names the due date, as a 整改通知书 needs it.
    """

    name: str
    items: tuple[str, ...]
    fits: Callable[[Checkpoint], bool]
    handling: str
    facts: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ("",)
    refusals: tuple[tuple[str, str], ...] = ()
    controls: tuple[tuple[str, str], ...] = ()
    days_ago: int = 0
    notice: bool = False


def _category(*codes: str) -> Callable[[Checkpoint], bool]:
    return lambda c: c["category"] in codes


def _fact(word: str) -> Callable[[Checkpoint], bool]:
    return lambda c: word in c["facts"]


def _gas(checkpoint: Checkpoint) -> bool:
    return str(checkpoint["category"]).startswith("G")


def _ordinary(checkpoint: Checkpoint) -> bool:
    """Neither a danger nor a matter for professionals nor goods that are seized."""
    return not (
        checkpoint["professional"]
        or checkpoint["control"]
        or checkpoint["emergency"]
        or checkpoint["advisory"]
        or checkpoint["severity"] == "major"
        or checkpoint["category"] == "F5"
        or _gas(checkpoint)
    )


def _simple(checkpoint: Checkpoint) -> bool:
    return _ordinary(checkpoint) and bool(checkpoint["fixable_on_spot"])


def _slow(checkpoint: Checkpoint) -> bool:
    return _ordinary(checkpoint) and not checkpoint["fixable_on_spot"]


REFUSALS = (
    ("当场声明拒绝整改", "经营者称货物无处存放，劝导后仍不清理"),
    ("拒绝在检查记录上签字", "负责人拒绝签字，称旺季过后再说"),
    ("当场声明拒绝整改", "两次劝导无效，称房东不同意改动"),
    ("回避检查人员", "负责人离开现场，电话告知不予整改"),
)
DEADLINE_NOTES = (
    "需采购器材，限期整改",
    "需请电工施工，限期整改",
    "经营者承诺按期整改，到期复查",
    "需与房东协商后改造，限期整改",
)
ON_SPOT_NOTES = ("督促当场清理", "现场劝导，立即整改", "责任人同意马上处理")

BLOCKED_EXIT = Scenario(
    "拒不整改的安全出口堵塞（小餐饮店）",
    (RESTAURANT,),
    lambda c: c["category"] == "F1" and c["severity"] == "serious",
    "report_up",
    ("refused",),
    ("劝导无效，上报",),
    REFUSALS,
)
BLOCKED_EXIT_ELSEWHERE = Scenario(
    "拒不整改的疏散通道堵塞（九小场所）",
    ("30", "31", "34", "36", "37", "38", "43"),
    lambda c: c["category"] == "F1" and c["severity"] == "serious",
    "report_up",
    ("refused",),
    ("劝导无效，上报",),
    REFUSALS,
)
GAS_CYLINDER = Scenario(
    "餐饮店气瓶专业性隐患",
    (RESTAURANT,),
    _gas,
    "report_up",
    ("professional",),
    ("专业性隐患，上报处理",),
)
GAS_PIPE = Scenario(
    "燃气管道、调压阀专业性隐患",
    ("44",),
    lambda c: _gas(c) and c["professional"] and not c["emergency"],
    "report_up",
    ("professional", "restaurant"),
    ("专业性隐患，上报处理",),
)
BLACK_GAS = Scenario(
    "来历不明的气瓶",
    ("44",),
    _fact("black_gas"),
    "report_up",
    ("illegal", "black_gas"),
    ("已制止使用，上报",),
)
FLYING_WIRE = Scenario(
    "拒不整改的飞线充电",
    ("40",),
    _fact("flying_wire"),
    "report_up",
    ("refused", "flying_wire"),
    ("劝导无效，上报",),
    (
        ("当场声明拒绝整改", "车主称楼下无充电桩，拒绝拆除飞线"),
        ("闭门不应", "三次上门劝导，住户不予理睬，飞线仍在使用"),
    ),
)
EBIKE_INSIDE = Scenario(
    "拒不整改的电动自行车入户",
    ("40",),
    _fact("ebike_inside_dwelling"),
    "report_up",
    ("refused", "ebike_inside_dwelling"),
    ("劝导无效，上报",),
    (("当场声明拒绝整改", "住户称怕电池被盗，坚持带入户内充电"),),
)
CRACKED_HOUSE = Scenario(
    "自建房结构裂缝、变形",
    ("28",),
    lambda c: c["category"] == "B2" and not c["control"] and not c["professional"],
    "report_up",
    reasons=("发现即报，已设警戒",),
    controls=(
        ("临时封闭", "已拉警戒线，一层商户停止营业"),
        ("停止使用", "已告知产权人停止使用并搬离二层"),
        ("人员撤离", "住户4人已转移至亲属家"),
    ),
)
FIREWORKS = Scenario(
    "商店违规存放销售烟花爆竹",
    ("30",),
    _category("F5"),
    "report_up",
    reasons=("已责令下架，立即上报",),
)
SIMPLE = Scenario(
    "可当场整改",
    (*SMALL_PLACES, "39", "39", "40", "42", "43"),
    _simple,
    "on_spot",
    reasons=ON_SPOT_NOTES,
)
SIMPLE_SMALL = Scenario(
    "当场未能整改，改为限期", SMALL_PLACES, _simple, "on_spot", reasons=ON_SPOT_NOTES
)
SIMPLE_LATE = Scenario(
    "离线手机迟报的当场整改",
    SMALL_PLACES,
    _simple,
    "on_spot",
    reasons=ON_SPOT_NOTES,
    days_ago=2,
)
DEADLINE = Scenario("限期整改", SMALL_PLACES, _slow, "deadline", reasons=DEADLINE_NOTES)
DEADLINE_LATE = Scenario(
    "离线手机迟报的限期整改",
    SMALL_PLACES,
    _slow,
    "deadline",
    reasons=DEADLINE_NOTES,
    days_ago=10,
)
NOTICE = Scenario(
    "企业安全检查，下达整改通知书",
    ("42",),
    _slow,
    "deadline",
    reasons=("已下达整改通知书，到期复查",),
    notice=True,
)
ILLEGAL_COMPANY = Scenario(
    "企业违法违规",
    ("42",),
    lambda c: c["category"] in {"P1", "P3", "P6"} and not c["professional"],
    "report_up",
    ("illegal",),
    ("违法违规，上报查处",),
)
CANNOT_FIX = Scenario(
    "楼院隐患无法立即整改",
    ("39",),
    _slow,
    "report_up",
    ("cannot_fix_now",),
    (
        "涉及整栋楼电气线路，需专业改造，无法立即整改",
        "障碍物为固定构筑物，需施工拆除，无法立即整改",
        "小区无物业，维修资金未落实，无法立即整改",
    ),
)
