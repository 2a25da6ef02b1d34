import csv
import io
import json
import zipfile

import pytest
import shapefile
import sqlalchemy as sa

from integrations.imports import assets as asset_import
from integrations.imports import files, profile, values
from integrations.imports.errors import UnfitProfile, UnknownProfile, UnreadableFile
from integrations.imports.report import write_csv
from registry import assets, checks, places
from registry.tables.assets import Asset, AssetEvent
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}
PROFILE = """
title = "Bancs"
[class]
code = "bench"
name_fr = "Banc"
name_en = "Bench"
[class.fields.properties]
slats = { type = "integer", minimum = 0 }
length_m = { type = "number" }
painted = { type = "boolean" }
[file]
decimal = ","
[key]
column = "NUMÉRO"
none = ["", "99999999"]
otherwise = "place"
repeated = "merge"
code_by_place = "BANC-{place}"
[facts]
name = "Nom"
name_otherwise = "Banc sans nom {place}"
address = "Rue"
owned_from = "POSE"
count_as = "slats"
[place]
longitude = "X"
latitude = "Y"
within = [3.0, 43.0, 4.5, 44.5]
[attributes]
length_m = { column = "LONGUEUR", type = "number", digits = 2, merge = "sum" }
painted = { column = "PEINT", type = "boolean" }
"""
HEAD = "numero;NOM;rue;pose;x;y;longueur;peint\n"
ROWS = (
    "B1;Banc du Théâtre;Place du Théâtre;20150301;3,87;43,61;1,80;Oui\n"
    "B1;Banc du Théâtre;;;3,87;43,61;2,20;Oui\n"
    ";;Quai;;3,88;43,62;;Non\n"
    "99999999;Autre;Quai;;3,89;43,62;;\n"
)


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


@pytest.fixture
def owner(session):
    return factories.entity(session)


