"""
What people write: plan, roster, targets, work log, decisions, signatures.

In go the workspace's own files; out come `Inputs`, checked as a whole, or every problem
with its line or cell. `init` and `prepare` write what people fill in.
"""

from __future__ import annotations

from kpi_lib.inputs import entries, kinds
from kpi_lib.inputs.blank import add_rows, default, init, prepare
from kpi_lib.inputs.entries import Campaign, Content, Entry, GivenRating
from kpi_lib.inputs.everything import (
    Inputs,
    for_month,
    formats,
    load,
    load_for_exports,
    load_roster,
    strays,
)
from kpi_lib.inputs.forms import (
    WrongForm,
    bare,
    id_or_name,
    number_of,
    to_words,
    with_year,
)
from kpi_lib.inputs.people import Account, Operator, Roster
from kpi_lib.inputs.plan import STATUS, EvidenceRules, Item, Measure, Plan, load_plan
from kpi_lib.inputs.records import Decision, Signoff
from kpi_lib.inputs.table import by_operator
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.inputs.yaml import validated
