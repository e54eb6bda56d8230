"""
The analyst's front door: ``from kpi_lib import open_month``.

Tables and questions come from `kpi_lib.workbook.team`; here stands what acts. Whatever
a command of ``kpi`` does is one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import appraisal, inputs, run
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem
from kpi_lib.run import Outcome, frames_xlsx, newest
from kpi_lib.workbook import questions, whatif
from kpi_lib.workbook.explaining import explain as lines_of
from kpi_lib.workbook.rescoring import rescore as rescored
from kpi_lib.workbook.team import Card, TeamMonth
from kpi_lib.workbook.whatif import WhatIf
from kpi_lib.workspace import Workspace, write_atomic

__all__ = ["Card", "Lines", "WhatIf", "Workbook", "open_month"]


class Lines(list[str]):
    """Lines for a reader, shown one below the other."""

    def __repr__(self) -> str:
        return "\n".join(self)


class Workbook(TeamMonth):
    """
    One month of the team, with everything that can be done with it.

    Made by `open_month`. Tables: `daily`, `posts`, `monthly`, `ledger`, `files`,
    `operators`, `accounts`, `targets`, `campaigns`. Questions: `values`, `totals`,
    `published`, `score`, `scores`, `what_if`, `operator`. To take along: `to_excel`,
    `charts.save_all(m, folder)`. The commands of ``kpi``: `check`, `clean`, `run`,
    `status`, `explain`, `verify`, `rescore`, `new_month`, `add`.
    """

    @property
    def workspace(self) -> Workspace:
        """Where everything lies."""
        return self.source.workspace

    def what_if(
        self,
        operator: str,
        *,
        targets: Mapping[str, whatif.Value] | None = None,
        plan: whatif.Changes | None = None,
    ) -> WhatIf:
        """
        Score an operator under other targets, weights or rules; nothing is written.

        Parameters
        ----------
        operator : str
            Roster id or name.
        targets : mapping of str to number, optional
            The month's target by metric, in the metric's unit, a rate as a fraction
            or ``"35%"``; ``"views/douyin"`` for the target of one platform.
        plan : mapping of str to value, optional
            ``"content.published"`` for a measure, ``"content"`` for an item, or a key
            of plan.yml as ``weights`` or ``band``, each with a dict of what changes.
            Points must still add up to 100.

        Returns
        -------
        WhatIf
            Both cards; `frame` has them side by side, `change` is the difference.

        Raises
        ------
        InvalidInput
            What is changed does not exist, or the changed plan does not hold.

        Examples
        --------
        >>> m.what_if("op-01", targets={"views": "900,000"}).change < 0
        True
        """
        id = self.operator_id(operator)
        return whatif.what_if(self.source, id, targets=targets, plan=plan)

    @property
    def scores(self) -> pd.DataFrame:
        """
        Score everybody, from what lies there now.

        Returns
        -------
        DataFrame
            One row per operator and measure: `operator`, then as `Card.frame`.
        """
        frames = []
        for id in self.operators["operator"]:
            frames.append(self.score(id).frame)
            frames[-1].insert(0, "operator", id)
        return pd.concat(frames, ignore_index=True)

    def charts(self) -> Iterator[tuple[str, Axes]]:
        """
        Draw the team's charts, for `charts.save_all`.

        Yields
        ------
        str, Axes
            A name fit for a file, and the chart.
        """
        answers = [
            questions.days(self, metric=DAILY),
            questions.months(self, metric=MONTHLY),
            *(questions.compare(self, metric) for metric in MONTHLY),
            questions.publishing(self),
            questions.top_posts(self),
            *(questions.campaign(self, id) for id in self.campaigns.get("id", ())),
        ]
        return (drawn for answer in answers for drawn in answer.charts())

    # Taking it along.

    def to_excel(self, path: str | Path) -> Path:
        """
        Write every table to one workbook, a sheet each.

        Parameters
        ----------
        path : str or Path
            Ending in ``.xlsx``; what is there is replaced.

        Returns
        -------
        Path
            Where it was written. Numbers are numbers, shares percentages, dates
            dates; no text is ever a formula.
        """
        path = Path(path)
        frames = {name: getattr(self, name) for name in TABLES}
        content = frames_xlsx(frames, forms(), f"KPI {self.month}")
        write_atomic(path, content)
        return path

    # What the commands do.

    def check(self) -> pd.DataFrame:
        """
        Tell every problem of the month, as ``kpi check``; nothing is written.

        Returns
        -------
        DataFrame
            One row per problem, errors first: `level`, `where`, `place`, `what`,
            `expected`, `do`.
        """
        return _problems(run.check(self.workspace, self.month))

    def clean(self, *, force: bool = False) -> pd.DataFrame:
        """
        Clean the month's exports, as ``kpi clean``; open the month anew after it.

        Parameters
        ----------
        force : bool
            Also if nothing changed.

        Returns
        -------
        DataFrame
            One row: `job`, `state`, `error`.
        """
        return _outcomes(run.clean(self.workspace, self.month, force=force))

    def run(
        self,
        *,
        operators: Sequence[str] | None = None,
        workers: int | None = None,
        force: bool = False,
        pdf: bool = False,
    ) -> pd.DataFrame:
        """
        Make every page that is missing or stale, as ``kpi run``.

        Parameters
        ----------
        operators : sequence of str, optional
            Roster ids; default: everybody in the month.
        workers : int, optional
            Notebooks that run at once; default: one per core.
        force, pdf : bool
            Also what is not stale; also PDFs.

        Returns
        -------
        DataFrame
            One row per job: `job`, `state` (made, unchanged, failed), `error`.
        """
        return _outcomes(
            run.run(
                self.workspace,
                self.month,
                operators=operators,
                workers=workers,
                force=force,
                pdf=pdf,
            )
        )

    def status(self) -> pd.DataFrame:
        """
        Tell how every job stands, as ``kpi status``.

        Returns
        -------
        DataFrame
            One row per job: `job`, `state` (done, stale, failed, missing), `why`.
        """
        every = run.status(self.workspace, self.month)
        return pd.DataFrame([asdict(one) for one in every])

    def explain(self, operator: str, measure: str = "") -> Lines:
        """
        Tell how published points came about, as ``kpi explain``.

        Parameters
        ----------
        operator : str
            Roster id or name.
        measure : str
            ``item.measure`` or the measure's id; empty for a line per measure.

        Returns
        -------
        Lines
            Value, target, rule, points, files and rows.
        """
        id = self.operator_id(operator)
        return Lines(lines_of(self.workspace, self.month, id, measure))

    def verify(self) -> pd.DataFrame:
        """
        Compare the record with what lies there, as ``kpi verify``.

        Returns
        -------
        DataFrame
            One row per file that is not what it was; no row: every byte is.
        """
        return _problems(run.verify(self.workspace, self.month))

    def rescore(self, plan: str | Path) -> pd.DataFrame:
        """
        Put another plan beside the month's own, as ``kpi rescore``; nothing is kept.

        Parameters
        ----------
        plan : str or Path
            The other plan's file.

        Returns
        -------
        DataFrame
            One row per operator, total and measure: `operator`, `name`, `key`,
            `measure`, `before`, `possible_before`, `after`, `possible_after`.
        """
        done = rescored(self.workspace, self.month, Path(plan))
        rows = [
            {"operator": one.operator, **asdict(line), "measure": line.name}
            | {"name": one.name}
            for one in done
            for line in one.lines
        ]
        return pd.DataFrame(rows)

    def new_month(self, month: str) -> list[Path]:
        """
        Make the folders and the work-log template of a month, as ``kpi new-month``.

        Parameters
        ----------
        month : str
            ``YYYY-MM``.

        Returns
        -------
        list of Path
            What was made; what is there is left as it is.
        """
        return inputs.prepare(self.workspace, month)

    def add(
        self,
        files: Iterable[str | Path],
        account: str,
        *,
        downloaded: date | None = None,
        month: str = "",
    ) -> pd.DataFrame:
        """
        Copy exports in, as ``kpi add``: recognised first, named by download day.

        Parameters
        ----------
        files : iterable of str or Path
            Exports as they were downloaded.
        account : str
            Roster id or name.
        downloaded : date, optional
            Default: as each file tells it.
        month : str
            ``YYYY-MM`` of the folder; empty: by the download day.

        Returns
        -------
        DataFrame
            One row per file: `file`, `state` (copied, there, refused), `target`,
            `layout`, `month`, `days`, `posts`, `problems`.
        """
        done = run.add(
            self.workspace,
            [Path(file) for file in files],
            self.account_id(account),
            downloaded=downloaded,
            month=month,
        )
        return pd.DataFrame([one.as_dict() for one in done])


TABLES = (
    "operators", "scores", "daily", "monthly", "posts", "files", "ledger", "accounts",
    "targets", "campaigns",
)  # fmt: skip
"""Tables that `Workbook.to_excel` writes, in the order of their sheets."""

DAILY = ("views", "engagement_rate")
MONTHLY = ("followers", "views", "engagement_rate", "completion_rate", "revenue")
"""Metrics of which `Workbook.charts` draws days, and months and platforms."""


def forms() -> dict[str, str]:
    """
    Return Excel's number format of every column that has one.

    Returns
    -------
    dict of str to str
        By column: shares as percentages, yuan with two decimals, counts grouped.
    """
    by_unit = {"share": "0.00%", "CNY": "#,##0.00"}
    metrics = {name: by_unit.get(one.unit, "#,##0") for name, one in METRICS.items()}
    points = dict.fromkeys(("points", "possible", "score"), "0.00")
    return {
        **metrics,
        **points,
        **dict.fromkeys(("value", "low", "high"), "#,##0.####"),
        "published_at": "yyyy-mm-dd hh:mm",
    }


def open_month(month: str = "latest", root: str = "") -> Workbook:
    """
    Open a month of a workspace.

    Parameters
    ----------
    month : str
        ``YYYY-MM``, or ``latest`` for the newest one with exports.
    root : str
        A path in the workspace; empty for the nearest one upward.

    Returns
    -------
    Workbook
        Tables are read when they are first asked for.

    Raises
    ------
    InvalidInput
        With every problem of what people wrote.
    WorkspaceError
        If there is no workspace, no such month, or it was not cleaned yet.

    Examples
    --------
    >>> m = open_month("2026-10")
    >>> m.values("views", operator="op-01", months=3)["account"].nunique()
    4
    """
    place = Workspace.find(root)
    return Workbook(month_of(place, month))


def month_of(place: Workspace, name: str) -> appraisal.Month:
    """Return the month meant, as pages are made from it."""
    return appraisal.open_month(newest(place, name), str(place.root))


def _problems(found: Iterable[Problem]) -> pd.DataFrame:
    names = ["level", "where", "place", "what", "expected", "do"]
    rows = [[getattr(one, name) for name in names] for one in found]
    return pd.DataFrame(rows, columns=names)


def _outcomes(done: Iterable[Outcome]) -> pd.DataFrame:
    rows = [(one.job, one.state, one.error) for one in done]
    return pd.DataFrame(rows, columns=["job", "state", "error"])
