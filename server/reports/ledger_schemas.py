"""What a ledger (台账) takes and gives over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Day, Line, Moment
from server.reports import ledger_files
from server.reports.ledger import Ledger
from server.reports.ledger_columns import Rows
from server.reports.ledger_workbook import Front, Said, write_xlsx
from server.tickets.schemas import DepartmentOut

CSV, JSON, XLSX = "csv", "json", "xlsx"
TEXTS = frozenset({CSV, JSON})
MEDIA_TYPES = {
    JSON: "application/json",
    CSV: "text/csv",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# The forms that are files; JSON is described by its schema.
FILES = (MEDIA_TYPES[CSV], MEDIA_TYPES[XLSX])

MEANING = (
    "每行一处隐患：时段内发现的，以及时段开始时尚未办结的；各栏为截至时所知。"
    "照片见“照片”表，打开链接须先登录。"
)


class LedgerQuery(Schema):
    """Whose ledger, of which period; ``provisional`` for one that runs still."""

    addressee = Line(required=True)
    period = Line(required=True, longest=30)
    format = fields.String(
        load_default=JSON, validate=ma.validate.OneOf([JSON, CSV, XLSX])
    )
    ledger = Line(longest=10)
    area = Line(longest=60)
    provisional = fields.Boolean(load_default=False)


class LedgerKindOut(Schema):
    """One ledger of the duty list: which items, to whom, how often, by which clause."""

    id = fields.String()
    title = fields.String()
    items = fields.List(fields.String())
    rhythm = fields.List(fields.String())
    period = fields.String(allow_none=True)
    period_origin = fields.String(allow_none=True)
    due_days = fields.Integer(allow_none=True)
    reported_only = fields.Boolean()
    basis = fields.List(fields.String())


class LedgerAreaOut(Schema):
    """An area whose hazards the ledger holds."""

    code = fields.String()
    name = fields.String()


class LedgerColumnOut(Schema):
    """A column: its code in the rows and its Chinese title."""

    code = fields.String()
    title = fields.String()


class LedgerOut(Schema):
    """A ledger as it stood ``as_of``; ``columns`` name what the rows hold."""

    addressee = fields.Nested(DepartmentOut, allow_none=True)
    ledgers = fields.List(fields.Nested(LedgerKindOut))
    areas = fields.List(fields.Nested(LedgerAreaOut))
    period = fields.String()
    from_ = Day(data_key="from")
    to = Day()
    timezone = fields.String()
    as_of = Moment()
    provisional = fields.Boolean()
    columns = fields.List(fields.Nested(LedgerColumnOut))
    rows = fields.List(fields.Dict(keys=fields.String()))
    count = fields.Integer()


def head(ledger: Ledger) -> dict[str, Any]:
    """Return the members of :class:`LedgerOut` that are not of the table."""
    addressee = ledger.addressee
    return {
        "addressee": addressee and {"code": addressee.code, "name": addressee.name},
        "ledgers": [
            {
                "id": row.id,
                "title": row.title,
                "items": list(row.items),
                "rhythm": list(row.rhythm),
                "period": row.period,
                "period_origin": row.origin,
                "due_days": row.due_days,
                "reported_only": row.reported_only,
                "basis": list(
                    dict.fromkeys(c for item in row.items for c in row.basis_for(item))
                ),
            }
            for row in ledger.kept
        ],
        "areas": [{"code": code, "name": name} for code, name in ledger.scope],
        "period": ledger.period.said,
        "from": ledger.period.first,
        "to": ledger.period.last,
        "timezone": ledger.zone.key,
        "as_of": ledger.until.astimezone(UTC),
        "provisional": ledger.provisional,
    }


def title(ledger: Ledger) -> str:
    """Return what the file is called, without its ending."""
    ids = "-".join(row.id for row in ledger.kept)
    at = f"{_local(ledger):%Y%m%dT%H%M}"
    known = f"-暂至{at}" if ledger.provisional else ""
    known = f"-更正至{at}" if ledger.until > ledger.period.end else known
    return f"台账-{ids}-{ledger.period.said}{known}"


def file_name(ledger: Ledger, form: str) -> str | None:
    """Return as what a form is kept; None for JSON, which is shown."""
    return None if form == JSON else f"{title(ledger)}.{form}"


def write(
    ledger: Ledger, rows: Rows, form: str, target: IO[bytes], public_url: str
) -> str:
    """Write a ledger with its ``rows`` in one of its forms.

    Returns a hash (hex) of what it tells: of the bytes, in JSON without ``as_of``.
    """
    if form == JSON:
        return ledger_files.write_json(target, head(ledger), rows)
    if form == CSV:
        ledger_files.write_csv(target, rows)
    else:
        front = Front(title(ledger), about(ledger), ledger.until, public_url)
        write_xlsx(target, front, rows)
    return ledger_files.sha256(target)


def about(ledger: Ledger) -> list[tuple[str, Said]]:
    """Return what the last sheet of a workbook says of the first."""
    addressee = ledger.addressee.name if ledger.addressee else "镇内留存"
    days = f"{ledger.period.first} 至 {ledger.period.last}（{ledger.zone.key}）"
    return [
        ("台账", "、".join(f"{row.id} {row.title}" for row in ledger.kept)),
        ("报送对象", addressee),
        ("事项", "、".join(item for row in ledger.kept for item in row.items)),
        ("范围", "、".join(f"{name}（{code}）" for code, name in ledger.scope)),
        ("时段", ledger.period.said),
        ("起止", days),
        ("截至", _local(ledger).replace(tzinfo=None)),
        ("性质", _nature(ledger)),
        ("含义", MEANING),
    ]


def _nature(ledger: Ledger) -> str:
    if ledger.provisional:
        return "暂时数据，时段尚未结束"
    if ledger.until > ledger.period.end:
        return "更正数据，为时段末之后所知"
    return "时段末数据"


def _local(ledger: Ledger) -> datetime:
    return ledger.until.astimezone(ledger.zone)
