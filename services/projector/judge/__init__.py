"""Judging: rules as files, run over a case, and what they find put into words. Nothing here writes."""
