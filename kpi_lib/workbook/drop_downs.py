"""
Drop-downs for a question of `kpi_lib.workbook.questions`, above its answer.

Controls and answer are two outputs of a cell: what was chosen last is what a saved
notebook holds and an export shows, also where no widget runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from kpi_lib.catalogue import METRICS
from kpi_lib.days import months_back
from kpi_lib.errors import KpiError
from kpi_lib.page import Fragment, made
from kpi_lib.workbook import frames, questions
from kpi_lib.workbook.tables import BY, Tables

Options = Sequence[tuple[str, Any]]

EVERY = "全部"


def _metrics(m: Tables) -> Options:
    measured = set(m.monthly["metric"])
    return [
        (metric.zh, id)
        for id, metric in METRICS.items()
        if metric.target and (metric.parts or id in measured)
    ]


# Choices that there are controls for: what stands before each, and its options.
CHOICES: dict[str, tuple[str, Callable[[Tables], Options]]] = {
    "operator": ("运营", lambda m: [(who.name, who.id) for who in m.appraised]),
    "platform": ("平台", lambda m: [(at.name, id) for id, at in m.platforms.items()]),
    "metric": ("指标", _metrics),
    "month": ("月份", lambda m: [(at, at) for at in reversed(m.months)]),
    "back": ("月数", lambda _: [(f"{count}个月", count) for count in (12, 6, 3, 2)]),
    "by": ("按", lambda _: [(name, by) for by, name in BY.items()]),
    "against": (
        "对比",
        lambda m: [("上月", ""), *((at, at) for at in months_back(m.month, 13)[:-2])],
    ),
    "campaign": ("活动", lambda m: [(at.name, at.id) for at in m.worklog.campaigns]),
}

# Questions that not every metric can be asked of, and which can.
ANSWERABLE: dict[Callable[..., Fragment], Callable[[str], bool]] = {
    questions.days: frames.has_days,
    questions.campaign: frames.days_compare,
}


class Asked:
    """A question with its controls, one for each choice; shows what they answer."""

    def __init__(
        self, question: Callable[..., Fragment], m: Tables, **choices: Any
    ) -> None:
        self._question, self._month = question, m
        answerable = ANSWERABLE.get(question, bool)
        self.controls = {}
        for name, value in choices.items():
            given = CHOICES[name][1](m)
            if name == "metric":
                given = [(zh, id) for zh, id in given if answerable(id)]
            elif name == "operator":
                given = [(EVERY, ""), *given]
            self.controls[name] = _control(name, given, value)
        row = list(self.controls.values())
        self._row = widgets.HBox(row, layout={"flex_flow": "row wrap"})

    @property
    def answer(self) -> Fragment:
        """The answer to what is chosen now, or a refusal in one line."""
        chosen = {name: control.value for name, control in self.controls.items()}
        try:
            return self._question(self._month, **chosen)
        except KpiError as refusal:
            return made("refused", why=str(refusal))

    def __getattr__(self, name: str) -> Any:
        # `.frame`, `.charts()`, `.save()` of what is chosen.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.answer, name)

    def _ipython_display_(self) -> None:
        display(self._row)  # type: ignore[no-untyped-call]
        shown = display(self.answer, display_id=True)  # type: ignore[no-untyped-call]
        for control in self.controls.values():
            control.observe(lambda _: shown.update(self.answer), "value")


def ask(question: Callable[..., Fragment], m: Tables, **choices: Any) -> Asked:
    """
    Ask a question with drop-downs.

    Parameters
    ----------
    question : callable
        Of `kpi_lib.workbook.questions`; takes the month and the choices by name.
    m : Workbook
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
    >>> "示例运营甲" in asked.answer.frame["name"].tolist()
    True
    """
    return Asked(question, m, **choices)


def _control(name: str, options: Options, value: Any) -> widgets.ValueWidget:
    values, several = [choice for _, choice in options], isinstance(value, tuple)
    kind = widgets.SelectMultiple if several else widgets.Dropdown
    return kind(
        options=options,
        value=value if several or value in values else next(iter(values), None),
        description=CHOICES[name][0],
        tooltip="按住Ctrl可以多选；都不选就是全部" if several else "",
        layout={"width": "16em"},
        style={"description_width": "3em"},
    )
