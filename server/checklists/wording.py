"""What the YAML parser and JSON Schema find wrong, in the words of the reader; pure.

In Chinese like every fault of a catalogue: whoever changes a question reads them. The
words of the file (keys, codes) stay as they are written there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import ValidationError

_LONGEST_VALUE = 60

# What libyaml and PyYAML say, by a part of it; the first that fits.
_YAML = (
    ("mapping values are not allowed", "冒号位置不对：文字里有冒号时要加引号"),
    ("could not find expected ':'", "缺少冒号"),
    ("did not find expected key", "缩进不对，或引号、括号没有配对"),
    ("did not find expected '-'", "缩进不对，或缺少“-”"),
    ("block sequence entries are not allowed", "“-”的位置不对"),
    ("did not find expected node content", "此处缺少值，或括号没有配对"),
    ("did not find expected ','", "缺少逗号，或括号没有配对"),
    ("unexpected end of stream", "引号或括号没有配对"),
    ("cannot start any token", "有不能这样用的字符（如制表符、@）：文字要加引号"),
    ("control characters are not allowed", "有不可见的控制字符"),
    ("expected a single document", "一个文件里只能有一份内容（不写 ---）"),
)

# The list a record stands in: how a record of it is called.
_RECORDS = {
    "accounted": "事项",
    "also": "兼查",
    "categories": "类别",
    "checkpoints": "检查点",
    "choices": "选项",
    "co": "规则",
    "departments": "部门",
    "documents": "文书",
    "duties": "履职",
    "entries": "进展",
    "facts": "事实",
    "fields": "填报项",
    "figures": "数据项",
    "forms": "表式",
    "groups": "类别组",
    "incidents": "突发事件",
    "involved": "部门",
    "items": "事项",
    "kinds": "场所类型",
    "lead": "规则",
    "ledgers": "台账",
    "orders": "下派工单",
    "outside": "系统之外",
    "penalties": "处罚",
    "steps": "环节",
    "town": "规则",
}
# The fields by which a record is known, the surest first.
_NAMES = ("id", "code", "number", "step", "entry", "item", "department", "name")

_TYPES = {
    "array": "列表",
    "boolean": "true 或 false",
    "integer": "整数",
    "null": "空",
    "number": "数字",
    "object": "若干“字段: 值”",
    "string": "文字",
}


def yaml_problem(problem: str) -> str:
    """Say what the parser could not read; its own words when they are not known."""
    said = next((zh for part, zh in _YAML if part in problem), problem)
    return f"不是有效的 YAML：{said}"


def place(data: Any, where: tuple[str | int, ...]) -> str:
    """Name the value at ``where``: ``检查点 24-01 的 severity``."""
    named: list[str] = []
    for depth, step in enumerate(where):
        data = _inside(data, step)
        if isinstance(step, int):
            named[-1] = _record(str(where[depth - 1]), step, data)
        else:
            named.append(step)
    return " 的 ".join(named)


def _inside(data: Any, step: str | int) -> Any:
    """The value at one step; None for a key that is only said to be wrong."""
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _record(key: str, index: int, record: Any) -> str:
    what = _RECORDS.get(key, key)
    if isinstance(record, dict):
        for name in _NAMES:
            if isinstance(record.get(name), str | int):
                return f"{what} {record[name]}"
        if isinstance(record.get("items"), list):
            return f"{what} {'、'.join(map(str, record['items']))}"
    return f"{what} 第 {index + 1} 个"


def structure(error: ValidationError) -> str:
    """Say what one error of a JSON Schema means."""
    say = _SAID.get(str(error.validator))
    if "propertyNames" in error.absolute_schema_path:
        return f"名称 {shown(error.instance)} 不合格式（{error.validator_value}）"
    return say(error) if say else f"不合要求：{error.message}"


def shown(value: Any) -> str:
    """A value as the file writes it, cut where it is long."""
    if value is None:
        return "空"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _wanted(error: ValidationError) -> Any:
    """What the schema asks for with the keyword that failed."""
    return error.validator_value


def _unknown_key(error: ValidationError) -> str:
    schema = error.schema
    known = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return f"没有这个字段；可用：{'、'.join(known)}"


def _missing(error: ValidationError) -> str:
    # One error a key that is missing; only the message says which.
    return f"缺少 {error.message.partition(' is a required')[0].strip(chr(39))}"


def _depending(error: ValidationError) -> str:
    here: Any = error.instance
    given = set(here)
    wanted = [
        f"有 {key} 就要有 {'、'.join(needed)}"
        for key, needed in _wanted(error).items()
        if key in given and not set(needed) <= given
    ]
    return "；".join(wanted)


def _type(error: ValidationError) -> str:
    wanted = _wanted(error)
    kinds = [wanted] if isinstance(wanted, str) else wanted
    named = "，或".join(_TYPES[kind] for kind in kinds)
    if isinstance(error.instance, dict):
        return f"应为 {named}"
    return f"应为 {named}，现在是 {shown(error.instance)}"


def _too_short(error: ValidationError) -> str:
    least = _wanted(error)
    return "不能为空" if least == 1 else f"至少 {least} 个"


def _one_of(error: ValidationError) -> str:
    forms = [sub for sub in _wanted(error) if isinstance(sub, dict)]
    fields = ["、".join(sub.get("properties") or sub["required"]) for sub in forms]
    return f"须写成其中一种：{'；'.join(fields)}"


def _forbidden(error: ValidationError) -> str:
    return f"不能写 {'、'.join(_wanted(error).get('required', ()))}"


_SAID: dict[str, Callable[[ValidationError], str]] = {
    "required": _missing,
    "additionalProperties": _unknown_key,
    "dependentRequired": _depending,
    "type": _type,
    "enum": lambda e: f"应为 {shown(_wanted(e))} 之一，现在是 {shown(e.instance)}",
    "const": lambda e: f"应为 {shown(_wanted(e))}，现在是 {shown(e.instance)}",
    "pattern": lambda e: f"{shown(e.instance)} 不合格式（{_wanted(e)}）",
    "minLength": _too_short,
    "minItems": _too_short,
    "minProperties": _too_short,
    "maxLength": lambda e: f"最多 {_wanted(e)} 个字",
    "maxItems": lambda e: f"最多 {_wanted(e)} 个",
    "maxProperties": lambda e: f"最多 {_wanted(e)} 个",
    "minimum": lambda e: f"不能小于 {_wanted(e)}，现在是 {shown(e.instance)}",
    "maximum": lambda e: f"不能大于 {_wanted(e)}，现在是 {shown(e.instance)}",
    "uniqueItems": lambda e: f"有重复的值：{shown(e.instance)}",
    "oneOf": _one_of,
    "anyOf": _one_of,
    "not": _forbidden,
}
