"""People: teams, persons, memberships, roles, hourly rates, substitutes.

Comes in: a session, the facts, who and when. Goes out: rows, the groups a person acts for, the rate of a day. It
never sees a password (the web hashes it); stays, roles and rates are dated and stay. Next:
``registry/natures.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import changes, entities, ids, rows, rules, sign_ins
from registry.errors import Missing
from registry.tables.entities import Entity, Service
from registry.tables.people import ROLES, HourlyRate, Membership, Person, Role, RoleGrant, Substitution, Team
from registry.tables.suppliers import Supplier

ERASED_NAME = "personne effacée"


def create_team(
    session: Session,
    *,
    entity_id: str,
    service_id: str | None = None,
    code: str,
    name: str,
    at: datetime,
    by: str,
) -> Team:
    """Create a team. Its code is a candidate group of processes, so it may not be the name of a role.

    Raises:
        Missing: there is no such entity or service.
        Taken: a team or a role has that code.
    """
    entities.get(session, entity_id)
    if service_id is not None:
        rows.get(session, Service, service_id, "service")
    if code in ROLES or code == "supplier" or ":" in code:
        raise rules.Taken(
            f"Expected a code for a team, but {code} names other groups of people.",
            noun="a team",
            field="code",
            value=code,
        )
    rules.free(session, Team.code, code, "a team")
    team = Team(
        id=ids.new(at),
        entity_id=entity_id,
        service_id=service_id,
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        active=True,
        created_at=at,
        created_by=by,
    )
    session.add(team)
    session.flush()
    return team


def team_by_code(session: Session, code: str) -> Team:
    """Return the team with that code, or raise Missing."""
    team = session.scalar(sa.select(Team).where(Team.code == code))
    if team is None:
        raise Missing(f"Expected a team with code {code}, but there is none.", noun="team", value=code)
    return team


def create_person(
    session: Session,
    *,
    entity_id: str,
    name: str,
    email: str | None,
    locale: str = "fr",
    supplier_id: str | None = None,
    at: datetime,
    by: str,
) -> Person:
    """Create a person of an entity, or of a supplier that works for it, without password and without role.

    Raises:
        Missing: there is no such entity or supplier.
        Taken: another person has that mail address.
        Unfit: a value has not the form it needs.
    """
    entities.get(session, entity_id)
    address = rules.email(email)
    if address is not None:
        rules.free(session, Person.email, address, "a person")
    person = Person(
        id=ids.new(at),
        entity_id=entity_id,
        name=rules.text(name, "name"),
        email=address,
        locale=rules.word(locale, "locale", ("fr", "en", "nl", "de")),
        active=True,
        supplier_id=rows.get(session, Supplier, supplier_id, "supplier").id if supplier_id else None,
        password_hash=None,
        failed_logins=0,
        created_at=at,
        created_by=by,
    )
    session.add(person)
    session.flush()
    return person


def get(session: Session, person_id: str) -> Person:
    """Return the person with that id, or raise Missing."""
    return rows.get(session, Person, person_id, "person")


def by_email(session: Session, email: str, *, closed: bool = False) -> Person | None:
    """Return the active person with that mail address in any case, or None: a sign-in says no more.

    Args:
        closed: find people whose account is closed, too.
    """
    query = sa.select(Person).where(Person.email == email.strip().lower())
    return session.scalar(query if closed else query.where(Person.active))


def set_password_hash(session: Session, person_id: str, password_hash: str, *, at: datetime, by: str) -> None:
    """Keep the hash the web made of a new password, forget failed sign-ins and end every open session."""
    person = rows.locked(session, Person, person_id, "person")
    person.password_hash = password_hash
    person.failed_logins = 0
    person.last_failed_at = None
    person.password_set_at, person.password_set_by = at, by
    session.flush()
    sign_ins.end_all(session, person_id)


def sign_out(session: Session, person_id: str, *, reason: str, at: datetime, by: str) -> int:
    """End every open session of a person by somebody else's hand, and return how many there were.

    Raises:
        Missing: there is no such person.
        Unfit: no reason is given.
    """
    get(session, person_id)
    changes.write(session, "person", person_id, kind="signed_out", text=reason, facts={}, at=at, by=by)
    return sign_ins.end_all(session, person_id)


def deactivate(session: Session, person_id: str, *, reason: str, at: datetime, by: str) -> Person:
    """Close a person's account: open sessions end, nobody signs in with it; roles and stays remain as they were.

    Raises:
        Missing: there is no such person.
        Unfit: no reason is given.
    """
    person = rows.locked(session, Person, person_id, "person")
    if person.active:
        person.active = False
        changes.write(session, "person", person_id, kind="deactivated", text=reason, facts={}, at=at, by=by)
    sign_ins.end_all(session, person_id)
    return person


def reactivate(session: Session, person_id: str, *, reason: str, at: datetime, by: str) -> Person:
    """Open a closed account again, with the password it had.

    Raises:
        Missing: there is no such person.
        WrongState: the person was erased.
        Unfit: no reason is given.
    """
    person = rows.locked(session, Person, person_id, "person")
    if person.erased_at is not None:
        raise rules.WrongState(
            "Expected a person whose account is closed, but this one was erased.",
            noun="person",
            subject=person_id,
            status="erased",
        )
    if not person.active:
        person.active = True
        changes.write(session, "person", person_id, kind="reactivated", text=reason, facts={}, at=at, by=by)
    return person


def record_attempt(session: Session, email: str, *, at: datetime) -> None:
    """Count a sign-in that is being tried, before its password is looked at; an address of nobody costs the same."""
    session.execute(
        sa.update(Person)
        .where(Person.email == email.strip().lower(), Person.active)
        .values(failed_logins=Person.failed_logins + 1, last_failed_at=at)
    )


def record_login(session: Session, person_id: str, *, password_hash: str | None) -> int | None:
    """Forget the tries, because this one was good, and return how many before it were not.

    Looking at a password takes long and locks nothing. The row is locked from here on: a session that is begun in
    this transaction is seen by whoever changes the password or closes the account next, and ended.

    Args:
        session: the transaction.
        person_id: who.
        password_hash: what the password was compared with.

    Returns:
        None when the password was changed or the account closed meanwhile: the try was not good after all.
    """
    person = rows.locked(session, Person, person_id, "person")
    if not person.active or person.password_hash != password_hash:
        return None
    before = person.failed_logins - 1
    person.failed_logins = 0
    person.last_failed_at = None
    session.flush()
    return max(before, 0)


def join(
    session: Session, *, person_id: str, team_id: str, leader: bool = False, at: datetime, by: str
) -> Membership:
    """Put a person into a team.

    Raises:
        Missing: there is no such person or team.
        Taken: the person is in the team already.
        Unfit: the person works for a supplier.
    """
    person, team = _of_the_house(session, person_id), rows.get(session, Team, team_id, "team")
    if _open_membership(session, person_id, team_id) is not None:
        raise rules.Taken(
            f"Expected {person.name} to join {team.code}, but {person.name} is a member already.",
            noun="a membership",
            field="team",
            value=team.code,
        )
    membership = Membership(
        id=ids.new(at), person_id=person_id, team_id=team_id, leader=leader, created_at=at, created_by=by
    )
    session.add(membership)
    session.flush()
    return membership


def leave(session: Session, *, person_id: str, team_id: str, at: datetime, by: str) -> None:
    """End a person's stay in a team; the stay remains readable.

    Raises:
        Missing: the person is not in the team.
    """
    membership = _open_membership(session, person_id, team_id)
    if membership is None:
        raise Missing(
            "Expected a member of the team to leave it, but the person is not in it.", noun="membership"
        )
    membership.left_at, membership.left_by = at, by
    session.flush()


def grant(
    session: Session, *, person_id: str, role: Role, entity_id: str | None = None, at: datetime, by: str
) -> RoleGrant:
    """Give a person a role in one entity, or in all when ``entity_id`` is None; given twice it is given once.

    Raises:
        Missing: there is no such person or entity.
        Unfit: there is no such role, or the person works for a supplier.
    """
    _of_the_house(session, person_id)
    if entity_id is not None:
        entities.get(session, entity_id)
    rules.word(role, "role", ROLES)
    held = session.scalar(
        sa.select(RoleGrant).where(
            RoleGrant.person_id == person_id,
            RoleGrant.role == role,
            RoleGrant.entity_id.is_not_distinct_from(entity_id),
            RoleGrant.revoked_at.is_(None),
        )
    )
    if held is not None:
        return held
    given = RoleGrant(
        id=ids.new(at), person_id=person_id, role=role, entity_id=entity_id, created_at=at, created_by=by
    )
    session.add(given)
    session.flush()
    return given


def revoke(session: Session, grant_id: str, *, at: datetime, by: str) -> None:
    """Take a role back; the grant remains readable with its two dates."""
    given = rows.locked(session, RoleGrant, grant_id, "role grant")
    if given.revoked_at is None:
        given.revoked_at, given.revoked_by = at, by
        session.flush()


def grants_of(session: Session, person_id: str) -> list[RoleGrant]:
    """Return the roles a person holds now."""
    query = sa.select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.revoked_at.is_(None))
    return list(session.scalars(query.order_by(RoleGrant.role, RoleGrant.entity_id)))


def entities_of(session: Session, person_id: str) -> frozenset[str] | None:
    """Return the ids of the entities a person may look into, None for all; a contractor's person looks into none."""
    held = grants_of(session, person_id)
    person = get(session, person_id)
    if person.supplier_id is not None:
        return frozenset()
    if any(given.entity_id is None for given in held):
        return None
    return frozenset({given.entity_id for given in held if given.entity_id is not None} | {person.entity_id})


