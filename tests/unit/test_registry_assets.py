from datetime import date

import pytest
import sqlalchemy as sa

from registry import assets, checks, places, queries, rules
from registry.errors import Missing
from registry.tables.assets import AssetEvent, OwnerPeriod
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[3.0, 43.0], [3.2, 43.0], [3.2, 43.4], [3.0, 43.4], [3.0, 43.0]]],
}


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


def transfer(session, asset, to, on, **more):
    return assets.transfer(
        session, asset_id=asset.id, to_entity_id=to.id, on=on, reason="acte", **{**WHO, **more}
    )


def test_a_new_asset_has_an_owner_an_event_and_a_label(session):
    asset = factories.asset(session, owned_from=date(2015, 3, 1))
    assert assets.owner_on(session, asset.id, date(2015, 3, 1)) == asset.entity_id
    assert session.scalar(sa.select(AssetEvent.kind)) == "created"
    assert assets.by_qr_token(session, asset.qr_token).id == asset.id
    with pytest.raises(Missing):
        assets.owner_on(session, asset.id, date(2015, 2, 28))


def test_a_transfer_is_a_dated_fact_that_leaves_history_readable(session):
    commune, cpas = factories.entity(session), factories.entity(session)
    asset = factories.asset(session, entity_id=cpas.id)
    transfer(session, asset, commune, date(2026, 7, 1))
    assert assets.owner_on(session, asset.id, date(2026, 6, 30)) == cpas.id
    assert assets.owner_on(session, asset.id, date(2026, 7, 1)) == commune.id
    assert assets.get(session, asset.id).entity_id == commune.id
    assert [period.reason for period in assets.owner_periods(session, asset.id)] == ["création", "acte"]


def test_parts_of_the_same_owner_follow_and_others_stay(session):
    commune, cpas, club = (factories.entity(session) for _ in range(3))
    school = factories.asset(session, entity_id=cpas.id)
    room = factories.asset(session, entity_id=cpas.id, parent_id=school.id)
    boiler = factories.asset(session, entity_id=cpas.id, parent_id=room.id)
    panels = factories.asset(session, entity_id=club.id, parent_id=school.id)
    assert len(transfer(session, school, commune, date(2026, 7, 1))) == 3
    owners = [assets.get(session, asset.id).entity_id for asset in (school, room, boiler, panels)]
    assert owners == [commune.id, commune.id, commune.id, club.id]


@pytest.mark.parametrize("on", [date(2010, 1, 1), date(2009, 5, 5), date(2026, 11, 22)])
def test_a_transfer_before_the_present_period_or_in_the_future_is_refused(session, on):
    asset = factories.asset(session, owned_from=date(2010, 1, 1))
    with pytest.raises(rules.Unfit):
        transfer(session, asset, factories.entity(session), on)
    assert len(assets.owner_periods(session, asset.id)) == 1


def test_an_owner_does_not_receive_what_it_owns(session):
    asset = factories.asset(session)
    with pytest.raises(rules.WrongState):
        assets.transfer(
            session, asset_id=asset.id, to_entity_id=asset.entity_id, on=factories.TODAY, reason="acte", **WHO
        )


def test_the_database_itself_refuses_two_owners_on_one_day(session):
    asset = factories.asset(session, owned_from=date(2010, 1, 1))
    transfer(session, asset, factories.entity(session), date(2026, 7, 1))
    late = sa.insert(OwnerPeriod).values(
        id="x",
        asset_id=asset.id,
        entity_id=asset.entity_id,
        owned_from=date(2026, 6, 30),
        owned_until=date(2026, 7, 2),
        reason="",
        created_at=factories.NOW,
        created_by="",
    )
    with pytest.raises(sa.exc.IntegrityError, match="one owner"):
        session.execute(late)


def test_a_code_is_unique_in_its_class_whoever_owns_the_asset(session):
    first = factories.asset(session, code="B1")
    with pytest.raises(rules.Taken):
        factories.asset(session, code="B1", class_code=first.class_code)
    factories.asset(session, code="B1")
    assert assets.by_code(session, "B1", first.class_code).id == first.id
    with pytest.raises(rules.Unfit):
        assets.by_code(session, "B1")


def test_one_bad_draft_keeps_all_of_them_out(session):
    asset = factories.asset(session)
    draft = assets.Draft(asset.entity_id, asset.class_code, "N1", "Neuf", date(2026, 1, 1))
    twin = assets.Draft(asset.entity_id, asset.class_code, "N1", "Encore", date(2026, 1, 1))
    with pytest.raises(rules.Taken):
        assets.create_many(session, [draft, twin], **WHO)
    with pytest.raises(Missing):
        assets.by_code(session, "N1")


def test_an_asset_is_never_a_part_of_itself(session):
    school = factories.asset(session)
    room = factories.asset(session, parent_id=school.id)
    cupboard = factories.asset(session, parent_id=room.id)
    with pytest.raises(rules.Cycle):
        assets.update(session, school.id, parent_id=cupboard.id, reason="essai", **WHO)
    assert [asset.id for asset in assets.ancestors(session, cupboard.id)] == [cupboard.id, room.id, school.id]
    assert {asset.id for asset in assets.descendants(session, school.id)} == {room.id, cupboard.id}


