"""Findings: what was judged, kept with its life, listed and shown. Conclusions only: all of it follows from the log."""