def groups_of(session: Session, person_id: str, on: date | None = None) -> frozenset[str]:
    """Return the candidate groups a person acts for.

    They are team codes, ``CODE:leader`` of teams they lead, ``supplier:CODE`` of the firm they work for, and roles by
    entity: ``accountant:CPAS`` for a role in the CPAS alone; for a role in all entities the role itself and one group
    for each. So a task offered to ``accountant:CPAS`` is seen by both, one offered to ``accountant`` only by the second.

    Args:
        session: the transaction.
        person_id: the person.
        on: a day; with it come the groups of those whom the person substitutes that day.
    """
    persons = [person_id]
    if on is not None:
        persons += [absent.person_id for absent in substituted_by(session, person_id, on)]
    teams = session.execute(
        sa.select(Team.code, Membership.leader)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.person_id.in_(persons), Membership.left_at.is_(None), Team.active)
    ).all()
    firms = session.scalars(
        sa.select(Supplier.code).join(Person, Person.supplier_id == Supplier.id).where(Person.id.in_(persons))
    )
    led = {f"{code}:leader" for code, leader in teams if leader}
    firm = {f"supplier:{code}" for code in firms}
    return frozenset({code for code, _ in teams} | led | _roles_of(session, persons) | firm)


def _roles_of(session: Session, persons: Sequence[str]) -> set[str]:
    """Return the role groups of persons: of one entity where the grant names it, else the role and all entities."""
    where = sa.or_(RoleGrant.entity_id.is_(None), RoleGrant.entity_id == Entity.id)
    held = session.execute(
        sa.select(RoleGrant.role, RoleGrant.entity_id, Entity.code)
        .join(Entity, where)
        .where(RoleGrant.person_id.in_(persons), RoleGrant.revoked_at.is_(None))
    ).all()
    everywhere = {role for role, entity_id, _ in held if entity_id is None}
    return everywhere | {f"{role}:{code}" for role, _, code in held}