@pytest.fixture
def read(tmp_path):
    def reader(content, name="bancs.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return files.read(path)

    return reader


def plan(session, owner, source, text=PROFILE):
    return asset_import.plan(
        session, source, profile.parse("bancs", text), entity_id=owner.id, at=factories.NOW
    )


def run(session, owner, source, text=PROFILE):
    report = asset_import.write(session, plan(session, owner, source, text), **WHO)
    assert report.adds_up()
    return report


def outcome(report):
    return report.read, report.created, report.updated, report.unchanged, report.refused, report.merged


def count(session):
    return session.scalar(sa.select(sa.func.count()).select_from(Asset))


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(*features):
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_rows_with_a_key_are_one_asset_and_rows_without_are_named_by_their_place(session, owner, read):
    report = run(session, owner, read(HEAD + ROWS))
    assert outcome(report) == (4, 4, 0, 0, 0, 1)
    bench = assets.by_code(session, "B1")
    assert (bench.name, bench.address, bench.entity_id) == ("Banc du Théâtre", "Place du Théâtre", owner.id)
    assert bench.attributes == {"length_m": 4.0, "painted": True, "slats": 2}
    codes = session.scalars(sa.select(Asset.code).where(Asset.code.startswith("BANC-"))).all()
    assert len(codes) == 2
    assert assets.owner_periods(session, bench.id)[0].owned_from.isoformat() == "2015-03-01"
    assert checks.run(session) == []


def test_the_same_file_again_changes_nothing(session, owner, read):
    run(session, owner, read(HEAD + ROWS))
    report = run(session, owner, read(HEAD + ROWS))
    assert outcome(report) == (4, 0, 0, 4, 0, 1)
    assert session.scalar(sa.select(sa.func.count()).select_from(AssetEvent)) == 3


def test_a_changed_row_updates_its_asset_and_leaves_its_owner(session, owner, read):
    run(session, owner, read(HEAD + ROWS))
    other = factories.entity(session)
    report = run(session, other, read(HEAD + ROWS.replace("Autre", "Banc du Quai")))
    assert outcome(report) == (4, 0, 1, 3, 0, 1)
    changed = session.scalars(sa.select(Asset).where(Asset.name == "Banc du Quai")).one()
    assert changed.entity_id == owner.id


def test_what_the_town_changed_stays_while_the_file_says_the_same(session, owner, read):
    run(session, owner, read(HEAD + ROWS))
    bench = assets.by_code(session, "B1")
    assets.update(session, bench.id, name="Banc Molière", reason="délibération", **WHO)
    run(session, owner, read(HEAD + ROWS))
    assert assets.by_code(session, "B1").name == "Banc Molière"


def test_a_dry_run_writes_nothing_and_tells_the_same(session, owner, read):
    source = read(HEAD + ROWS + "B2;;;;9;9;;\n")
    told = plan(session, owner, source).report
    assert count(session) == 0
    done = run(session, owner, source)
    assert (outcome(told), told.notes) == (outcome(done), done.notes)


def test_an_asset_of_the_house_is_linked_and_updated_not_doubled(session, owner, read):
    factories.asset_class(session, code="bench")
    factories.asset(session, code="B1", class_code="bench", name="Banc")
    report = run(session, owner, read(HEAD + ROWS))
    assert outcome(report) == (4, 2, 2, 0, 0, 1)
    assert assets.by_code(session, "B1").name == "Banc du Théâtre"


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("B9;Nom;;;;;abc;", "LONGUEUR", "Expected a number, but found abc."),
        ("B9;Nom;;;;;;peut-être", "PEINT", "Expected yes or no, but found peut-être."),
        ("B9;Nom;;31/02/2015;;;;", "POSE", "Expected a day like 2026-11-21, but found 31/02/2015."),
        (
            "B9;Nom;;;9;9;;",
            "geometry",
            "Expected a place between 3.0, 43.0 and 4.5, 44.5, but found 9.00000, 9.00000.",
        ),
        (";Nom;;;;;;", "NUMÉRO", "Expected a key or a place, but found none."),
        ("B9;Nom", "", "Expected 8 columns, but found 2."),
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_line_field_and_reason(
    session, owner, read, row, field, reason
):
    report = run(session, owner, read(HEAD + ROWS + row + "\n"))
    (note,) = [note for note in report.notes if note.kind == "refused"]
    assert (note.line, note.field, note.reason) == (6, field, reason)
    assert outcome(report) == (5, 4, 0, 0, 1, 1)


def test_values_the_class_refuses_refuse_all_rows_of_the_asset(session, owner, read):
    strict = PROFILE.replace(
        'slats = { type = "integer", minimum = 0 }', 'slats = { type = "integer", maximum = 1 }'
    )
    report = run(session, owner, read(HEAD + ROWS), strict)
    assert outcome(report) == (4, 2, 0, 0, 2, 0)
    assert {note.field for note in report.notes if note.kind == "refused"} == {"slats"}


def test_names_that_differ_under_one_key_are_both_kept_and_told(session, owner, read):
    report = run(session, owner, read(HEAD + "B1;Crèche;;;;;;\nB1;École;;;;;;\nB1;École;;;;;;\n"))
    assert assets.by_code(session, "B1").name == "École / Crèche"
    assert "Its name there is Crèche, here École: both are kept." in report.notes[0].reason


def test_repeated_keys_are_numbered_or_refused_as_the_profile_says(session, owner, read):
    source = read(HEAD + "B1;Un;;;;;;\nB1;Deux;;;;;;\n")
    refused = run(session, owner, source, PROFILE.replace('"merge"\ncode', '"refuse"\ncode'))
    assert outcome(refused) == (2, 1, 0, 0, 1, 0)
    numbered = run(session, owner, source, PROFILE.replace('"merge"\ncode', '"number"\ncode'))
    assert outcome(numbered) == (2, 1, 0, 1, 0, 0)
    assert assets.by_code(session, "B1-2").name == "Deux n° 2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_separators_are_recognised(session, owner, read, encoding, delimiter):
    lines = [
        ["Numéro", "Nom", "Rue", "Pose", "X", "Y", "Longueur", "Peint"],
        ["B1", "Théâtre, été", "", "", "", "", "1,5", ""],
    ]
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(lines)
    run(session, owner, read(target.getvalue().encode(encoding)))
    bench = assets.by_code(session, "B1")
    assert (bench.name, bench.attributes["length_m"]) == ("Théâtre, été", 1.5)


def test_shapes_of_one_key_become_one_geometry_and_lambert_93_becomes_degrees(session, owner, read):
    def square(x, y):
        return {
            "type": "Polygon",
            "coordinates": [[[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10], [x, y]]],
        }

    lambert = PROFILE.replace("within", 'crs = "EPSG:2154"\nwithin')
    common = {"numéro": "B1", "nom": "Banc", "rue": None, "pose": None, "longueur": 2.5, "peint": None}
    report = run(
        session,
        owner,
        read(geojson(feature(square(770000, 6280000), **common), feature(square(770100, 6280000), **common))),
        lambert,
    )
    assert outcome(report) == (2, 2, 0, 0, 0, 1)
    bench = assets.by_code(session, "B1")
    assert (bench.geometry["type"], bench.attributes["length_m"]) == ("MultiPolygon", 5.0)
    west, east = places.Point(bench.west, bench.south), places.Point(bench.east, bench.south)
    assert places.metres(west, east) == pytest.approx(110, abs=0.5)


def test_lambert_93_becomes_the_degrees_that_the_town_itself_gives():
    # Esplanade Paul Valéry, in both systems in the town's own open data (Ville de Montpellier, Licence Ouverte).
    shape = {"type": "Point", "coordinates": [768188.56180396862, 6278077.9709402351]}
    assert values.geometry(shape, "EPSG:2154")["coordinates"] == pytest.approx(
        [3.844234, 43.598476], abs=2e-5
    )


def test_a_geohash_is_the_published_one():
    assert values.geohash(places.Point(10.40744, 57.64911)) == "u4pruydqqvj"  # the example of geohash.org


def shapefile_zip(records, encoding="cp1252", extra=()):
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POINT, encoding=encoding) as writer:
        writer.field("genre", "C", 50)
        for x, y, genre in records:
            writer.point(x, y)
            writer.record(genre)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"LAMPES.{name}", part.getvalue())
        for name, content in extra:
            archive.writestr(name, content)
    return target.getvalue()


