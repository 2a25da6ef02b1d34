"""A child that imports is killed before it commits: the rows are those of before."""

import os
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from registry.tables.assets import Asset, AssetClass, AssetSource
from tests import factories

KILLED = 77
CHILD = """
import os, pathlib, sys
from engine import store
from integrations.imports import assets, files, profile
from registry import entities

class Killed(store.Failpoints):
    def reach(self, name):
        if name == sys.argv[3]:
            os._exit(77)

house = store.Engine(store.connect(sys.argv[1]), failpoints=Killed())
chosen = profile.load(sys.argv[2] + ".toml")
source = files.read(pathlib.Path(sys.argv[2] + ".csv"))
with house.begin("system:import") as unit:
    owner = entities.by_code(unit.session, "COMMUNE")
    plan = assets.plan(unit.session, source, chosen, entity_id=owner.id, at=unit.now)
    assets.write(unit.session, plan, at=unit.now, by=unit.actor)
"""
PROFILE = """
title = "Bancs"
[class]
code = "bench"
name_fr = "Banc"
name_en = "Bench"
[key]
column = "numero"
[facts]
name = "nom"
"""


def rows(engine):
    tables = (AssetClass, Asset, AssetSource)
    with engine.connect() as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]


def run(url, base, failpoint):
    command = [sys.executable, "-c", CHILD, url, str(base), failpoint]
    return subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(Path.cwd())}).returncode


def test_an_import_killed_before_its_commit_leaves_nothing_and_can_be_run_again(tmp_path):
    base = tmp_path / "bancs"
    base.with_suffix(".toml").write_text(PROFILE, encoding="utf-8")
    base.with_suffix(".csv").write_text("numero;nom\n1;Un\n2;Deux\n", encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'town.db'}"
    engine = factories.database(url)
    with factories.session_on(engine) as session:
        factories.entity(session, code="COMMUNE")
        session.commit()
    assert run(url, base, "before commit") == KILLED
    assert rows(engine) == [0, 0, 0]
    assert run(url, base, "after commit") == KILLED
    assert rows(engine) == [1, 2, 2]
    assert run(url, base, "never") == 0
    assert rows(engine) == [1, 2, 2]
    engine.dispose()
