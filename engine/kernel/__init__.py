"""The only room that knows SpiffWorkflow: diagrams become processes, processes become runs."""

from engine.kernel.dialect import Reading, read
from engine.kernel.effects import Effects, Ended, Started, Step, Wait
from engine.kernel.environment import Environment, HandlerOfRun, Work
from engine.kernel.faults import Denial, Fault, FaultKind, ThrownError, worded
from engine.kernel.machine import Run
from engine.kernel.model import BACK_OFF_HEADER, Called, EmbeddedForm, Phase
from engine.kernel.process import ProcessSpec
from engine.kernel.starts import StartTrigger, start_problems, start_triggers
from engine.kernel.state import freeze, peek, places, thaw
from engine.kernel.surgery import Plan, Reason, may_stand_on, migrate, move, reasons, suggest
from engine.kernel.token import Token

__all__ = [
    "BACK_OFF_HEADER",
    "Called",
    "Denial",
    "Effects",
    "EmbeddedForm",
    "Ended",
    "Environment",
    "Fault",
    "FaultKind",
    "HandlerOfRun",
    "Phase",
    "Plan",
    "ProcessSpec",
    "Reading",
    "Reason",
    "Run",
    "StartTrigger",
    "Started",
    "Step",
    "ThrownError",
    "Token",
    "Wait",
    "Work",
    "freeze",
    "may_stand_on",
    "migrate",
    "move",
    "peek",
    "places",
    "read",
    "reasons",
    "start_problems",
    "start_triggers",
    "suggest",
    "thaw",
    "worded",
]
