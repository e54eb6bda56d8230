"""Monthly KPI appraisal of a new-media team: exports in, checkable pages out."""
