from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from registry import changes, entities, natures, people, rules, suppliers
from registry.errors import Missing
from registry.tables.people import Membership, RoleGrant
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


def test_an_entity_code_is_used_once(session):
    factories.entity(session, code="COMMUNE")
    with pytest.raises(rules.Taken) as refusal:
        factories.entity(session, code="COMMUNE")
    assert refusal.value.value == "COMMUNE"
    assert entities.by_code(session, "COMMUNE").kind == "commune"


def test_an_entity_kind_that_is_no_word_of_the_list_is_refused(session):
    with pytest.raises(rules.Unfit):
        factories.entity(session, kind="club")


def test_the_database_itself_refuses_an_unknown_kind(session):
    entity = factories.entity(session)
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.text("UPDATE entity SET kind = 'club' WHERE id = :id"), {"id": entity.id})


def test_a_day_begins_in_the_zone_of_the_entity(session):
    entity = factories.entity(session)
    midnight_in_paris = factories.NOW.replace(hour=23, minute=30)
    assert entities.local_day(entity, midnight_in_paris) == factories.TODAY + timedelta(days=1)


def test_two_entities_may_have_a_service_of_the_same_code(session):
    one, other = factories.entity(session), factories.entity(session)
    entities.create_service(session, entity_id=one.id, code="TECH", name="Technique", **WHO)
    entities.create_service(session, entity_id=other.id, code="TECH", name="Technique", **WHO)
    with pytest.raises(rules.Taken):
        entities.create_service(session, entity_id=one.id, code="TECH", name="Encore", **WHO)


def test_a_person_is_found_by_a_mail_address_in_any_case(session):
    person = factories.person(session, email="Lea.Martin@Ville.example")
    assert people.by_email(session, " lea.martin@VILLE.example ").id == person.id
    assert people.by_email(session, "nobody@ville.example") is None


def test_a_mail_address_belongs_to_one_person(session):
    factories.person(session, email="lea@ville.example")
    with pytest.raises(rules.Taken):
        factories.person(session, email="LEA@ville.example")


def test_something_that_is_no_mail_address_is_refused(session):
    with pytest.raises(rules.Unfit):
        factories.person(session, email="lea at ville")


def test_groups_are_teams_roles_and_the_teams_led(session):
    town = factories.town(session)
    other = factories.team(session, town.entity.id, code="VOIRIE")
    people.join(session, person_id=town.agent.id, team_id=other.id, leader=True, **WHO)
    people.grant(session, person_id=town.agent.id, role="operator", **WHO)
    expected = {town.team.code, "VOIRIE", "VOIRIE:leader", "operator", f"operator:{town.entity.code}"}
    assert people.groups_of(session, town.agent.id) == expected


def test_a_role_in_one_entity_is_a_group_of_that_entity_alone(session):
    home, other = factories.entity(session), factories.entity(session)
    person, chief = factories.person(session, home.id), factories.person(session, home.id)
    people.grant(session, person_id=person.id, role="accountant", entity_id=other.id, **WHO)
    assert people.groups_of(session, person.id) == {f"accountant:{other.code}"}
    people.grant(session, person_id=chief.id, role="accountant", **WHO)
    everywhere = {"accountant", f"accountant:{home.code}", f"accountant:{other.code}"}
    assert people.groups_of(session, chief.id) == everywhere
    third = factories.entity(session)
    assert people.groups_of(session, chief.id) == everywhere | {f"accountant:{third.code}"}


def test_a_substitute_sees_the_entities_of_the_absent_and_no_others(session):
    home, other = factories.entity(session), factories.entity(session)
    absent, substitute = factories.person(session, home.id), factories.person(session, home.id)
    people.grant(session, person_id=absent.id, role="accountant", entity_id=other.id, **WHO)
    days = {"first_day": factories.TODAY, "last_day": factories.TODAY, "reason": "congé"}
    people.substitute(session, person_id=absent.id, substitute_id=substitute.id, **days, **WHO)
    assert people.groups_of(session, substitute.id, factories.TODAY) == {f"accountant:{other.code}"}


def test_a_left_team_and_a_revoked_role_are_no_groups_but_stay_readable(session):
    town = factories.town(session)
    grant = people.grant(session, person_id=town.agent.id, role="operator", **WHO)
    people.leave(session, person_id=town.agent.id, team_id=town.team.id, **WHO)
    people.revoke(session, grant.id, **WHO)
    assert people.groups_of(session, town.agent.id) == frozenset()
    assert session.scalar(sa.select(Membership.left_by)) == factories.BY
    assert session.scalar(sa.select(RoleGrant.revoked_at)) == factories.NOW


