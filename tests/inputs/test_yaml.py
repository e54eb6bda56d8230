"""YAML that people write: strict forms, lines and choices."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import yaml
from kpi_lib.inputs.forms import Day, Number


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ratio(Model):
    kind: Literal["ratio"]
    cap: Number = Decimal(1)


class Linear(Model):
    kind: Literal["linear"]
    from_: Number = Field(alias="from")
    to: Number


class Item(Model):
    id: str
    rule: Annotated[Ratio | Linear, Field(discriminator="kind")]
    missing: Literal["pending", "zero"] = "pending"
    count: int | None = Field(default=None, ge=0)


class Top(Model):
    id: str
    since: Day
    items: tuple[Item, ...]
    weights: dict[str, Number] = {}


GOOD = """\
id: sample
since: 2026-10-01
items:
  - id: one
    rule: {kind: ratio, cap: 150%}
  - id: two
    count: 3
    rule:
      kind: linear
      from: 0.1
      to: "1"
weights: {views: 2}
"""


def load(folder: Path, text: str | bytes) -> Top:
    path = folder / "top.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return yaml.load_document(path, Top, "data/top.yml")[0]


def test_good_yaml(tmp_path: Path) -> None:
    found = load(tmp_path, "\ufeff" + GOOD)

    assert found.since == date(2026, 10, 1)
    assert found.items[0].rule == Ratio(kind="ratio", cap=Decimal("1.5"))
    assert found.items[1].rule.from_ == Decimal("0.1")
    assert found.weights == {"views": Decimal(2)}


def test_a_document_knows_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "top.yml"
    path.write_text(GOOD, encoding="utf-8")
    _, line = yaml.load_document(path, Top, "data/top.yml")

    assert line(("items", 1)) == 6
    assert line(("items", 1, "rule", "to")) == 11
    assert line(("items", 1, "nothing")) == 6
    assert line(("weights",)) == 12


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("id: sample", "id: 5", "第1行：id是“5”；应为文字", id="text"),
        pytest.param("2026-10-01", "20261001", "第2行：since是.*应为日期", id="date"),
        pytest.param("150%", "true", r"第5行：items\[1\].rule.cap是“true”", id="true"),
        pytest.param("cap", "cpa", "不认识的键.*cpa；应为kind、cap", id="unknown-key"),
        pytest.param("kind: ratio", "kind: rato", "应为ratio、linear", id="kind"),
        pytest.param('      to: "1"\n', "", r"缺少items\[2\].rule.to", id="missing"),
        pytest.param("count: 3", "count: 1.5", "第7行.*应为整数", id="whole"),
        pytest.param("count: 3", "count: -1", "应为不小于0", id="limit"),
        pytest.param("count: 3", "missing: no", "应为pending、zero", id="literal"),
        pytest.param("views: 2", "views: .nan", "weights.views是.*应为数字", id="nan"),
        pytest.param("views: 2", "views: 2, views: 3", "键“views”重复", id="twice"),
        pytest.param("id: one", "[one", "第5行.*不是合法的YAML", id="syntax"),
        pytest.param("{views: 2}", "&a {views: 2}\nx: *a", "不支持锚点", id="anchor"),
        pytest.param("id: sample", "id: !x sample", "不支持标签", id="tag"),
        pytest.param("weights:", "---\nweights:", "含有多个YAML文档", id="documents"),
    ],
)
def test_a_mistake_in_yaml_is_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD

    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("id：a\nsince: 1\n", "中文的“：”请改成英文的“: ”", id="colon"),
        pytest.param("items: []\n  - id: a\n", "请删去“items: []”的", id="brackets"),
        pytest.param("id: a\n b: c\n", "请检查这一行和它上面一行", id="other"),
    ],
)
def test_the_remedy_names_what_people_mostly_do(
    tmp_path: Path, text: str, remedy: str
) -> None:
    with pytest.raises(InvalidInput, match=f"不是合法的YAML.*{re.escape(remedy)}"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "文件是空的", id="empty"),
        pytest.param("- 1\n", "不是一张表", id="list"),
        pytest.param("id: 中\nname: 文".encode("gb18030"), "第1行：不是UTF-8", id="gb"),
        pytest.param("x: " + "[" * 1000, "括号没有配对", id="deep"),
        pytest.param(b"id: \x00", "不是合法的YAML", id="control"),
        pytest.param(b"#" * 250_001, "文件太大", id="large"),
    ],
)
def test_what_is_no_document_is_refused(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, text)


def test_a_missing_document_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"没有这个文件；应为.*请用kpi init"):
        yaml.load_document(tmp_path / "no.yml", Top, "data/no.yml")


def test_all_mistakes_in_yaml_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("id: sample", "id: 5").replace("views: 2", "views: x")

    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text)

    assert [problem.place for problem in caught.value.problems] == ["第1行", "第12行"]
