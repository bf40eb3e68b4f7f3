"""How grave something is, and how binding the text that it rests on."""

from typing import Literal

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "ADVISORY"]
Force = Literal["LAW", "REG", "RULE", "NORM", "GUIDE", "LOCAL", "UNIT", "PRACTICE"]
