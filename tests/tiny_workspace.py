"""A workspace of two operators, with notebooks of a few cells: how runs are tested."""

import shutil
from pathlib import Path

from kpi_lib.workspace import Workspace
from tests import tiny_notebook

ROOT = Path(__file__).parent.parent
MONTH = "2026-10"

ROSTER = """
operators:
  - {id: "op-01", name: "示例甲", team: "示例组", manager: "示例主管", from: 2026-09-01}
  - {id: "op-02", name: "示例乙", team: "示例组", manager: "示例主管", from: 2026-09-01}
accounts:
  - id: "zhihu-01"
    platform: zhihu
    name: "示例知乎"
    expects: [manual]
    from: 2026-09-01
    owners: [{operator: "op-01", from: 2026-09-01, share: 1}]
"""

CLEAN = """
from pathlib import Path
folder = Path("data/clean") / month
folder.mkdir(parents=True, exist_ok=True)
(folder / "note.txt").write_text(str(len(list(Path("data/raw").rglob("*.csv")))))
"""

CARD = """
measure = {"id": "coverage", "name": "=覆盖", "points": "5", "possible": "5",
           "rated": "5", "score": "4.29", "status": "scored", "value": "24",
           "target": "28", "note": "", "rule": {"text": "5×min(24÷28, 100%)=4.29"},
           "source": {"kind": "coverage"},
           "show": {"value": "24", "target": "28", "unit": "格", "text": "24/28格"}}
item = {"id": "target_setting", "group": "efficiency", "name": "目标", "points": "5",
        "kpi": "执行力", "detail": ["制定目标"], "weight": "5%", "weight_span": 1,
        "possible": "5", "rated": "5", "score": "4.29", "measures": [measure]}
card = {"schema": 1, "operator": operator, "name": "示例" + operator, "month": month,
        "manager": "示例主管", "pending": False,
        "plan": {"id": "tiny", "version": "1"}, "total": "4.29", "points": "5",
        "sum": "4.29",
        "possible": "5", "rated": "5", "grade": "",
        "final": False, "signed": False, "items": [item],
        "groups": [{"id": "efficiency", "name": "工作效率", "points": "5",
                    "score": "4.29"}]}
display({"application/vnd.kpi.card+json": card}, raw=True)
"""

TEAM = """
from pathlib import Path
print(*sorted(path.stem for path in Path("reports", month).glob("op-*.json")))
"""


def appraisal(place: Workspace, *cells: str) -> None:
    """Write the appraisal notebook with the given cells before the card."""
    tiny_notebook.write(
        place.notebooks / "3-appraisal.ipynb",
        *cells,
        CARD,
        parameters=f'{tiny_notebook.PARAMETERS}\noperator = "op-01"',
    )


def build(root: Path) -> Workspace:
    """Make the workspace, nothing run in it yet."""
    place = Workspace(root)
    place.data.mkdir(parents=True)
    shutil.copy(ROOT / "data/plan.yml", place.plan)
    place.roster.write_text(ROSTER, "utf-8")
    export = place.raw(MONTH) / "zhihu-01/2026-11-02/手工填报.csv"
    export.parent.mkdir(parents=True)
    export.write_text(
        "日期,账号,指标,数值,备注\n2026-10-31,zhihu-01,粉丝数,100,\n", "utf-8"
    )
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", CLEAN)
    tiny_notebook.write(place.notebooks / "4-team.ipynb", TEAM)
    appraisal(place)
    return place
