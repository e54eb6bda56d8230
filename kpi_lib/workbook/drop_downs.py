"""
Drop-downs for a question of `kpi_lib.workbook.questions`, beside its first answer.

Where widgets do not run (a preview, an export, an editor without them) the same cell
shows the first answer as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import ipywidgets as widgets

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import KpiError
from kpi_lib.page import Fragment, made
from kpi_lib.workbook.team import TeamMonth

Options = Sequence[tuple[str, Any]]

EVERY = "全部"

LABELS = {
    "operator": "运营",
    "platform": "平台",
    "metric": "指标",
    "month": "月份",
    "back": "月数",
    "by": "按",
    "campaign": "活动",
}
"""Choices that there are controls for, and what stands before each."""

WIDGET = "application/vnd.jupyter.widget-view+json"


class Asked:
    """
    A question with its controls.

    Parameters
    ----------
    question : callable
        Of `kpi_lib.workbook.questions`.
    m : TeamMonth
        The month.
    choices : mapping of str to object
        First choices by name, a control each; a tuple may hold several.
    """

    def __init__(
        self,
        question: Callable[..., Fragment],
        m: TeamMonth,
        choices: Mapping[str, Any],
    ) -> None:
        self._question, self._month = question, m
        takes = signature(question).parameters
        self.controls = {
            name: _control(name, options(m, name), value, takes[name].default)
            for name, value in choices.items()
        }
        # The cell's static form: what is shown where no widget runs.
        self.first = self.answer()
        self._shown = widgets.HTML(self.first._repr_html_())
        self._shown.layout.width = "100%"
        for control in self.controls.values():
            control.observe(self._again, "value")
        row = widgets.HBox(list(self.controls.values()))
        row.layout.flex_flow = "row wrap"
        self._box = widgets.VBox([row, self._shown])

    def answer(self) -> Fragment:
        """
        Ask with what is chosen now.

        Returns
        -------
        Fragment
            The answer, or a refusal in one line.
        """
        chosen = {name: control.value for name, control in self.controls.items()}
        try:
            return self._question(self._month, **chosen)
        except KpiError as refusal:
            return made("refused", why=str(refusal))

    @property
    def html(self) -> str:
        """What is shown now."""
        return str(self._shown.value)

    def _again(self, _change: object) -> None:
        self._shown.value = self.answer()._repr_html_()

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle = dict(self._box._repr_mimebundle_())
        return {
            **{key: value for key, value in bundle.items() if key == WIDGET},
            "text/html": self.first._repr_html_(),
            "text/plain": repr(self.first),
        }


def ask(question: Callable[..., Fragment], m: TeamMonth, **choices: Any) -> Asked:
    """
    Ask a question with drop-downs.

    Parameters
    ----------
    question : callable
        Of `kpi_lib.workbook.questions`; takes the month and the choices by name.
    m : TeamMonth
        The month.
    **choices : object
        First choices, a drop-down each, in their order: operator, platform, metric
        (a tuple: several may be chosen), month, back, by, campaign.

    Returns
    -------
    Asked
        Shows the controls and the answer, which follows them.

    Examples
    --------
    >>> from kpi_lib.workbook import questions
    >>> asked = ask(questions.compare, m, metric="views", by="platform")
    >>> asked.controls["by"].value = "operator"
    >>> "示例运营甲" in asked.html
    True
    """
    return Asked(question, m, choices)


def options(m: TeamMonth, name: str) -> Options:
    """
    List what may be chosen.

    Parameters
    ----------
    m : TeamMonth
        The month.
    name : str
        A key of `LABELS`.

    Returns
    -------
    sequence of (label, value)
    """
    match name:
        case "operator":
            people = m.operators
            return list(zip(people["name"], people["operator"], strict=True))
        case "platform":
            return [(one.name, id) for id, one in m.platforms.items()]
        case "metric":
            measured = {*m.monthly["metric"], *(r for r in METRICS if METRICS[r].parts)}
            known = (one for one in METRICS.values() if one.name in measured)
            return [(one.zh, one.name) for one in known if one.target]
        case "month":
            return [(month, month) for month in reversed(m.months)]
        case "back":
            return [(f"{count}个月", count) for count in (12, 6, 3, 2)]
        case "by":
            names = {"platform": "平台", "operator": "运营", "account": "账号"}
            return [(zh, by) for by, zh in names.items()]
        case "campaign":
            held = m.campaigns
            return list(zip(held["name"], held["id"], strict=True))
    raise KeyError(name)


def _control(
    name: str, known: Options, value: Any, default: Any
) -> widgets.ValueWidget:
    if name == "operator" and default == "":
        known = [(EVERY, ""), *known]
    given = {"options": known, "description": LABELS[name]}
    if isinstance(value, tuple):
        given["tooltip"] = "按住Ctrl可以多选；都不选就是全部"
        control = widgets.SelectMultiple(value=value, rows=min(len(known), 5), **given)
    else:
        values = [one for _, one in known]
        first = value if value in values else next(iter(values), None)
        control = widgets.Dropdown(value=first, **given)
    control.style.description_width = "3em"
    control.layout.width = "16em"
    return control