def test_nobody_joins_a_team_twice_but_may_come_back(session):
    town = factories.town(session)
    with pytest.raises(rules.Taken):
        people.join(session, person_id=town.agent.id, team_id=town.team.id, **WHO)
    people.leave(session, person_id=town.agent.id, team_id=town.team.id, **WHO)
    people.join(session, person_id=town.agent.id, team_id=town.team.id, **WHO)
    assert [person.id for person in people.members_of(session, town.team.id)] == [town.agent.id]


@pytest.mark.parametrize("code", ["accountant", "supplier", "accountant:CPAS"])
def test_a_team_may_not_be_called_like_another_group(session, code):
    with pytest.raises(rules.Taken):
        factories.team(session, code=code)


def test_a_substitute_acts_for_the_absent_on_the_days_named_only(session):
    town = factories.town(session)
    substitute = factories.person(session, town.entity.id)
    people.substitute(
        session,
        person_id=town.agent.id,
        substitute_id=substitute.id,
        first_day=date(2026, 11, 23),
        last_day=date(2026, 11, 27),
        reason="congé",
        **WHO,
    )
    days = [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 28)]
    seen = [town.team.code in people.groups_of(session, substitute.id, day) for day in days]
    assert seen == [False, True, True, False]


def test_nobody_substitutes_themselves(session):
    person = factories.person(session)
    with pytest.raises(rules.Unfit):
        people.substitute(
            session,
            person_id=person.id,
            substitute_id=person.id,
            first_day=factories.TODAY,
            last_day=factories.TODAY,
            reason="congé",
            **WHO,
        )


def test_a_role_in_one_entity_opens_that_entity_and_the_own_one(session):
    home, other = factories.entity(session), factories.entity(session)
    person = factories.person(session, home.id)
    people.grant(session, person_id=person.id, role="manager", entity_id=other.id, **WHO)
    assert people.entities_of(session, person.id) == {home.id, other.id}
    people.grant(session, person_id=person.id, role="admin", **WHO)
    assert people.entities_of(session, person.id) is None


def test_a_contractors_person_belongs_to_the_group_of_the_firm_and_looks_into_no_entity(session):
    firm = factories.supplier(session, code="TOITS")
    person = factories.person(session, supplier_id=firm.id)
    assert people.groups_of(session, person.id) == {"supplier:TOITS"}
    assert people.entities_of(session, person.id) == frozenset()
    with pytest.raises(rules.Unfit):
        people.grant(session, person_id=person.id, role="accountant", **WHO)
    with pytest.raises(rules.Unfit):
        people.join(session, person_id=person.id, team_id=factories.team(session).id, **WHO)


def test_a_role_given_twice_is_given_once(session):
    person = factories.person(session)
    first = people.grant(session, person_id=person.id, role="agent", **WHO)
    assert people.grant(session, person_id=person.id, role="agent", **WHO).id == first.id


