"""marshmallow, strict, with JSON Pointers and messages in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from server.core.clock import read_day
from server.core.errors import FieldError, Invalid
from server.core.text import EMPTY, Text

BACKWARDS = Text("开始日期晚于结束日期", "The period ends before it begins")


class Schema(ma.Schema):
    """Base of every schema: unknown fields are refused, order is kept."""

    class Meta:
        """Refuse what the contract does not name."""

        unknown = ma.RAISE


class Moment(fields.Field[datetime]):
    """An RFC 3339 time with an offset, loaded as UTC."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "Not a valid RFC 3339 time, such as 2026-03-01T08:30:00+08:00.",
        "naive": "A time needs an offset, such as +08:00.",
    }
    _shape = re.compile(
        r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?"
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        match = isinstance(value, str) and self._shape.fullmatch(value)
        if not match:
            raise self.make_error("invalid")
        if match.group(2) is None:
            raise self.make_error("naive")
        try:
            # Nanoseconds of some phones are cut to the microseconds we store.
            text = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.make_error("invalid") from error


class Day(fields.Date):
    """A day as ``2026-03-01``; week dates and the like are refused."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        try:
            if not isinstance(value, str):
                raise ValueError
            return read_day(value)
        except ValueError as error:
            raise self.make_error("invalid", input=value, obj_type="date") from error


def once(values: list[Any]) -> None:
    """Refuse a list (of photos) in which something stands twice.

    Raises:
        ValidationError: naming the first that does.
    """
    if len(set(values)) < len(values):
        double = next(value for value in values if values.count(value) > 1)
        raise ma.ValidationError([Text(f"{double} 重复", f"{double} stands twice")])


class Line(fields.String):
    """A short text: trimmed, not empty unless allowed, bounded."""

    def __init__(self, *, longest: int = 200, empty: bool = False, **kw: Any) -> None:
        # The least length is refused in words of its own; OpenAPI is told it here.
        told = {"minLength": 0 if empty else 1, **kw.pop("metadata", {})}
        super().__init__(validate=ma.validate.Length(max=longest), metadata=told, **kw)
        self.empty = empty

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        text = str(super()._deserialize(value, *args, **kw)).strip()
        if not text and not self.empty:
            raise ma.ValidationError([EMPTY])
        return text


class Dict(fields.Dict):
    """An object with any members; what is wrong is told at the member itself."""

    def deserialize(self, value: Any, *args: Any, **kw: Any) -> Any:
        """Load as marshmallow does, with pointers that a caller can follow."""
        try:
            return super().deserialize(value, *args, **kw)
        except ma.ValidationError as error:
            if not isinstance(value, dict) or not isinstance(error.messages, dict):
                raise
            # marshmallow tells them below ``key`` and ``value``. Of a member whose
            # name is wrong nobody asks what it holds.
            told = {
                name: wrong.get("key") or wrong["value"]
                for name, wrong in error.messages.items()
            }
            raise ma.ValidationError(told) from error


class Span(Schema):
    """A query from one local day to another, both included; either may be open.

    ``spans``: the names of further such pairs.
    """

    spans: ClassVar[tuple[tuple[str, str], ...]] = (("from", "to"),)

    from_ = Day(data_key="from")
    to = Day()

    @ma.post_load
    def _rename(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "from_" in data:
            data["from"] = data.pop("from_")
        return data

    @ma.validates_schema
    def _forwards(self, data: dict[str, Any], **_: Any) -> None:
        given = {name.removesuffix("_"): value for name, value in data.items()}
        wrong = backwards(given, self.spans)
        if wrong:
            raise ma.ValidationError({name: [BACKWARDS] for name in wrong})


def backwards(given: Mapping[str, Any], spans: Iterable[tuple[str, str]]) -> list[str]:
    """Return the first names of the ``spans`` that end before they begin."""
    return [
        first
        for first, last in spans
        if given.get(first) and given.get(last) and given[first] > given[last]
    ]


def load_body(schema: type[Schema], data: Any) -> Any:
    """Load ``data`` through ``schema``.

    Raises:
        Invalid: with one JSON Pointer per wrong field.
    """
    try:
        return _instance(schema).load(data)
    except ma.ValidationError as error:
        raise _invalid(error.messages) from error


def load_query(schema: type[Schema], args: MultiDict[str, str]) -> Any:
    """Load the query string; a name given twice is refused.

    Raises:
        Invalid: with the parameter's name as pointer.
    """
    repeated = [name for name in args if len(args.getlist(name)) > 1]
    if repeated:
        text = Text("参数重复", "Given more than once")
        raise Invalid(errors=[FieldError(f"/{name}", text) for name in repeated])
    for name, value in args.items():
        if "\x00" in value or "\x00" in name:
            raise Invalid.at(f"/{name}", Text("含有空字符", "Holds U+0000"))
    return load_body(schema, {name: value for name, value in args.items() if value})


_instances: dict[type[Schema], Schema] = {}


def _instance(schema: type[Schema]) -> Schema:
    # Building a schema costs more than loading a document with it.
    if schema not in _instances:
        _instances[schema] = schema()
    return _instances[schema]


def _invalid(messages: Any) -> Invalid:
    return Invalid.of(list(_flatten(messages, "")))


def _flatten(messages: Any, pointer: str) -> Any:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            step = "" if key == "_schema" else f"/{_escaped(key)}"
            yield from _flatten(value, pointer + step)
    elif isinstance(messages, list) and not isinstance(messages, Text):
        for value in messages:
            yield from _flatten(value, pointer)
    else:
        yield FieldError(pointer, translated(messages))


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


# What marshmallow says too briefly for someone who does not know the form.
_CLEARER = {"Not a valid date.": "Not a valid date, such as 2026-03-01."}
_CHINESE = [
    (r"Missing data for required field\.", "缺少必填字段"),
    (r"Field may not be null\.", "不能为 null"),
    (r"Unknown field\.", "未知字段"),
    (r"Invalid input type\.", "类型不对"),
    (r"Not a valid string\.", "应为文字"),
    (r"Not a valid integer\.", "应为整数"),
    (r"Not a valid number\.", "应为数字"),
    (r"Not a valid boolean\.", "应为 true 或 false"),
    (r"Not a valid UUID\.", "不是有效的 UUID"),
    (r"Not a valid list\.", "应为列表"),
    (r"Not a valid mapping type\.", "应为对象"),
    (r"Not a valid date, .*", "不是有效的日期，应如 2026-03-01"),
    (
        r"Not a valid RFC 3339 time, .*",
        "不是有效的 RFC 3339 时间，应如 2026-03-01T08:30:00+08:00",
    ),
    (r"A time needs an offset, such as \+08:00\.", "时间必须带时区偏移，如 +08:00"),
    (r"Must be one of: (.*)\.", r"应为其中之一：\1"),
    (r"Shorter than minimum length (\d+)\.", r"长度不足 \1"),
    (r"Longer than maximum length (\d+)\.", r"长度超过 \1"),
    (r"Length must be between (\d+) and (\d+)\.", r"长度应在 \1 至 \2 之间"),
    (r"Must be greater than or equal to (.*?)\.?", r"应不小于 \1"),
    (r"Must be less than or equal to (.*?)\.?", r"应不大于 \1"),
    (
        r"Must be greater than or equal to (\S+) and less than or equal to (\S+?)\.",
        r"应在 \1 与 \2 之间",
    ),
    (r"Special numeric values.*", "不能是 NaN 或无穷大"),
]


def translated(message: object) -> Text:
    """Return marshmallow's English message with its Chinese."""
    if isinstance(message, Text):
        return message
    english = _CLEARER.get(str(message), str(message))
    for pattern, chinese in reversed(_CHINESE):
        match = re.fullmatch(pattern, english)
        if match:
            return Text(match.expand(chinese), english)
    return Text(english, english)
