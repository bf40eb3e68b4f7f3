"""
The case that rules judge: some projects and units, laid out in temporary tables as of one moment and as known at one.

Whoever writes a rule reads these tables and nothing else (docs/rules.md). The same layout serves one project, all of
them, and an act that has not happened.
"""
