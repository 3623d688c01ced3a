"""The day's summary in Chinese, with figures that stand under each other."""

from __future__ import annotations

import unicodedata
from typing import Any

from server.demo.day.desks import Tally
from server.demo.day.phone import Sent
from server.demo.day.play import Outcome

# Words of the contract for a person; in the order of a ticket's life.
STATES = {
    "found": "已发现",
    "on_spot": "当场整改",
    "rectifying": "限期整改",
    "town_recheck": "镇级复查",
    "closed_town": "镇级办结",
    "reported": "已上报",
    "dispatched": "已分派",
    "returned": "已退回",
    "verifying": "核查中",
    "not_substantiated": "核查不属实",
    "appraisal": "鉴定中",
    "ordered": "已责令改正",
    "dept_recheck": "部门复查",
    "escalated": "已报上级",
    "transferred": "已移送",
    "rectified": "已整改",
    "feedback": "已反馈",
    "closed": "已销号",
}
TOWN = "镇（街道）自行处理"
LABEL, FIGURE = 26, 14


def summary(outcome: Outcome) -> str:
    """Return the lines of a day's summary."""
    lines = [f"巡查日小结（种子 {outcome.seed}）", ""]
    lines += _sent(outcome)
    if outcome.seen:
        lines += ["", _row("本次工单的牵头部门", "工单", "已办结")]
        lines += [_row(f"  {n or TOWN}", c, e) for n, c, e in outcome.departments]
        lines += ["", _row("本次工单的状态", "工单")]
        lines += _states(outcome)
        lines += ["", *_rates(outcome.report)]
    else:
        lines += ["", "账号文件中没有可查看全区的账号，无法汇总状态和整改率"]
    return "\n".join(lines)


def _sent(outcome: Outcome) -> list[str]:
    findings = sum(s.findings for s in outcome.sent)
    parts: list[Sent | Tally] = [*outcome.sent, *outcome.tallies]
    photos = sum(part.photos for part in parts)
    size = sum(part.photo_bytes for part in parts)
    steps = sum(t.steps for t in outcome.tallies)
    conflicts = sum(t.conflicts for t in outcome.tallies)
    sending, working = outcome.sending_seconds, outcome.working_seconds
    lines = [
        _row("手机", outcome.phones),
        _row("新登记场所", sum(s.places for s in outcome.sent)),
        _row("检查记录", sum(s.inspections for s in outcome.sent)),
        _row("隐患", findings),
        _row("照片", photos, f"{size / 1e6:.1f} MB"),
        _row("重发（均按原样确认）", sum(s.repeated for s in outcome.sent)),
        _row("处置步骤", steps),
        _row("上报用时", f"{sending:.1f} 秒", f"{_per(findings, sending)} 条/秒"),
        _row("处置用时", f"{working:.1f} 秒", f"{_per(steps, working)} 步/秒"),
    ]
    if conflicts:
        lines.append(_row("他人先改、重读再办", conflicts))
    yielded = sum(case.yielded for case in outcome.cases)
    if yielded:
        lines.append(_row("他人已另行办理", yielded))
    stranded = sum(case.stranded for case in outcome.cases)
    if stranded:
        lines.append(_row("账号文件中无人可办", stranded))
    return lines


def _per(count: int, seconds: float) -> str:
    return f"{count / seconds:.1f}" if seconds > 0 else "—"


def _states(outcome: Outcome) -> list[str]:
    known = [state for state in STATES if outcome.states[state]]
    others = sorted(outcome.states.keys() - STATES.keys())
    return [
        _row(f"  {STATES.get(state, state)}", outcome.states[state])
        for state in [*known, *others]
    ]


def _rates(report: dict[str, Any] | None) -> list[str]:
    if report is None:
        return ["整改率：服务器没有提供 /reports/rectification（404）"]
    title = f"整改率（{report['from']} 至 {report['to']} 的全部工单）"
    lines = [title, _row("", "发现", "已整改", "整改率")]
    lines += [_rate(f"  {row['label']}", row) for row in report["rows"]]
    return [*lines, _rate("  合计", report["total"])]


def _rate(label: str, row: dict[str, Any]) -> str:
    rate = row["rate"]
    percent = "—" if rate is None else f"{rate * 100:.1f} %"
    return _row(label, row["found"], row["rectified"], percent)


def _row(label: str, *figures: object) -> str:
    columns = [_padded(str(figure), FIGURE, left=False) for figure in figures]
    return _padded(label, LABEL) + "".join(columns)


def _padded(text: str, width: int, *, left: bool = True) -> str:
    """Pad by what a terminal shows: a Chinese character takes two columns."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    space = " " * max(0, width - len(text) - wide)
    return text + space if left else space + text