def members_of(session: Session, team_id: str) -> Sequence[Person]:
    """Return the persons in a team now, leaders first, then by name."""
    query = (
        sa.select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team_id, Membership.left_at.is_(None))
        .order_by(Membership.leader.desc(), Person.name)
    )
    return session.scalars(query).all()


def set_rate(
    session: Session,
    *,
    person_id: str | None = None,
    team_id: str | None = None,
    hourly_cents: int,
    valid_from: date,
    at: datetime,
    by: str,
) -> HourlyRate:
    """Say what an hour of a person, or of any member of a team, costs from a day on.

    Args:
        session: the transaction.
        person_id: the person, or None for a team's rate.
        team_id: the team, or None for a person's rate.
        hourly_cents: full cost of an hour in cents.
        valid_from: first day; entries already logged keep the rate they froze.
        at: the instant.
        by: who decides.

    Raises:
        Missing: there is no such person or team.
        Taken: a rate begins on that day already.
        Unfit: the rate is negative, or both or none of person and team are named.
    """
    if (person_id is None) == (team_id is None):
        raise rules.Unfit(
            "Expected a rate of one person or one team, but both or none are named.", field="person_id"
        )
    if hourly_cents < 0:
        raise rules.Unfit(
            f"Expected an hourly rate of 0 or more cents, but found {hourly_cents}.",
            field="hourly_cents",
            found=hourly_cents,
        )
    if person_id is not None:
        get(session, person_id)
    if team_id is not None:
        rows.get(session, Team, team_id, "team")
    holder = HourlyRate.person_id == person_id if person_id is not None else HourlyRate.team_id == team_id
    if session.scalar(sa.select(sa.exists().where(holder, HourlyRate.valid_from == valid_from))):
        raise rules.Taken(
            f"Expected a new rate, but one begins on {valid_from} already.",
            noun="a rate",
            field="valid_from",
            value=valid_from.isoformat(),
        )
    rate = HourlyRate(
        id=ids.new(at),
        person_id=person_id,
        team_id=team_id,
        hourly_cents=hourly_cents,
        valid_from=valid_from,
        created_at=at,
        created_by=by,
    )
    session.add(rate)
    session.flush()
    return rate


