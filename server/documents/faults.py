"""What is wrong with a template, told by file and line."""

from __future__ import annotations

import re

# typst's "┌─ main.typ:3:3" and its "dictionary does not contain key "foo"".
_PLACE = re.compile(r"┌─ (\S+):(\d+):\d+")
_NO_KEY = re.compile(r'dictionary does not contain key "([^"]*)"')


class TemplateFault(Exception):
    """A template cannot be used; ``str()`` gives ``file:line: message``."""

    def __init__(self, file: str, line: int, message: str) -> None:
        self.file = file
        self.line = line
        self.message = message
        super().__init__(f"{file}:{line}: {message}")


def unknown_field(file: str, line: int, name: str) -> TemplateFault:
    """The fault of a field that documents do not have."""
    return TemplateFault(file, line, f"文书没有字段 {name}（unknown field {name}）")


def compile_fault(error: Exception, variant: str) -> TemplateFault:
    """Turn what typst complains of into a fault of the file a person edits."""
    text = str(getattr(error, "message", error))
    places = _PLACE.findall(str(getattr(error, "diagnostic", "")))
    missing = _NO_KEY.search(text)
    # The first is where it failed, the others where that was called from. A field is
    # wrong where the template names it, though a function of the layout looks it up.
    named = [place for place in places if place[0].endswith("main.typ")]
    file, line = (named[-1:] if missing and named else places[:1] or [("main.typ", 1)])[
        0
    ]
    # typst tells the file by its way from where it was started.
    file = file.rpartition("/")[2].replace("main.typ", f"{variant}.typ")
    if missing:
        return unknown_field(file, int(line), missing[1])
    return TemplateFault(file, int(line), text)
