"""A team begun from its downloads: whose they are, and of which accounts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from kpi_lib import exports, inputs
from kpi_lib.errors import ExportError, InvalidInput
from kpi_lib.exports import Export
from kpi_lib.files import layouts, platforms
from kpi_lib.run.adding import ANY_MONTH, gathered

# A folder that is named by a day, a month or what lies in it is nobody's.
_NOBODYS = re.compile(r"\d{4}|\d月|下载|导出|数据|download|export", re.IGNORECASE)

# What the workbook must have and no file tells.
NAME, MANAGER = "<姓名>", "<主管姓名>"


def proposed(source: Path) -> dict[str, list[dict[str, Any]]]:
    """
    Propose people and accounts from a folder of downloads.

    Parameters
    ----------
    source : Path
        A folder or a zip. A folder in it is named by an operator, one below that by an
        account, unless by a platform, a day or a month; where no account is named, an
        operator has one of each platform.

    Returns
    -------
    dict of str to list of dict
        Rows of the sheets 人员 and 账号 for `inputs.init`; all begin with the year of
        the newest row that was read.

    Raises
    ------
    InvalidInput
        If nothing in it is an export of a platform.
    """
    read: dict[tuple[str, str, str], list[Export]] = defaultdict(list)
    known = {platform.name for platform in platforms().values()}
    for folder, file in gathered(source):
        try:
            export = exports.read(file, month=ANY_MONTH, source=file.name)
        except ExportError:  # told when it is put in
            continue
        if platform := layouts()[export.layout].platform:
            parts = file.relative_to(folder).parts[:-1]
            named = [at for at in parts if at not in known and not _NOBODYS.search(at)]
            operator, *account = named or [NAME]
            name = [*account, f"{operator}的{platforms()[platform].name}"][0]
            read[operator, platform, name].append(export)
    if not read:
        do = "请写明放着各平台导出文件的文件夹或zip"
        raise InvalidInput.of("里面没有认得的导出文件", where=str(source), do=do)
    newest = max(_newest(export) for own in read.values() for export in own)
    begun = {"from": date(newest.year, 1, 1)}
    people = [
        {"id": f"op-{number:02}", "name": name, "manager": MANAGER, **begun}
        for number, name in enumerate(dict.fromkeys(name for name, _, _ in read), 1)
    ]
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(1))
    accounts = [
        {
            "operator": operator,
            "id": f"{platform}-{next(numbers[platform]):02}",
            "platform": platforms()[platform].name,
            "name": name,
            "expects": "、".join(sorted({_called(export.layout) for export in own})),
            **begun,
        }
        for (operator, platform, name), own in read.items()
    ]
    return {"人员": people, "账号": accounts}


def _called(layout: str) -> str:
    """Return a layout's name, or its id where no list can hold the name."""
    name = layouts()[layout].name
    return name if inputs.to_words(name) == (name,) else layout


def _newest(export: Export) -> date:
    """Return the newest day that an export tells of."""
    days = (row.date for row in export.daily)
    posts = (row.published_at.date() for row in export.posts)
    return max((*days, *posts), default=date.min)
