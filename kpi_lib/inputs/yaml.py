"""
YAML that people write, read strictly into a model; every mistake with its line.

All mistakes are collected before anything is raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from kpi_lib.errors import InvalidInput, Problem, of_system
from kpi_lib.held import held
from kpi_lib.inputs.forms import WrongForm, choices, expectation, quoted
from kpi_lib.workspace import sha256

M = TypeVar("M", bound=BaseModel)
KeyPath = tuple[str | int, ...]

MOST_BYTES = 250_000  # A dozen times the usual plan: more takes minutes


def load_document(
    path: Path,
    model: type[M],
    where: str,
    most: int = MOST_BYTES,
    named: object = None,
) -> tuple[M, Callable[[Sequence[str | int]], int]]:
    """Read a YAML file into a model; tell the line of a path from the top, too."""
    text = _text(path, where, most)
    try:
        tree = _parsed(text, where)
        values = _plain(tree, where, set())
        return validated(values, model, where, tree, named), partial(_line, tree)
    except RecursionError:
        what, do = "层级过深，或有许多括号没有配对", "请减少嵌套，把括号配对"
        raise InvalidInput.of(what, where=where, do=do) from None


def validated(
    values: object,
    model: type[M],
    where: str,
    tree: CommentedMap | None = None,
    named: object = None,
) -> M:
    """
    Check plain values against a model, as a file's are checked.

    Parameters
    ----------
    values : object
        Dicts, lists and scalars.
    model : type of BaseModel
        What they must fit.
    where : str
        What messages call it.
    tree : CommentedMap, optional
        The values as they were read, which know their lines.
    named : Directory, optional
        What they may name of other files.

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
        return model.model_validate(values, context=named)
    except ValidationError as refusal:
        raise InvalidInput(_translated(refusal, model, tree, where)) from None


# --- from text to plain values -------------------------------------------------


def _text(path: Path, where: str, most: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        held(path, "")
        raise InvalidInput.of(
            "没有这个文件",
            where=where,
            expected="工作区的data文件夹里的这个文件",
            do="请用kpi init DIR建一个新的工作区，从里面拷贝一份",
        ) from None
    except OSError as cause:
        raise InvalidInput((of_system(cause, where),)) from None
    if len(content) > most:
        what, expected = "文件太大，不像是手写的", f"{most // 1000}KB以内"
        do = "请核对是否放错了文件，删去多余的内容"
        raise InvalidInput.of(what, where=where, expected=expected, do=do)
    held(path, sha256(content))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = content[: cause.start].count(b"\n") + 1
        what, do = "不是UTF-8编码的文字", "请在编辑器里另存为UTF-8"
        raise InvalidInput.of(what, where=where, place=f"第{line}行", do=do) from None


def _parsed(text: str, where: str) -> CommentedMap:
    """Parse a text into a tree that knows its lines."""
    loader = YAML(typ="rt")
    loader.allow_duplicate_keys = False
    try:
        tree = loader.load(text)
    except (YAMLError, ValueError) as fault:
        raise InvalidInput((replace(_no_yaml(fault, text), where=where),)) from None
    if not isinstance(tree, CommentedMap):
        what, expected = "文件是空的或不是一张表", "顶层是“键: 值”的表"
        raise InvalidInput.of(what, where=where, expected=expected)
    return tree


def _no_yaml(fault: Exception, text: str) -> Problem:
    """Say what the parser stopped at, and what people mostly do there."""
    said = str(fault)
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    line = mark.line + 1 if mark else 0
    if key := re.search(r'duplicate key "(.*?)"', said):
        what, place = f"键{quoted(key[1])}重复", f"第{line}行"
        expected, do = "每个键只写一次", "请删去其中一个"
        return Problem(what=what, place=place, expected=expected, do=do)
    place = f"第{line}行，第{mark.column + 1}个字" if mark else ""
    if "expected a single document" in said:
        return Problem(what="含有多个YAML文档（---）", place=place)
    do = "请检查这一行和它上面一行的缩进、冒号和引号"
    for near in (text.split("\n") if line else [])[max(line - 2, 0) : line]:
        do = "中文的“：”请改成英文的“: ”" if "：" in near else do
        do = f"下面有内容时，请删去“{near.strip()}”的[]" if "[]" in near else do
    return Problem(
        what="不是合法的YAML",
        place=place,
        expected="“键: 值”（冒号后有空格），缩进只用空格，特殊字符加引号",
        do=do,
    )


def _plain(node: object, where: str, seen: set[int], line: int = 1) -> object:
    """Turn ruamel's types into plain ones; refuse what would grow or run."""
    if isinstance(node, CommentedMap | CommentedSeq):
        line = node.lc.line + 1
        if id(node) in seen or getattr(node, "merge", None):
            what, do = "不支持锚点与引用（& * <<）", "请把内容照写一遍"
            raise InvalidInput.of(what, where=where, place=f"第{line}行", do=do)
        seen.add(id(node))
        if isinstance(node, CommentedSeq):
            return [_plain(item, where, seen, line) for item in node]
        return {str(key): _plain(item, where, seen, line) for key, item in node.items()}
    if hasattr(node, "tag") and not isinstance(node, str | int | float | date):
        what, place, do = "不支持标签（!）", f"第{line}行", "请去掉标签"
        raise InvalidInput.of(what, where=where, place=place, do=do)
    if isinstance(node, datetime):
        return datetime.fromisoformat(node.isoformat())
    for kind in (bool, str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line(top: CommentedMap, path: Sequence[str | int]) -> int:
    """Return the line, from 1, of the deepest part of a path that exists."""
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
) -> tuple[KeyPath, type[BaseModel]]:
    """Return the path in the file and the innermost model around its last key."""
    path: list[str | int] = []
    near, inside = model, [model]
    for part in location:
        if isinstance(part, str) and (len(inside) > 1 or part.endswith("]")):
            # Names the member of a union that was tried, and is no key.
            inside = [member for member in inside if part in _tags(member)]
            continue
        path.append(part)
        if isinstance(part, str) and inside:
            (near,) = inside
            fields = near.model_fields.items()
            kinds = (at.annotation for name, at in fields if part in (name, at.alias))
            inside = _models(next(kinds, None))
    return tuple(path), near


def _models(kind: object) -> list[type[BaseModel]]:
    """Return the models that a type names, within lists and unions too."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models(part)]


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """Return the kinds by which a union chooses a model."""
    return get_args(model.model_fields["kind"].annotation)


def _problem(mistake: ErrorDetails, path: KeyPath, near: type[BaseModel]) -> Problem:
    """Say what is wrong, without its place."""
    name = key_path(path)
    cause = mistake.get("ctx", {}).get("error")
    match mistake["type"]:
        case "extra_forbidden":
            fields = near.model_fields.items()
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
