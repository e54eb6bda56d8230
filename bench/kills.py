"""
A thousand killed runs: under a final name is nothing or a whole file, and the next run
ends in the bytes of a run that was never killed. Ends with 1 if one of them does not.

    .venv/bin/python bench/kills.py [--kills 1000] [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kpi_lib.run import runner
from tests import kills, tiny_workspace

SERIES = 10
"""Kills until a run is let through and compared."""


def main() -> int:
    parser = argparse.ArgumentParser(description="kills that must not be seen")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="fifty")
    options = parser.parse_args()
    number = min(options.kills, 50) if options.quick else options.kills
    struck = torn = different = 0
    with tempfile.TemporaryDirectory() as folder:
        once = tiny_workspace.build(Path(folder) / "once")
        runner.run(once, kills.MONTH)
        expected = kills.contents(once)
        for series in range(number // SERIES):
            place = tiny_workspace.build(Path(folder) / f"{series}")
            for was_at_work in kills.kills(place, SERIES, seed=1000 + series):
                struck += was_at_work
                torn += len(kills.torn(place))
            runner.run(place, kills.MONTH)
            different += kills.contents(place) != expected
            print(f"{(series + 1) * SERIES} kills: {torn} torn files", flush=True)
    print(f"{number} kills, {struck} of a run at work: {torn} torn files,")
    print(f"{different} of {number // SERIES} workspaces with other bytes at the end")
    found = {"kills": number, "struck": struck, "torn": torn, "different": different}
    print(json.dumps({"bench": "kills", **found}))
    return 1 if torn or different or not struck else 0


if __name__ == "__main__":
    sys.exit(main())