def rate_on(session: Session, person_id: str, day: date) -> int:
    """Return what an hour of a person costs on a day, in cents: their own rate, else their first team's.

    Raises:
        Missing: neither the person nor a team of theirs has a rate on that day.
    """
    dated = sa.select(HourlyRate.hourly_cents).where(HourlyRate.valid_from <= day)
    newest = HourlyRate.valid_from.desc()
    own = session.scalar(dated.where(HourlyRate.person_id == person_id).order_by(newest).limit(1))
    if own is not None:
        return own
    of_team = session.scalar(
        dated.join(Membership, Membership.team_id == HourlyRate.team_id)
        .where(Membership.person_id == person_id, Membership.left_at.is_(None))
        .order_by(Membership.created_at, Membership.id, newest)
        .limit(1)
    )
    if of_team is None:
        person = get(session, person_id)
        raise Missing(
            f"Expected an hourly rate of {person.name} on {day}, but neither the person nor their team has one.",
            noun="rate",
            person_id=person_id,
            day=day,
        )
    return of_team


def substitute(
    session: Session,
    *,
    person_id: str,
    substitute_id: str,
    first_day: date,
    last_day: date,
    reason: str,
    at: datetime,
    by: str,
) -> Substitution:
    """Let one person act for another from a day to a day, both included; both names stay in the record.

    Raises:
        Missing: there is no such person.
        Unfit: the days are out of order, or a person would substitute themselves.
    """
    get(session, person_id), get(session, substitute_id)
    if first_day > last_day:
        raise rules.Unfit(
            f"Expected the first day not after the last, but {first_day} is after {last_day}.",
            field="last_day",
        )
    if person_id == substitute_id:
        raise rules.Unfit("Expected another person as substitute, but it is the same.", field="substitute_id")
    row = Substitution(
        id=ids.new(at),
        person_id=person_id,
        substitute_id=substitute_id,
        first_day=first_day,
        last_day=last_day,
        reason=rules.text(reason, "reason", limit=500),
        created_at=at,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def substituted_by(session: Session, person_id: str, day: date) -> Sequence[Substitution]:
    """Return whom a person substitutes on a day."""
    return session.scalars(
        sa.select(Substitution).where(
            Substitution.substitute_id == person_id,
            Substitution.first_day <= day,
            Substitution.last_day >= day,
        )
    ).all()


def erase(session: Session, person_id: str, *, reason: str, at: datetime, by: str) -> Person:
    """Erase who a person is and keep what was done: hours, costs and events still name the id.

    The name becomes a fixed text, the mail address and the password go, roles and stays end
    (GDPR art. 17; art. 17(3)(b) keeps what accounting law requires).
    """
    person = rows.locked(session, Person, person_id, "person")
    person.name, person.email, person.password_hash, person.active = ERASED_NAME, None, None, False
    person.erased_at, person.erased_by = at, by
    session.execute(
        sa.update(RoleGrant)
        .where(RoleGrant.person_id == person_id, RoleGrant.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=by)
    )
    session.execute(
        sa.update(Membership)
        .where(Membership.person_id == person_id, Membership.left_at.is_(None))
        .values(left_at=at, left_by=by)
    )
    sign_ins.end_all(session, person_id)
    changes.write(session, "person", person_id, kind="erased", text=reason, facts={}, at=at, by=by)
    return person


def _of_the_house(session: Session, person_id: str) -> Person:
    """Return a person who works for an entity; a supplier's own people act for their firm alone."""
    person = get(session, person_id)
    if person.supplier_id is not None:
        raise rules.Unfit(
            f"Expected a person of the house, but {person.name} works for a supplier.", field="person_id"
        )
    return person


def _open_membership(session: Session, person_id: str, team_id: str) -> Membership | None:
    return session.scalar(
        sa.select(Membership).where(
            Membership.person_id == person_id, Membership.team_id == team_id, Membership.left_at.is_(None)
        )
    )
