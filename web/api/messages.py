"""Messages and signals from outside.

Comes in: a name, a correlation key, variables. Goes out: which instances had it. It never goes to two instances of one
process. Next: ``engine/messages.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from engine import instances, messages
from engine.store import UnitOfWork
from web.api.doors import Room
from web.api.models import Given, Text, Told, Variables

room = Room("messages", "Messages to the one instance that waits for them; signals to all that listen.")


class Message(Given):
    """A message: its name, and the key by which the instance that waits knows it."""

    name: Text
    key: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Compared with the correlation keys of waiting instances."
    )
    variables: Variables
    ttl_seconds: int = Field(
        3600, ge=0, le=31_536_000, description="How long it is kept for a later catch; 0 keeps nothing."
    )
    message_id: Text | None = Field(None, description="Yours; the same id again does nothing.")


class Published(Told):
    """Where a message went."""

    correlated: list[str] = Field(description="Instances that waited for it.")
    started: list[str] = Field(description="Instances it started.")
    kept: bool
    repeated: bool


class Signal(Given):
    """A signal: everybody who listens hears it, now."""

    name: Text
    variables: Variables


class Heard(Told):
    """How many instances heard a signal, those it started included."""

    instances: int


@room.post("/messages", scope="messages")
def publish(unit: UnitOfWork, body: Message) -> Published:
    """Publish a message: it is correlated now, or kept for its time to live."""
    done = messages.publish(
        unit,
        body.name,
        body.key,
        body.variables,
        ttl=timedelta(seconds=body.ttl_seconds),
        message_id=body.message_id,
    )
    return Published(
        correlated=list(done.correlated), started=list(done.started), kept=done.kept, repeated=done.repeated
    )


@room.post("/signals", scope="messages")
def broadcast(unit: UnitOfWork, body: Signal) -> Heard:
    """Broadcast a signal."""
    return Heard(instances=instances.broadcast(unit, body.name, body.variables))
