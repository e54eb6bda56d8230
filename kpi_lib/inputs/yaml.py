"""
YAML that people write, read strictly into a model; every mistake with its line.

All mistakes are collected before anything is raised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kpi_lib.errors import InvalidInput, Problem, of_system
from kpi_lib.held import held
from kpi_lib.inputs.forms import WrongForm, choices, expectation, quoted
from kpi_lib.workspace import sha256

M = TypeVar("M", bound=BaseModel)
KeyPath = tuple[str | int, ...]

MOST_BYTES = 250_000
"""Of a YAML file, a dozen times the usual plan: beyond it the parser takes minutes."""


@dataclass(frozen=True)
class Document(Generic[M]):
    """A YAML file as a model, with the tree it was read from, which knows its lines."""

    value: M
    where: str
    tree: Any = field(repr=False)

    def line(self, *path: str | int) -> int:
        """Return the line, from 1, of the deepest part of a path that exists."""
        return _line(self.tree, path)

    def problem(
        self, path: Sequence[str | int], what: str, expected: str = "", do: str = ""
    ) -> Problem:
        """Return an error of this file, at the line of a path from the top."""
        place = f"第{self.line(*path)}行"
        return Problem(
            what=what, where=self.where, place=place, expected=expected, do=do
        )


def load_document(
    path: Path,
    model: type[M],
    error: type[InvalidInput],
    where: str,
    most: int = MOST_BYTES,
) -> Document[M]:
    """Read a YAML file into a model and keep its lines for checks across it."""
    file = _File(path, where, error, most)
    tree = file.tree()
    try:
        values = file.plain(tree, set())
        return Document(validated(values, model, error, where, tree), where, tree)
    except RecursionError:
        raise file.too_deep() from None


def validated(
    values: object,
    model: type[M],
    error: type[InvalidInput],
    where: str,
    tree: CommentedMap | None = None,
) -> M:
    """
    Check plain values against a model, as a file's are checked.

    Parameters
    ----------
    values : object
        Dicts, lists and scalars.
    model : type of BaseModel
        What they must fit.
    error : type of InvalidInput
        What is raised.
    where : str
        What messages call it.
    tree : CommentedMap, optional
        The values as they were read, which know their lines.

    Returns
    -------
    BaseModel
        The validated model.

    Raises
    ------
    InvalidInput
        With one problem for every mistake.
    """
    try:
        return model.model_validate(values)
    except ValidationError as refusal:
        raise error(_translated(refusal, model, tree, where)) from None


# --- from text to plain values -------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A YAML file that is read, and refused at the first thing that is no YAML."""

    path: Path
    where: str
    error: type[InvalidInput]
    most: int

    def refused(self, what: str, place: str = "", **remedy: str) -> InvalidInput:
        """Return what is raised."""
        return self.error.of(what, where=self.where, place=place, **remedy)

    def too_deep(self) -> InvalidInput:
        """Return the refusal of lists within lists within lists."""
        what, do = "层级过深，或有许多括号没有配对", "请减少嵌套，把括号配对"
        return self.refused(what, do=do)

    def text(self) -> str:
        """Read its text."""
        try:
            with self.path.open("rb") as file:
                content = file.read(self.most + 1)
        except FileNotFoundError:
            held(self.path, "")
            raise self.refused(
                "没有这个文件",
                expected="工作区的data文件夹里的这个文件",
                do="请用kpi init DIR建一个新的工作区，从里面拷贝一份",
            ) from None
        except OSError as cause:
            raise self.error((of_system(cause, self.where),)) from None
        if len(content) > self.most:
            expected = f"{self.most // 1000}KB以内"
            do = "请核对是否放错了文件，删去多余的内容"
            raise self.refused("文件太大，不像是手写的", expected=expected, do=do)
        held(self.path, sha256(content))
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as cause:
            line = content[: cause.start].count(b"\n") + 1
            do = "请在编辑器里另存为UTF-8"
            raise self.refused("不是UTF-8编码的文字", f"第{line}行", do=do) from None

    def tree(self) -> CommentedMap:
        """Parse its text into a tree that knows its lines."""
        text = self.text()
        loader = YAML(typ="rt")
        loader.allow_duplicate_keys = False
        try:
            tree = loader.load(text)
        except DuplicateKeyError as fault:
            raise self._duplicate(fault) from None
        except MarkedYAMLError as fault:
            raise self._broken(fault) from None
        except RecursionError:
            raise self.too_deep() from None
        except (YAMLError, ValueError) as fault:
            line = re.search(r"line (\d+)", str(fault))
            place = f"第{line[1]}行" if line else ""
            raise self.refused("不是合法的YAML", place) from None
        if not isinstance(tree, CommentedMap):
            expected = "顶层是“键: 值”的表"
            raise self.refused("文件是空的或不是一张表", expected=expected)
        return tree

    def _duplicate(self, fault: MarkedYAMLError) -> InvalidInput:
        key = re.search(r'duplicate key "(.*?)"', fault.problem or "")
        what = f"键{quoted(key[1]) if key else ''}重复"
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        remedy = {"expected": "每个键只写一次", "do": "请删去其中一个"}
        return self.refused(what, f"第{line}行", **remedy)

    def _broken(self, fault: MarkedYAMLError) -> InvalidInput:
        mark = fault.problem_mark or fault.context_mark
        place = f"第{mark.line + 1}行，第{mark.column + 1}个字" if mark else ""
        if "expected a single document" in f"{fault.context} {fault.problem}":
            return self.refused("含有多个YAML文档（---）", place)
        return self.refused(
            "不是合法的YAML",
            place,
            expected="“键: 值”（冒号后有空格），缩进只用空格，特殊字符加引号",
            do="请检查这一行和它上面一行的缩进、冒号和引号",
        )

    def plain(self, node: object, seen: set[int], line: int = 1) -> object:
        """Turn ruamel's types into plain ones; refuse what would grow or run."""
        if isinstance(node, CommentedMap | CommentedSeq):
            line = node.lc.line + 1
            if id(node) in seen or getattr(node, "merge", None):
                what = "不支持锚点与引用（& * <<）"
                raise self.refused(what, f"第{line}行", do="请把内容照写一遍")
            seen.add(id(node))
            if isinstance(node, CommentedSeq):
                return [self.plain(item, seen, line) for item in node]
            return {
                str(key): self.plain(item, seen, line) for key, item in node.items()
            }
        if hasattr(node, "tag") and not isinstance(node, str | int | float | date):
            raise self.refused("不支持标签（!）", f"第{line}行", do="请去掉标签")
        if isinstance(node, datetime):
            return datetime.fromisoformat(node.isoformat())
        for kind in (bool, str, int, float):
            if isinstance(node, kind):
                return kind(node)
        return node


