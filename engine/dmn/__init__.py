"""DMN 1.3 to 1.5: decisions read safely, checked before they are deployed, evaluated with a trace.

Comes in: DMN files and variables. Goes out: models, problems in French and English, values with the reason for
them. It never opens a file, reads the clock or runs anything but FEEL. Next: ``reader.py``, ``README.md``.
"""

from engine.dmn.checks import check
from engine.dmn.evaluate import Outcome, evaluate
from engine.dmn.inputs import from_json
from engine.dmn.model import Model
from engine.dmn.problems import DecisionFailed, DmnRefused, Problem
from engine.dmn.reader import read, read_all
from engine.dmn.state import Warned
from engine.dmn.trace import Trace

__all__ = [
    "DecisionFailed",
    "DmnRefused",
    "Model",
    "Outcome",
    "Problem",
    "Trace",
    "Warned",
    "check",
    "evaluate",
    "from_json",
    "read",
    "read_all",
]
