"""Reading tables and maps: CSV, GeoJSON, and a zipped shapefile.

Comes in: the path of a file. Goes out: its rows, each with its line, its values by folded column name, its geometry.
It never guesses a value: text stays text, and what a column means is the profile's. Next:
``integrations/imports/assets.py``.

Sources: RFC 4180 (CSV), RFC 7946 (GeoJSON), ESRI Shapefile Technical Description (1998).
"""

from __future__ import annotations

import codecs
import csv
import io
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import shapefile

from integrations.imports.errors import UnreadableFile
from registry.search import fold

_LARGEST = 512 * 1024 * 1024
_DELIMITERS = (";", ",", "\t", "|")
_SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: the line of a table, or the number of a feature; ``fault`` says why it is no row."""

    line: int
    values: Mapping[str, Any]
    geometry: dict[str, Any] | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was recognised: its format in words, the folded names of its columns, its rows."""

    format: str
    columns: frozenset[str]
    rows: Sequence[Row]


def column_name(name: str, until: str = "") -> str:
    """Return the name a column is found by: without case, accents and what stands after ``until``."""
    return fold(name.split(until, maxsplit=1)[0] if until else name).strip()


def read(path: Path, *, header_until: str = "") -> Source:
    """Read a file whose format its first bytes tell.

    Args:
        path: the file.
        header_until: the mark that ends the name in a header, empty for none.

    Raises:
        UnreadableFile: it is no CSV, GeoJSON or zipped shapefile, is damaged, or is larger than 512 MB.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _LARGEST else b""
    except OSError as error:
        raise UnreadableFile(
            f"Expected to read {path.name}, but {error.strerror}.", file=path.name
        ) from error
    if size > _LARGEST:
        raise UnreadableFile(f"Expected at most 512 MB, but {path.name} has {size} bytes.", file=path.name)
    if content.startswith(b"PK"):
        return _shapefile(content, path.name)
    text = decode(content, path.name)
    if text.lstrip().startswith("{"):
        return _geojson(text, path.name)
    return _table(text, path.name, header_until)


def decode(content: bytes, name: str) -> str:
    """Return bytes as text: UTF-8 when they are valid UTF-8, else Windows-1252.

    Raises:
        UnreadableFile: they are neither.
    """
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("windows-1252")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"Expected {name} in UTF-8 or Windows-1252, but byte {error.start} fits neither.", file=name
        ) from error


def _table(text: str, name: str, header_until: str) -> Source:
    if "\x00" in text:
        raise UnreadableFile(f"Expected {name} to be a table, but it carries binary data.", file=name)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    columns: list[str] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not columns:
                columns = [column_name(cell, header_until) for cell in cells]
                _refuse_twins(columns, name)
            elif len(cells) != len(columns):
                fault = f"Expected {len(columns)} columns, but found {len(cells)}."
                rows.append(Row(reader.line_num, {}, fault=fault))
            else:
                rows.append(Row(reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise UnreadableFile(
            f"Expected {name} to be a table, but line {reader.line_num} is damaged: {error}.", file=name
        ) from error
    if len(columns) < 2:
        raise UnreadableFile(
            f"Expected {name} to be a table with columns parted by one of ; , tab |, but found none.",
            file=name,
        )
    return Source(f"CSV, columns parted by {delimiter!r}", frozenset(columns), rows)


def _delimiter(text: str) -> str:
    """Return the mark that gives most rows the width of the header, the wider table when two do."""
    lines = text.splitlines()[:_SAMPLE_ROWS]

    def fit(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            return 0.0, 0
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    return max(_DELIMITERS, key=fit)


def _refuse_twins(columns: Sequence[str], name: str) -> None:
    twins = sorted({column for column in columns if columns.count(column) > 1})
    if twins:
        raise UnreadableFile(
            f"Expected each column of {name} once, but found twice: {', '.join(twins)}.", file=name
        )


def _geojson(text: str, name: str) -> Source:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(
            f"Expected {name} to be GeoJSON, but line {error.lineno} is no JSON: {error.msg}.", file=name
        ) from error
    features = data.get("features") if isinstance(data, dict) else None
    if data.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise UnreadableFile(
            f"Expected {name} to be a GeoJSON FeatureCollection, but found {data.get('type')}.", file=name
        )
    rows = [_feature(number, feature) for number, feature in enumerate(features, start=1)]
    columns = frozenset(column for row in rows for column in row.values)
    return Source("GeoJSON", columns, rows)


def _feature(number: int, feature: Any) -> Row:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Row(number, {}, fault="Expected a GeoJSON Feature, but found something else.")
    properties, geometry = feature.get("properties") or {}, feature.get("geometry")
    if not isinstance(properties, dict) or not isinstance(geometry, dict | None):
        return Row(number, {}, fault="Expected properties and a geometry as objects, but they are not.")
    return Row(number, {column_name(column): value for column, value in properties.items()}, geometry)


def _shapefile(content: bytes, name: str) -> Source:
    parts = _shapefile_parts(content, name)
    encoding = _dbf_encoding(parts)
    try:
        with shapefile.Reader(
            shp=io.BytesIO(parts[".shp"]), dbf=io.BytesIO(parts[".dbf"]), encoding=encoding
        ) as reader:
            columns = [column_name(field.name) for field in reader.fields if field.name != "DeletionFlag"]
            rows = list(_shapes(reader, columns))
    except (shapefile.ShapefileException, struct.error, UnicodeDecodeError, ValueError) as error:
        raise UnreadableFile(
            f"Expected {name} to hold a shapefile, but it is damaged: {error}.", file=name
        ) from error
    return Source(f"shapefile, text in {encoding}", frozenset(columns), rows)


def _shapes(reader: Any, columns: Sequence[str]) -> Iterator[Row]:
    for number, shape_record in enumerate(reader.iterShapeRecords(), start=1):
        shape = shape_record.shape
        geometry = dict(shape.__geo_interface__) if shape.shapeType != shapefile.NULL else None
        yield Row(number, dict(zip(columns, shape_record.record, strict=True)), geometry)


def _shapefile_parts(content: bytes, name: str) -> dict[str, bytes]:
    """Return the members of the one shapefile in a zip by their ending, after checking how large they say to be."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            shapes = [member.filename[:-4] for member in members if member.filename.lower().endswith(".shp")]
            if len(shapes) != 1:
                raise UnreadableFile(f"Expected one .shp file in {name}, but found {len(shapes)}.", file=name)
            wanted = {
                ending: member
                for member in members
                for ending in (".shp", ".dbf", ".cpg")
                if member.filename.lower() == shapes[0].lower() + ending
            }
            if ".dbf" not in wanted:
                raise UnreadableFile(
                    f"Expected a .dbf file beside the .shp in {name}, but found none.", file=name
                )
            if sum(member.file_size for member in wanted.values()) > _LARGEST:
                raise UnreadableFile(f"Expected at most 512 MB in {name}, but it unpacks to more.", file=name)
            return {ending: archive.read(member) for ending, member in wanted.items()}
    except zipfile.BadZipFile as error:
        raise UnreadableFile(
            f"Expected {name} to be a zip, but it is damaged: {error}.", file=name
        ) from error


def _dbf_encoding(parts: Mapping[str, bytes]) -> str:
    """Return the encoding of a .dbf: what the .cpg says, else UTF-8 when its text is valid UTF-8."""
    declared = parts.get(".cpg", b"").decode("ascii", "ignore").strip()
    if declared:
        try:
            return codecs.lookup(declared).name
        except LookupError:
            pass
    header = int.from_bytes(parts[".dbf"][8:10], "little")
    try:
        parts[".dbf"][header:].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
