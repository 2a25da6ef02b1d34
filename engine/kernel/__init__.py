"""The only room that knows SpiffWorkflow: diagrams become processes, processes become runs."""

from engine.kernel.dialect import Reading, read
from engine.kernel.environment import Environment, HandlerOfRun, Work
from engine.kernel.faults import Fault, FaultKind, ThrownError
from engine.kernel.machine import Effects, Ended, Run, Started, Step, Wait
from engine.kernel.model import Called
from engine.kernel.process import ProcessSpec
from engine.kernel.starts import StartTrigger, start_triggers
from engine.kernel.state import freeze, peek, places, thaw

__all__ = [
    "Called",
    "Effects",
    "Ended",
    "Environment",
    "Fault",
    "FaultKind",
    "HandlerOfRun",
    "ProcessSpec",
    "Reading",
    "Run",
    "StartTrigger",
    "Started",
    "Step",
    "ThrownError",
    "Wait",
    "Work",
    "freeze",
    "peek",
    "places",
    "read",
    "start_triggers",
    "thaw",
]