def test_own_fields_are_held_to_the_class(session):
    class_ = factories.asset_class(
        session,
        fields={
            "type": "object",
            "properties": {
                "floors": {"type": "integer", "minimum": 0},
                "use": {"type": "string", "enum": ["a", "b"]},
            },
            "required": ["floors"],
        },
    )
    good = factories.asset(session, class_code=class_.code, attributes={"floors": 2, "use": "a", "free": 1.5})
    assert good.attributes["free"] == 1.5
    with pytest.raises(assets.UnfitFields) as refusal:
        factories.asset(session, class_code=class_.code, attributes={"use": "c"})
    assert [problem.field for problem in refusal.value.problems] == ["floors", "use"]
    with pytest.raises(assets.UnfitFields):
        factories.asset(session, class_code=class_.code, attributes={"floors": True})


def test_a_schema_that_would_not_be_checked_is_refused(session):
    with pytest.raises(rules.Unfit, match="pattern"):
        factories.asset_class(session, fields={"properties": {"plate": {"type": "string", "pattern": "A.*"}}})


def test_a_geometry_gives_the_point_and_the_box(session):
    asset = factories.asset(session, geometry=SQUARE)
    assert (asset.longitude, asset.latitude) == pytest.approx((3.1, 43.2))
    assert (asset.west, asset.south, asset.east, asset.north) == (3.0, 43.0, 3.2, 43.4)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Circle", "coordinates": [3, 43]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Point", "coordinates": [700000, 6600000]},
        {"type": "Point", "coordinates": ["3", "43"]},
    ],
)
def test_a_geometry_that_is_none_is_refused(session, geometry):
    with pytest.raises(rules.Unfit):
        factories.asset(session, geometry=geometry)


def test_a_change_is_told_with_the_values_before_and_after(session):
    asset = factories.asset(session, name="Ecole")
    assets.update(session, asset.id, name="École", reason="accent", **WHO)
    event = session.scalars(sa.select(AssetEvent).where(AssetEvent.number == 2)).one()
    assert (event.text, event.facts) == ("accent", {"name": {"before": "Ecole", "after": "École"}})


def test_a_change_that_changes_nothing_is_not_told(session):
    asset = factories.asset(session, name="École")
    assert assets.update(session, asset.id, name="École", reason="rien", **WHO).version == 1


def test_a_change_made_from_an_old_reading_is_refused(session):
    asset = factories.asset(session)
    assets.update(session, asset.id, name="Un", reason="a", version=1, **WHO)
    with pytest.raises(rules.Stale):
        assets.update(session, asset.id, name="Deux", reason="b", version=1, **WHO)


def test_a_retired_asset_takes_no_request_until_it_is_restored(session):
    asset = factories.asset(session)
    assets.retire(session, asset.id, reason="démoli", **WHO)
    with pytest.raises(rules.WrongState):
        factories.request(session, asset_id=asset.id)
    assets.restore(session, asset.id, reason="erreur", **WHO)
    assert factories.request(session, asset_id=asset.id).asset_id == asset.id


def test_assets_are_found_without_case_accents_or_leading_zeros(session):
    factories.asset(session, code="00025001", name="École Émile-Zola", address="12 rue de l'Œillet")
    factories.asset(session, name="Stade")

    def found(text):
        return queries.assets_page(session, entity_ids=None, text=text).total

    assert [found(text) for text in ("ecole zola", "OEILLET", "25001", "emil", "zola stade", "")] == [
        1,
        1,
        1,
        1,
        0,
        2,
    ]


def test_a_renamed_asset_is_found_by_its_new_name_only(session):
    asset = factories.asset(session, name="Ancien")
    assets.update(session, asset.id, name="Nouveau", reason="x", **WHO)
    totals = [
        queries.assets_page(session, entity_ids=None, text=text).total for text in ("ancien", "nouveau")
    ]
    assert totals == [0, 1]


def test_a_page_counts_all_rows_and_sorts_as_asked(session):
    entity, class_ = factories.entity(session), factories.asset_class(session)
    for name in "cabed":
        factories.asset(session, entity_id=entity.id, class_code=class_.code, name=name)
    page = queries.assets_page(session, entity_ids=[entity.id], size=2, page=2, sort="-name")
    assert ([row.name for row in page.rows], page.total, page.pages) == (["c", "b"], 5, 3)
    assert (page.first, page.last) == (3, 4)
    with pytest.raises(rules.Unfit):
        queries.assets_page(session, entity_ids=None, sort="attributes")


def test_a_box_of_the_map_holds_the_points_inside(session):
    factories.asset(session, name="dedans", longitude=3.87, latitude=43.61)
    factories.asset(session, name="dehors", longitude=4.87, latitude=43.61)
    found = queries.assets_within(session, places.Bounds(3.8, 43.6, 3.9, 43.7), entity_ids=None)
    assert [row.name for row in found] == ["dedans"]


def test_fifty_metres_are_fifty_metres():
    here = places.Point(3.87, 43.61)
    box = places.around(here, 50)
    assert places.metres(here, places.Point(box.east, here.latitude)) == pytest.approx(50, rel=0.01)
    assert places.metres(here, places.Point(here.longitude, box.north)) == pytest.approx(50, rel=0.01)


def test_an_audit_finds_a_gap_between_owners(session):
    asset = factories.asset(session)
    transfer(session, asset, factories.entity(session), date(2026, 7, 1))
    assert checks.run(session) == []
    session.execute(
        sa.update(OwnerPeriod)
        .where(OwnerPeriod.owned_until.is_not(None))
        .values(owned_until=date(2026, 6, 1))
    )
    assert [finding.code for finding in checks.run(session)] == ["owner_periods"]
