"""
The analyst's front door: ``from kpi_lib import open_month``.

A `Workbook` is the `Month` that pages are made from, with tidy tables, a line a
question, and whatever a command of ``kpi`` does in one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import inputs, page, run
from kpi_lib.catalogue import METRICS
from kpi_lib.workbook import cards, frames, questions
from kpi_lib.workbook.cards import ScoreCard, WhatIf
from kpi_lib.workbook.tables import Tables
from kpi_lib.workspace import Workspace, write_atomic

# Tables that `Workbook.to_excel` writes, in the order of their sheets.
TABLES = (
    "operators", "scores", "daily", "monthly", "posts", "files", "ledger", "accounts",
    "targets", "campaigns",
)  # fmt: skip

PROBLEM = ("level", "where", "place", "what", "expected", "do")
OUTCOME = ("job", "state", "error")  # Columns of what commands tell


class Lines(list[str]):
    """Lines for a reader, shown one below the other."""

    def __repr__(self) -> str:
        return "\n".join(self)


class Workbook(Tables):
    """
    One month of the team, with everything that can be done with it.

    Made by `open_month`. Tables: `daily`, `posts`, `monthly`, `ledger`, `files`,
    `operators`, `accounts`, `targets`, `campaigns`. Questions: `values`, `totals`,
    `published`, `score`, `scores`, `what_if`, `operator`. To take along: `to_excel`,
    `charts.save_all(m, folder)`. The commands of ``kpi``: `check`, `clean`, `run`,
    `status`, `explain`, `verify`, `rescore`, `new_month`, `add`.
    """

    def __dir__(self) -> list[str]:
        """Name what an analyst wants of it."""
        own = {*vars(Workbook), *vars(Tables), *TABLES, "month", "months"} - {"days_of"}
        return [name for name in own if name[0] != "_"]

    def _repr_html_(self) -> str:
        days_of_accounts = self.monthly[
            (self.monthly["metric"] == "account_days")
            & (self.monthly["month"] == self.month)
        ]
        return page.style()._repr_html_() + page.render(
            "brief_month",
            m=self,
            unknown=int((self.files["layout"] == "").sum()),
            quarantined=int((self.ledger["fate"] == "quarantined").sum()),
            days=round(float(days_of_accounts["days_present"].sum()), 2),
            due=round(float(days_of_accounts["days_due"].sum()), 2),
            operators=self.operators.to_dict("records"),
        )

    def score(self, operator: str) -> ScoreCard:
        """Score one operator (id or name), from what lies there now."""
        return ScoreCard(super().score(self.operator_id(operator)))

    @property
    def scores(self) -> pd.DataFrame:
        """One row per operator and measure, scored now: as `ScoreCard.frame`."""
        people = [person.id for person in self.appraised]
        return _of_operators({id: self.score(id).frame for id in people})

    def what_if(
        self,
        operator: str,
        *,
        targets: Mapping[str, cards.Value] | None = None,
        plan: cards.Changes | str | Path | None = None,
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
        plan : mapping of str to value, str or Path, optional
            ``"content.published"`` for a measure, ``"content"`` for an item, or a key
            of plan.yml as ``weights`` or ``band``, each with a dict of what changes.
            Points must still add up to 100. Or the file of another plan.

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
        return cards.what_if(self, id, targets=targets, plan=plan)

    def charts(self) -> Iterator[tuple[str, Axes]]:
        """Draw the team's charts, named for files, as `charts.save_all` takes them."""
        rates = ("engagement_rate", "completion_rate")
        metrics = ("followers", "views", *rates, "revenue")
        answers = [
            questions.days(self, "views", "engagement_rate"),
            questions.months(self, *metrics),
            *(questions.compare(self, metric) for metric in metrics),
            questions.publishing(self),
            questions.top_posts(self),
            *(questions.campaign(self, id) for id in self.campaigns["id"]),
        ]
        return (drawn for answer in answers for drawn in answer.charts())

    def to_excel(self, path: str | Path) -> Path:
        """Write every table to one ``.xlsx``, a sheet each; no text is a formula."""
        tables = {name: getattr(self, name) for name in TABLES}
        content = run.frames_xlsx(tables, number_formats(), f"KPI {self.month}")
        write_atomic(Path(path), content)
        return Path(path)

    # What the commands do.

    def check(self) -> pd.DataFrame:
        """Tell every problem, as ``kpi check``: a row each, errors first."""
        return frames.of_records(run.check(self.workspace, self.month), PROBLEM)

    def clean(self, *, force: bool = False) -> pd.DataFrame:
        """Clean the month's exports, as ``kpi clean``; open the month anew after it."""
        return frames.of_records(
            run.clean(self.workspace, self.month, force=force), OUTCOME
        )

    def run(self, **options: Any) -> pd.DataFrame:
        """
        Make every page that is missing or stale, as ``kpi run``.

        Parameters
        ----------
        **options : object
            `operators` (roster ids; default: everybody in the month), `workers`
            (notebooks at once; default: one per core), `force` (also what is not
            stale), `pdf` (also PDFs), `lang`, `scheduler` (of a Dask cluster).

        Returns
        -------
        DataFrame
            One row per job: `job`, `state` (made, unchanged, failed), `error`.
        """
        outcomes = run.run(self.workspace, self.month, **options)
        return frames.of_records(outcomes, OUTCOME)

    def status(self) -> pd.DataFrame:
        """Tell how every job stands, as ``kpi status``: `job`, `state`, `why`."""
        return frames.of_records(
            run.status(self.workspace, self.month), ("job", "state", "why")
        )

    def explain(self, operator: str, measure: str = "") -> Lines:
        """Tell how published points came about, as ``kpi explain``; all: in short."""
        id = self.operator_id(operator)
        return Lines(cards.explain(self.workspace, self.month, id, measure))

    def verify(self) -> pd.DataFrame:
        """Compare record and files, as ``kpi verify``: no row, every byte is as was."""
        return frames.of_records(run.verify(self.workspace, self.month), PROBLEM)

    def rescore(self, plan: str | Path) -> pd.DataFrame:
        """Put another plan's file beside the own one: `operator`, `WhatIf.frame`."""
        pairs = cards.rescore(self, plan)
        return _of_operators({pair.after["operator"]: pair.frame for pair in pairs})

    def new_month(self, month: str) -> list[Path]:
        """Make what a month needs, as ``kpi new-month``; what is there stays."""
        return inputs.prepare(self.workspace, month)

    def add(
        self, files: Iterable[str | Path], account: str = "", **options: Any
    ) -> pd.DataFrame:
        """
        Copy exports in, as ``kpi add``: recognised first, named by download day.

        Parameters
        ----------
        files : iterable of str or Path
            Exports as they were downloaded, or folders and zips of them.
        account : str
            Roster id or name; empty: as ``kpi add`` finds it.
        **options : object
            `downloaded` (a date; default: as each file tells it), `month`
            (``YYYY-MM`` of the folder; default: by the download day).

        Returns
        -------
        DataFrame
            One row per file: `file`, `state` (copied, there, refused), `target`,
            `layout`, `day`, `month`, `days`, `posts`, `problems`.
        """
        paths = [Path(file) for file in files]
        added = run.add(self.workspace, paths, account, **options)
        return pd.DataFrame([file.as_dict() for file in added])


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
    return Workbook.open(Workspace.find(root), month)


def number_formats() -> dict[str, str]:
    """Return Excel's format by column: shares as percentages, yuan with decimals."""
    by_unit = {"share": "0.00%", "CNY": "#,##0.00"}
    return {
        **{name: by_unit.get(at.unit, "#,##0") for name, at in METRICS.items()},
        **dict.fromkeys(("points", "possible", "score"), "0.00"),
        **dict.fromkeys(("value", "low", "high"), "#,##0.####"),
        "published_at": "yyyy-mm-dd hh:mm",
    }


def _of_operators(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of operators below each other, whose first."""
    frame = pd.concat(tables, names=["operator"])
    return frame.reset_index("operator").reset_index(drop=True)
