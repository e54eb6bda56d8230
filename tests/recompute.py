"""
Recomputes every point of a card from its JSON alone; shares no code with kpi_lib.

Run by hand: ``python tests/recompute.py reports/2026-10/op-01.json``.
"""

from __future__ import annotations

import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

Inputs = dict[str, str]


def rows(inputs: Inputs) -> dict[str, Inputs]:
    """Group ``metric@platform.name`` by what stands before the last dot."""
    found: dict[str, Inputs] = {}
    for key, value in inputs.items():
        thing, dot, name = key.rpartition(".")
        if dot and thing != "band":
            found.setdefault(thing, {})[name] = value
    return {thing: got for thing, got in found.items() if "counted" in got}


def attained(metric: str, row: Inputs) -> Fraction:
    value, target = Fraction(row["value"]), Fraction(row["counted"])
    if metric == "unfollows":
        return (
            Fraction(1) if not value else target / value if target > 0 else Fraction(0)
        )
    if metric == "followers":
        opening = Fraction(row["opening"])
        if target > opening:
            return max(Fraction(0), value / (target - opening))
        return Fraction(opening + value >= target)
    return max(Fraction(0), value / target) if target > 0 else Fraction(value >= target)


def band(growth: Fraction, inputs: Inputs) -> Fraction:
    floor, full, top, start, above = (
        Fraction(inputs[f"band.{name}"])
        for name in ("floor", "full", "top", "at_floor", "above")
    )
    if growth < floor:
        return Fraction(0)
    if growth < full:
        return start + (1 - start) * (growth - floor) / (full - floor)
    return Fraction(1) if growth <= top else above


def mean(kind: str, inputs: Inputs) -> Fraction:
    shares: dict[str, list[Fraction]] = {}
    for thing, row in rows(inputs).items():
        metric = thing.partition("@")[0]
        growth = Fraction(row["growth"]) if "growth" in row else None
        if kind == "challenge":
            if growth is not None:
                shares.setdefault(metric, []).append(band(growth, inputs))
            continue
        cap = Fraction(inputs["cap"])
        if kind == "over_delivery" and (
            growth is None
            or growth < Fraction(inputs["band.floor"])
            or "met_only" in row
        ):
            cap = Fraction(1)
        shares.setdefault(metric, []).append(min(attained(metric, row), cap))
    weight = {
        metric: Fraction(inputs.get(f"{metric}.weight", "1")) for metric in shares
    }
    total = sum(weight[m] * sum(part) / len(part) for m, part in shares.items())
    return Fraction(total) / sum(weight.values())


def value(kind: str, inputs: Inputs) -> tuple[Fraction, Fraction | None]:
    """Return value and target of a measure."""
    number = {
        key: Fraction(text)
        for key, text in inputs.items()
        if text and kind not in ("attainment", "challenge", "over_delivery")
    }
    match kind:
        case "attainment" | "challenge" | "over_delivery":
            return mean(kind, inputs), Fraction(1)
        case "coverage":
            return number["covered"], number["cells"]
        case "comments_answered":
            places = {k.rpartition(".")[2] for k in number if k.startswith("received")}
            got = sum(
                max(number[f"received.{of}.{place}"] for of in ("worklog", "exports"))
                for place in places
            )
            return number["answered"] / got, Fraction(1)
        case "communities":
            halves = []
            if number["due"]:
                halves.append(min(number["founded"] / number["due"], Fraction(1)))
            if number["all"]:
                halves.append(number["active"] / number["all"])
            return sum(halves, Fraction(0)) / len(halves), Fraction(1)
        case "campaign_results":
            names = {key.partition(".")[0] for key in number}
            parts = [
                min(number[f"{n}.value"] / number[f"{n}.target"], Fraction(1))
                for n in names
            ]
            return sum(parts, Fraction(0)) / len(parts), Fraction(1)
        case "campaign_spend":
            return number["spend"] / number["budget"], None
        case _:
            return number["value"], number.get("target")


def steps(got: Fraction, target: Fraction, step: Inputs, *, less: bool) -> int:
    short = max(Fraction(0), got - target if less else target - got)
    size = Fraction(step["size"])
    size = {"target": size * target, "points": size / 100, "unit": size}[step["of"]]
    return int(short // size)


def by_rule(measure: dict[str, Any], full: Fraction) -> Fraction:
    """Return the share of the points that a measure's rule gives."""
    got, target = value(measure["source"]["kind"], measure["inputs"])
    less = "less" in measure["inputs"]
    rule, params = measure["rule"]["kind"], measure["rule"]["params"]
    if rule == "count":
        return min(got * Fraction(params["each"]) / full, Fraction(1))
    if rule == "deduct":
        lost = Fraction(params["per"]) * steps(
            got, target or Fraction(0), params["step"], less=less
        )
        return max(Fraction(0), 1 - lost / full)
    if target is not None and params.get("of", "share") == "share":
        got = target / got if less and got else Fraction(1) if less else got / target
    if rule == "ratio":
        return max(Fraction(0), min(got, Fraction(params["cap"])))
    if rule == "linear":
        start, end = Fraction(params["from"]), Fraction(params["to"])
        return min(max((got - start) / (end - start), Fraction(0)), Fraction(1))
    for tier in params["tiers"]:
        if ("at_least" in tier and got >= Fraction(tier["at_least"])) or (
            "at_most" in tier and got <= Fraction(tier["at_most"])
        ):
            return Fraction(tier["share"])
    return Fraction(0)


def points(measure: dict[str, Any]) -> Decimal:
    possible, full = Fraction(measure["possible"]), Fraction(measure["points"])
    if measure["status"] == "zero":
        share = Fraction(0)
    elif measure["status"] == "rated_by_manager":
        given = measure["rating"]
        share = (
            Fraction(measure["rule"]["params"]["scale"][given["word"]])
            if given["word"]
            else Fraction(given["points"]) / full
        )
    else:
        share = by_rule(measure, full)
    cents = share * possible * 100
    whole = Decimal(int(cents // 1)) + (1 if cents % 1 * 2 >= 1 else 0)
    return (whole / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def differences(card: dict[str, Any]) -> list[str]:
    """Return a line for every number that does not come out again."""
    told, total = [], Decimal(0)
    bonus = card["bonus"]
    rows = [*card["items"], *([{"id": "bonus", **bonus}] if bonus else [])]
    for item in rows:
        sum_ = Decimal(0)
        for measure in item["measures"]:
            if measure["score"] is None:
                continue
            sum_ += Decimal(measure["score"])
            again = points(measure)
            if again != Decimal(measure["score"]):
                told.append(
                    f"{item['id']}.{measure['id']}: {measure['score']} is {again}"
                )
        if "cap" in item:
            sum_ = min(sum_, Decimal(item["cap"]))
        if sum_ != Decimal(item["score"] or 0):
            told.append(f"{item['id']}: {item['score']} is {sum_}")
        total += sum_
    if card["veto"]:
        total = min(total, Decimal(card["veto"]["cap"]))
    if total != Decimal(card["total"] or 0):
        told.append(f"total: {card['total']} is {total}")
    return told


if __name__ == "__main__":
    for name in sys.argv[1:]:
        found = differences(json.loads(Path(name).read_text(encoding="utf-8")))
        print(name, "; ".join(found) or "every point comes out again")