def test_a_rate_counts_from_its_day_until_the_next(session):
    person = factories.person(session, hourly_cents=None)
    people.set_rate(session, person_id=person.id, hourly_cents=3000, valid_from=date(2026, 1, 1), **WHO)
    people.set_rate(session, person_id=person.id, hourly_cents=3200, valid_from=date(2026, 7, 1), **WHO)
    rates = [
        people.rate_on(session, person.id, day)
        for day in (date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    ]
    assert rates == [3000, 3000, 3200]
    with pytest.raises(Missing):
        people.rate_on(session, person.id, date(2025, 12, 31))


def test_the_rate_of_the_team_stands_in_for_a_person_without_one(session):
    town = factories.town(session)
    newcomer = factories.person(session, town.entity.id, hourly_cents=None)
    people.join(session, person_id=newcomer.id, team_id=town.team.id, **WHO)
    people.set_rate(session, team_id=town.team.id, hourly_cents=2800, valid_from=date(2026, 1, 1), **WHO)
    assert people.rate_on(session, newcomer.id, factories.TODAY) == 2800
    assert people.rate_on(session, town.agent.id, factories.TODAY) == 3000


def test_two_rates_do_not_begin_on_one_day(session):
    person = factories.person(session)
    with pytest.raises(rules.Taken):
        people.set_rate(session, person_id=person.id, hourly_cents=1, valid_from=date(2020, 1, 1), **WHO)


def test_failed_sign_ins_are_counted_until_a_good_one(session):
    person = factories.person(session, email="ana@ville.example")
    for address in ("ana@ville.example", "ANA@ville.example ", "nobody@ville.example", "ana@ville.example"):
        people.record_attempt(session, address, at=factories.NOW)
    session.refresh(person)
    assert person.failed_logins == 3
    assert people.record_login(session, person.id, password_hash=None) == 2
    assert person.failed_logins == 0


def test_a_password_changed_while_the_old_one_was_looked_at_opens_nothing(session):
    person = factories.person(session, email="ana@ville.example")
    people.set_password_hash(session, person.id, "old", **WHO)
    people.record_attempt(session, "ana@ville.example", at=factories.NOW)
    people.set_password_hash(session, person.id, "new", **WHO)
    assert people.record_login(session, person.id, password_hash="old") is None
    assert people.record_login(session, person.id, password_hash="new") == 0


def test_an_account_closed_while_its_password_was_looked_at_opens_nothing(session):
    person = factories.person(session, email="ana@ville.example")
    people.set_password_hash(session, person.id, "kept", **WHO)
    people.deactivate(session, person.id, reason="has left", **WHO)
    assert people.record_login(session, person.id, password_hash="kept") is None


def test_an_erased_person_keeps_the_id_and_loses_the_rest(session):
    town = factories.town(session)
    people.set_password_hash(session, town.agent.id, "argon2:hash", **WHO)
    people.erase(session, town.agent.id, reason="demande de la personne", **WHO)
    person = people.get(session, town.agent.id)
    assert (person.name, person.email, person.password_hash, person.active) == (
        people.ERASED_NAME,
        None,
        None,
        False,
    )
    assert people.groups_of(session, person.id) == frozenset()
    assert [change.kind for change in changes.of(session, "person", person.id)] == ["erased"]


def test_a_nature_knows_its_kin_and_its_ancestors(session):
    factories.nature(session, code="BAT")
    for code in ("BAT.PLOMBERIE", "BAT.CHAUFFAGE"):
        factories.nature(session, code=code, parent_code="BAT")
    factories.nature(session, code="BAT.PLOMBERIE.FUITE", parent_code="BAT.PLOMBERIE")
    factories.nature(session, code="VOI")
    kin = natures.kin(session, "BAT.PLOMBERIE")
    assert kin == {"BAT", "BAT.PLOMBERIE", "BAT.CHAUFFAGE", "BAT.PLOMBERIE.FUITE"}
    line = [nature.code for nature in natures.ancestors(session, "BAT.PLOMBERIE.FUITE")]
    assert line == ["BAT.PLOMBERIE.FUITE", "BAT.PLOMBERIE", "BAT"]


def test_a_nature_never_hangs_below_itself(session):
    factories.nature(session, code="A")
    factories.nature(session, code="A.B", parent_code="A")
    with pytest.raises(rules.Cycle):
        natures.move(session, "A", parent_code="A.B", reason="essai", **WHO)
    natures.move(session, "A.B", parent_code=None, reason="réforme", **WHO)
    assert natures.by_code(session, "A.B").parent_id is None


def test_a_supplier_with_wrong_bank_details_is_refused(session):
    good = factories.supplier(session, iban="BE71 0961 2345 6769", vat_number="BE 0123.456.789")
    assert (good.iban, good.vat_number) == ("BE71096123456769", "BE0123456789")
    with pytest.raises(rules.Unfit):
        factories.supplier(session, iban="BE71 0961 2345 6760")


def test_who_changed_the_bank_details_is_kept(session):
    supplier = factories.supplier(session)
    suppliers.update(session, supplier.id, name="Toits SA", reason="nom", at=factories.NOW, by="anne")
    assert supplier.iban_changed_by is None
    suppliers.update(
        session, supplier.id, iban="BE71096123456769", reason="RIB reçu", at=factories.NOW, by="paul"
    )
    assert supplier.iban_changed_by == "paul"
    kept = [change.facts for change in changes.of(session, "supplier", supplier.id)]
    assert kept == [{"fields": ["name"]}, {"fields": ["iban"]}]
