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
    place = _PLACE.search(str(getattr(error, "diagnostic", "")))
    file, line = (place[1], int(place[2])) if place else ("main.typ", 1)
    # typst tells the file by its way from where it was started.
    file = file.rpartition("/")[2].replace("main.typ", f"{variant}.typ")
    if missing := _NO_KEY.search(text):
        return unknown_field(file, line, missing[1])
    return TemplateFault(file, line, text)
