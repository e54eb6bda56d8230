"""Whoever reads the list of promises finds the proof of each."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LIST = Path(__file__).with_name("README.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", LIST, re.MULTILINE)


def test_every_promise_has_its_proof() -> None:
    assert [number for number, *_ in ROWS] == [str(n) for n in range(1, 19)]
    for number, _, proofs in ROWS:
        named = re.findall(r"`([^`]+)`", proofs)
        assert named or (number == "17" and "not built" in proofs)
        for proof in named:
            name, _, test = proof.partition("::")
            folder = TESTS.parent if name.startswith("bench/") else TESTS
            text = (folder / name).read_text("utf-8")
            assert not test or f"def {test}(" in text, proof


def test_a_proof_of_its_own_is_in_the_list() -> None:
    own = {path.name for path in Path(__file__).parent.glob("test_[0-9]*.py")}
    told = set(re.findall(r"promises/(test_\w+\.py)", str(ROWS)))

    assert own == told
