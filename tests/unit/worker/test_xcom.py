"""XCom values there and back."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
import subprocess
import sys
import uuid
import zoneinfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuack.serialization import xcom
from queuack.serialization.typed_json import dumps, loads

UTC = datetime.UTC


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


class Custom:
    __version__ = 3

    def __init__(self, a):
        self.a = a

    def serialize(self):
        return {"a": self.a}

    @staticmethod
    def deserialize(data, version):
        assert version == 3
        return Custom(**data)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(PLAIN.filter(lambda value: "__classname__" not in repr(value)))
def test_json_values_and_tuples_come_back_as_they_were(value):
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        frozenset({3}),
        (1, (2, [3])),
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        datetime.datetime(2020, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
        datetime.datetime(2020, 7, 1),
        datetime.timedelta(days=1, microseconds=5),
        decimal.Decimal("1.10"),
        uuid.UUID(int=5),
        zoneinfo.ZoneInfo("Europe/Paris"),
        pendulum.datetime(2020, 7, 1, tz="Europe/Paris"),
        pendulum.datetime(2020, 7, 1),
        pendulum.date(2020, 7, 1),
        pendulum.timezone("Europe/Paris"),
        Point(1, datetime.date(2020, 1, 1)),
    ],
    ids=repr,
)
def test_typed_values(value):
    back = loads(dumps({"deep": [value]}))["deep"][0]
    assert back == value
    assert type(back) is type(value)


def test_the_form_is_airflows():
    assert json.loads(dumps((1,))) == {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]}
    written = json.loads(dumps(datetime.datetime(2020, 1, 1, tzinfo=UTC)))
    assert written["__classname__"] == "datetime.datetime"
    assert written["__data__"]["timestamp"] == 1577836800.0
    assert written["__data__"]["tz"]["__data__"][0] == "UTC"


def test_a_class_that_says_how():
    assert loads(dumps(Custom(4))).a == 4


@pytest.mark.parametrize("value", [object(), b"bytes", {"__classname__": "x"}, 1 + 2j])
def test_what_has_no_form_is_refused(value):
    with pytest.raises(TypeError):
        dumps(value)


def test_a_value_that_refers_to_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(TypeError, match="refers to itself"):
        dumps(value)


def test_any_class_by_name_is_not_called():
    with pytest.raises(TypeError):
        loads(b'{"__classname__": "subprocess.Popen", "__version__": 1, "__data__": "true"}')


def store(value, folder, **settings):
    values = {"enable_pickling": False, "threshold_bytes": 1000, "folder": folder, **settings}
    encoding, data = xcom.serialize(value, **values)
    values.pop("threshold_bytes")
    return encoding, xcom.deserialize(encoding, data, **values)


def test_pickling_only_when_allowed(tmp_path):
    with pytest.raises(TypeError, match="enable_xcom_pickling"):
        store({b"x"}, tmp_path)
    assert store({b"x"}, tmp_path, enable_pickling=True) == ("pickle", {b"x"})
    encoding, function = store(lambda: 5, tmp_path, enable_pickling=True)
    assert (encoding, function()) == ("cloudpickle", 5)
    with pytest.raises(PermissionError):
        xcom.deserialize("pickle", b"", enable_pickling=False, folder=tmp_path)


def test_large_values_go_to_files(tmp_path):
    encoding, back = store("x" * 2000, tmp_path / "xcom")
    assert encoding == "file:json"
    assert back == "x" * 2000
    assert [path.suffix for path in (tmp_path / "xcom").iterdir()] == [".json"]


def test_tables(tmp_path):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6])
    encoding, back = store(frame, tmp_path, threshold_bytes=100_000)
    assert encoding == "parquet"
    pandas.testing.assert_frame_equal(back, frame)
    table = pyarrow.table({"a": [1]})
    assert store(table, tmp_path)[1].to_pylist() == [{"a": 1}]
    assert store(polars.DataFrame({"a": [1]}), tmp_path)[1].equals(polars.DataFrame({"a": [1]}))


def test_a_set_has_one_form() -> None:
    """In every process: a trigger's arguments tell whether it is the one that runs already."""
    names = [f"name {number}" for number in range(50)]
    code = f"from queuack.serialization.typed_json import dumps; print(dumps(set({names!r})).decode())"
    found = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert loads(found[0].encode()) == set(names)