LAMPS = """
title = "Lampes"
[class]
code = "lamp"
name_fr = "Lampe"
name_en = "Lamp"
[key]
otherwise = "place"
repeated = "number"
code_by_place = "PL-{place}"
[facts]
name_otherwise = "Lampe {place}"
[place]
crs = "EPSG:2154"
[attributes]
kind = { column = "GENRE" }
"""


def test_a_zipped_shapefile_is_read_and_two_lamps_on_a_pole_are_two(session, owner, read):
    pole = (770999.84, 6278801.52)
    source = read(
        shapefile_zip([(*pole, "Éclairage"), (*pole, ""), (771100.0, 6278801.0, "Borne")]), "lampes.zip"
    )
    report = run(session, owner, source, LAMPS)
    assert outcome(report) == (3, 3, 0, 0, 0, 0)
    lamps = session.scalars(sa.select(Asset).order_by(Asset.code)).all()
    assert {lamp.attributes.get("kind") for lamp in lamps} == {"Éclairage", None, "Borne"}
    assert sum(lamp.code.endswith("-2") for lamp in lamps) == 1
    assert outcome(run(session, owner, source, LAMPS)) == (3, 0, 0, 3, 0, 0)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "empty.csv"),
        ("one column\nonly\n", "narrow.csv"),
        ("a;a\n1;2\n", "twins.csv"),
        ('a;b\n"1;2\n', "quote.csv"),
        (b"a;b\x00\n", "binary.csv"),
        ("{", "broken.geojson"),
        ('{"type": "Feature"}', "feature.geojson"),
        (b"PK\x03\x04 no zip", "broken.zip"),
        (shapefile_zip([(0, 0, "x")], extra=[("OTHER.shp", b"")]), "two.zip"),
        (b"\x81;\x8d\n", "encoding.csv"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(read, content, name):
    with pytest.raises(UnreadableFile) as refusal:
        read(content, name)
    assert refusal.value.message.startswith("Expected ")


def test_a_file_without_the_columns_of_the_profile_is_refused_by_their_names(session, owner, read):
    with pytest.raises(UnfitProfile) as refusal:
        plan(session, owner, read("numero;nom\nB1;Banc\n"))
    assert refusal.value.absent == ("Rue", "POSE", "LONGUEUR", "PEINT")


@pytest.mark.parametrize(
    "change",
    [
        ('repeated = "merge"', 'repeated = "mix"'),
        ('count_as = "slats"', 'counts = "slats"'),
        ('name_fr = "Banc"\n', ""),
        ("[place]", "[plaice]"),
        ("[facts]", '[facts]\nowned_from_otherwise = "hier"'),
        ('title = "Bancs"', "title = "),
    ],
)
def test_a_profile_with_a_word_nobody_knows_is_refused(change):
    with pytest.raises(UnfitProfile):
        profile.parse("bancs", PROFILE.replace(*change))


def test_every_profile_shipped_can_be_loaded():
    assert {"montpellier-buildings", "montpellier-green-spaces", "montpellier-street-lights"} <= set(
        profile.names()
    )
    assert all(profile.load(name).title for name in profile.names())
    with pytest.raises(UnknownProfile):
        profile.load("nowhere")


def test_the_report_is_a_table_in_the_order_of_the_lines(session, owner, read):
    report = run(session, owner, read(HEAD + ROWS + "B1;Encore;;;;;;\nB9;;;;;;x;\n"))
    target = io.StringIO()
    write_csv(report.notes, target)
    lines = list(csv.reader(io.StringIO(target.getvalue()), delimiter=";"))
    assert [line[:2] for line in lines] == [
        ["line", "kind"],
        ["3", "merged"],
        ["6", "merged"],
        ["7", "refused"],
    ]


def test_an_import_that_is_rolled_back_leaves_nothing(tmp_path, read):
    engine = factories.database(f"sqlite:///{tmp_path / 'town.db'}")
    with factories.session_on(engine) as session:
        owner = factories.entity(session)
        asset_import.write(session, plan(session, owner, read(HEAD + ROWS)), **WHO)
        assert count(session) == 3
    with factories.session_on(engine) as session:
        assert count(session) == 0
