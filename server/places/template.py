"""The file to fill in: an XLSX workbook with the headers, words and kinds; pure."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from server.checklists.places import PlaceRules
from server.places.columns import COLUMNS, GAS, LEVELS
from server.places.sheet import MAX_ROWS, column_letter
from server.places.workbook import SHEET_TITLE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHOICES = {
    "是／否": ("是", "否"),
    "低／中／高": tuple(LEVELS),
    "瓶装／管道": tuple(GAS),
}


def template(rules: PlaceRules) -> bytes:
    """Return the workbook; its sheet 场所登记 holds the headers alone."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET_TITLE
    sheet.append([column.title for column in COLUMNS])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(COLUMNS):
        letter = column_letter(index)
        sheet[f"{letter}1"].font = Font(bold=column.required)
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.title) + 2)
        # Long numbers stay whole as text.
        sheet.column_dimensions[letter].number_format = "@"
        if column.about in _CHOICES:
            words = ",".join(_CHOICES[column.about])
            choice = DataValidation("list", formula1=f'"{words}"', allow_blank=True)
            choice.add(f"{letter}2:{letter}{MAX_ROWS + 1}")
            sheet.add_data_validation(choice)
    about = book.create_sheet("说明")
    about.append(["列", "必填", "填写"])
    for column in COLUMNS:
        about.append([column.title, "是" if column.required else "", column.about])
    kinds = book.create_sheet("类型")
    kinds.append(["代码", "名称", "风险隐患点", "依据"])
    for kind in rules.kinds:
        point = "是" if kind.risk_point else ""
        kinds.append([kind.code, kind.name, point, "、".join(kind.basis)])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
