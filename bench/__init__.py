"""What is fast and how fast, each figure against a rival or a limit in the same run: `python -m bench NAME`."""
