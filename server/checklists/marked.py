"""YAML files whose every value knows its line, checked against a JSON Schema."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from server.checklists import wording

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

Where = tuple[str | int, ...]
# The C parser is ten times faster; PyYAML has it wherever libyaml is there.
_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, order=True, slots=True)
class Fault:
    """One thing wrong in a catalogue; ``str()`` gives ``file:line: message``."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class CatalogueInvalid(Exception):
    """A catalogue cannot be used; ``faults`` are sorted by file and line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Marked:
    """A file's data (dicts, lists, scalars) and the line of each value by its path."""

    file: Path
    data: Any
    lines: dict[Where, int]

    def line(self, *where: str | int) -> int:
        """Line (from 1) of the value at a path, or of the nearest one around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def fault(self, message: str, *where: str | int) -> Fault:
        """A fault at the value with this path."""
        return Fault(str(self.file), self.line(*where), message)


def read(file: Path, schema: Path) -> Marked:
    """Read one YAML file and check its structure.

    Raises:
        CatalogueInvalid: the file is missing, is not UTF-8 or not YAML, repeats a
            key, uses anchors, or does not keep to the schema; with all its faults.
    """
    reader = _Reader(file)
    marked = reader.read()
    faults = reader.faults or list(_structure_faults(marked, schema))
    if faults:
        raise CatalogueInvalid(faults)
    return marked


class _Reader:
    """Composes YAML nodes itself: PyYAML's own dicts forget lines and double keys."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._lines: dict[Where, int] = {}
        self._seen: set[int] = set()

    def read(self) -> Marked:
        loader = _YamlLoader(self._text())
        try:
            node = loader.get_single_node()
            data = None if node is None else self._value(loader, node, ())
        except yaml.YAMLError as error:
            raise CatalogueInvalid([self._yaml_fault(error)]) from error
        finally:
            loader.dispose()
        return Marked(self.file, data, self._lines)

    def _text(self) -> str:
        try:
            content = self.file.read_bytes()
        except OSError as error:
            reason = f"无法读取：{error.strerror}"
            raise CatalogueInvalid([Fault(str(self.file), 1, reason)]) from error
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise CatalogueInvalid(
                [Fault(str(self.file), line, "不是 UTF-8 编码")]
            ) from error

    def _yaml_fault(self, error: yaml.YAMLError) -> Fault:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark else 1
        return Fault(str(self.file), line, wording.yaml_problem(problem))

    def _value(self, loader: Any, node: yaml.Node, where: Where) -> Any:
        self._lines.setdefault(where, node.start_mark.line + 1)
        # Shared nodes would make one line stand for two places, and may be cyclic.
        if id(node) in self._seen:
            self._complain(node, "清单里不用锚点和别名（& 和 *）")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, where)
        if isinstance(node, yaml.SequenceNode):
            return [
                self._value(loader, item, (*where, index))
                for index, item in enumerate(node.value)
            ]
        return loader.construct_object(node)

    def _mapping(
        self, loader: Any, node: yaml.MappingNode, where: Where
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node, "字段名须是一个词")
            elif key in result:
                self._complain(key_node, f"字段 {key} 在这里重复")
            else:
                self._lines[*where, key] = key_node.start_mark.line + 1
                result[key] = self._value(loader, value_node, (*where, key))
        return result

    def _complain(self, node: yaml.Node, message: str) -> None:
        line = node.start_mark.line + 1
        self.faults.append(Fault(str(self.file), line, message))


@cache
def _validator(schema: Path) -> "Draft202012Validator":
    # Imported here: it takes five times as long as all the rest, and a running
    # server that reads its catalogue from the database never needs it.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _structure_faults(marked: Marked, schema: Path) -> Iterator[Fault]:
    for error in _validator(schema).iter_errors(marked.data):
        for where in _places(error):
            named = wording.place(marked.data, where)
            said = wording.structure(error)
            yield marked.fault(f"{named}：{said}" if named else said, *where)


def _places(error: "ValidationError") -> list[Where]:
    """Where to point: an unknown key at the key itself, all else at the value."""
    where: Where = tuple(error.absolute_path)
    schema, value = error.schema, error.instance
    if error.validator == "additionalProperties":
        if isinstance(schema, dict) and isinstance(value, dict):
            known = schema.get("properties", {})
            return [(*where, key) for key in value if key not in known]
    elif "propertyNames" in error.absolute_schema_path:
        return [(*where, str(value))]
    return [where]
