"""The tables of a month on disk: parquet, findings and hashes of everybody's rows."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import compute
from pyarrow import parquet as parquet_file

from kpi_lib import held
from kpi_lib.errors import Problem
from kpi_lib.language import reread, written
from kpi_lib.months.add_up import SCHEMAS
from kpi_lib.months.tables import Tables
from kpi_lib.workspace import OWN, Workspace, canonical_json, write_atomic

# Rows that are read together: tables are sorted by account, so that what one operator
# has of a month of any size lies in a group or a few.
GROUP = 8_192

FINDINGS = "findings.json"


def save(workspace: Workspace, tables: Tables) -> list[Path]:
    """
    Write the tables of a month to data/clean.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    tables : Tables
        As `tidy` gives them.

    Returns
    -------
    list of Path
        daily, posts, monthly, ledger, files as parquet; findings and hashes of
        everybody's rows as JSON.
    """
    folder = workspace.clean(tables.month)
    findings = [
        {name: written(text) for name, text in asdict(finding).items()}
        for finding in tables.findings
    ]
    contents: dict[str, bytes | str] = {
        f"{name}.parquet": parquet(frame) for name, frame in tables.frames().items()
    }
    contents[FINDINGS] = canonical_json(findings) + "\n"
    contents[OWN] = canonical_json(own_rows(tables.frames(), findings)) + "\n"
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]


def load_findings(workspace: Workspace, month: str) -> tuple[Problem, ...]:
    """
    Read what cleaning a month had to tell.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    tuple of Problem
        Empty if the month was not cleaned.
    """
    path = workspace.clean(month) / FINDINGS
    if not path.is_file():
        return ()
    return tuple(
        Problem(**{name: reread(text) for name, text in finding.items()})
        for finding in json.loads(held.read(path))
    )


def own_rows(
    frames: Mapping[str, pd.DataFrame], findings: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Hash what each account and operator has of a month's tables, by kind and id."""
    # Tables with a column `operator` are told apart by it, the others by `account`; a
    # finding belongs to the accounts whose folders it names.
    hashes: dict[str, dict[str, Any]] = {"account": {}, "operator": {}}
    for name, frame in frames.items():
        column = "operator" if "operator" in frame else "account"
        rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        for id, places in frame.groupby(column, sort=True).indices.items():
            hashed = hashes[column].setdefault(str(id), hashlib.sha256())
            hashed.update(name.encode() + rows[places].tobytes())
    for finding in findings:
        for id in hashes["account"].keys() & set(re.split("[/、]", finding["where"])):
            hashes["account"][id].update(canonical_json(finding).encode())
    return {
        column: {id: hashed.hexdigest() for id, hashed in sorted(ids.items())}
        for column, ids in hashes.items()
    }


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame as parquet, the same bytes for the same frame."""
    out = io.BytesIO()
    frame.to_parquet(out, index=False, compression="zstd", row_group_size=GROUP)
    return out.getvalue()


def load(
    workspace: Workspace,
    months: Sequence[str],
    name: str,
    own: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """
    Read a cleaned table of some months, or what of it is somebody's own.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    months : sequence of str
        ``YYYY-MM``, in the order of the rows.
    name : {"daily", "posts", "monthly", "ledger", "files"}
        Which one.
    own : mapping of str to sequence of str, optional
        The operator under ``operator``, for tables that have such a column, and
        the accounts under ``account``; default: all rows.
    columns : sequence of str, optional
        Only these, the one with the owner among them; default: all.

    Returns
    -------
    DataFrame
        Empty, with its columns, if no month was cleaned.
    """
    paths = [workspace.clean(month) / f"{name}.parquet" for month in months]
    there = [path for path in paths if path.is_file()]
    if not there:
        types = {column: SCHEMAS[name][column] for column in columns or SCHEMAS[name]}
        return pd.DataFrame(columns=list(types)).astype(types)
    if own is None:
        names = None if columns is None else [*columns]
        frames = [
            pd.read_parquet(_held(path), columns=names, use_threads=False)
            for path in there
        ]
        return pd.concat(frames, ignore_index=True)
    column = "operator" if name == "monthly" else "account"
    tables = [_own_rows(path, column, own[column], columns) for path in there]
    # Made a frame once and not a month at a time, which takes as long each time.
    table = pa.concat_tables(tables, promote_options="permissive")
    rows: pd.DataFrame = table.to_pandas(use_threads=False, types_mapper=_STRINGS.get)
    return rows


def _held(path: Path) -> pa.BufferReader:
    """Read all of a file, which may be held against its hash, for parquet's library."""
    return pa.BufferReader(held.read(path))


def _own_rows(
    path: Path, column: str, wanted: Sequence[str], columns: Sequence[str] | None
) -> pa.Table:
    """Read the rows that have one of the texts, of the groups that may hold one."""
    content = _held(path)
    metadata = parquet_file.read_metadata(content)
    schema = metadata.schema.to_arrow_schema()
    texts = [field.name for field in schema if field.type in _STRINGS]
    # By groups and not by a filter, which looks into all of a large team's rows; each
    # text once until it is known which rows stay.
    with parquet_file.ParquetFile(
        content, metadata=metadata, read_dictionary=texts, pre_buffer=False
    ) as file:
        at = file.schema_arrow.get_field_index(column)
        groups = []
        for number in range(file.num_row_groups):
            values = file.metadata.row_group(number).column(at).statistics
            bounded = values is not None and values.has_min_max
            if not bounded or any(values.min <= id <= values.max for id in wanted):
                groups.append(number)
        table = file.read_row_groups(groups, columns=columns, use_threads=False)
    rows = table.filter(compute.is_in(table[column], pa.array(wanted, pa.string())))
    return rows.cast(pa.schema([schema.field(name) for name in rows.column_names]))


# How texts of small tables are held: arrow's way costs more for each step on them.
_STRINGS = {
    kind: pd.StringDtype("python", na_value=nan)
    for kind in (pa.string(), pa.large_string())
}


def rows(workspace: Workspace, month: str, name: str) -> int:
    """Return the rows of a cleaned table; 0 if the month was not cleaned."""
    path = workspace.clean(month) / f"{name}.parquet"
    return int(parquet_file.read_metadata(path).num_rows) if path.is_file() else 0