def _line(top: CommentedMap, path: Sequence[str | int]) -> int:
    node: Any = top
    line = top.lc.line
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0]
        elif isinstance(node, CommentedSeq) and part in range(len(node)):
            line = node.lc.item(part)[0]
        else:
            break
        node = node[part]
    return int(line) + 1


# --- pydantic's mistakes --------------------------------------------------------


def _translated(
    refusal: ValidationError,
    model: type[BaseModel],
    tree: CommentedMap | None,
    where: str,
) -> tuple[Problem, ...]:
    problems: dict[tuple[KeyPath, str], Problem] = {}
    mistakes = refusal.errors(include_url=False)
    for mistake in mistakes:
        # A list is only called too short for what is wrong inside it: told already.
        inside = (m["loc"][: len(mistake["loc"])] for m in mistakes if m is not mistake)
        if mistake["type"] == "too_short" and mistake["loc"] in inside:
            continue
        path, near = _located(mistake["loc"], model)
        place = "" if tree is None else f"第{_line(tree, path)}行"
        problem = replace(_problem(mistake, path, near), where=where, place=place)
        before = problems.get((path, problem.what))
        if before is not None and before.expected != problem.expected:
            expected = f"{before.expected}，或{problem.expected}"
            problem = replace(problem, expected=expected, do="")
        problems[path, problem.what] = problem
    return tuple(problems.values())


def _located(
    location: KeyPath, model: type[BaseModel]
) -> tuple[KeyPath, type[BaseModel] | None]:
    """Return the path in the file and the innermost model around its last key."""
    path: list[str | int] = []
    kind: object = model
    owner: type[BaseModel] | None = model
    for part in location:
        kind, *others = members = _members(kind)
        if others:
            kind = next((member for member in members if part in _tags(member)), object)
            if isinstance(part, str):  # names the member tried, and is no key
                continue
        owner = kind if _is_model(kind) else owner
        kind = _step(kind, part)
        path.append(part)
    return tuple(path), owner


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _members(kind: object) -> list[object]:
    """Return what a value may be: the members of a union, or the type itself."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) not in (Union, UnionType):
        return [kind]
    return [m for part in get_args(kind) for m in _members(part) if m is not NoneType]


def _tags(kind: object) -> tuple[Any, ...]:
    """Return the kinds by which a union chooses a model."""
    return get_args(kind.model_fields["kind"].annotation) if _is_model(kind) else ()


def _step(kind: object, part: str | int) -> object:
    """Return the type behind a key or a position."""
    if _is_model(kind):
        for name, item in kind.model_fields.items():
            if part in (name, item.alias):
                return item.annotation
        return object
    arguments = get_args(kind)
    if not arguments:
        return object
    return arguments[0] if isinstance(part, int) else arguments[-1]


def _problem(
    mistake: ErrorDetails, path: KeyPath, near: type[BaseModel] | None
) -> Problem:
    """Say what is wrong, without its place."""
    name = key_path(path)
    cause = mistake.get("ctx", {}).get("error")
    match mistake["type"]:
        case "extra_forbidden":
            fields = near.model_fields.items() if near else ()
            expected = choices([item.alias or name for name, item in fields])
            do = "请改正拼写或删去这一行"
            return Problem(what=f"不认识的键{name}", expected=expected, do=do)
        case "missing":
            return Problem(what=f"缺少{name}", do="请补上这个键")
        case "union_tag_invalid":
            key = mistake["ctx"]["discriminator"].strip("'")
            what = f"{name}.{key}是{quoted(mistake['ctx']['tag'])}"
            return Problem(what=what, expected=expectation(mistake))
        case "union_tag_not_found":
            key = str(mistake["ctx"].get("discriminator", "")).strip("'")
            return Problem(what=f"{name}缺少{key}")
        case "value_error" if not isinstance(cause, WrongForm):
            return Problem(what=f"{name}：{cause}" if name else str(cause))
    value = mistake["input"]
    if isinstance(value, dict | list):
        said = "一张“键: 值”的表" if isinstance(value, dict) else "一个列表"
    else:
        said = quoted(value)
    return Problem(what=f"{name}是{said}", expected=expectation(mistake))


def key_path(path: Sequence[str | int]) -> str:
    """Write a path for a reader: ``operators[1].leave[1].from``, positions from 1."""
    steps = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(steps).removeprefix(".")
