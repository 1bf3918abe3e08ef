"""Files to typed Seeds: exact values, and errors that name file, row and column."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from converge_cli.core.built_in_kinds import Text
from converge_cli.core.fact import Columns, FactModel
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.truth.inputs import InputError, read_input, read_rows, read_seed
from converge_cli.truth.source import Source

SPEC = InputSpec("vendors", "vendor", "vendor:{id}")
HEADER = "id,price,compliant\n"


@pytest.fixture
def vendor(shop: Any) -> Kind:
    """A kind with decimals, booleans, dates, choices, optional fields and room for more columns."""
    return Kind("vendor", shop.Vendor)


def _read(text: str | bytes, kind: Kind, name: str = "v.csv", spec: InputSpec = SPEC) -> tuple[Any, ...]:
    return read_input(spec, Source(name, text if isinstance(text, bytes) else text.encode()), kind)


def _problems(text: str | bytes, kind: Kind, name: str = "v.csv", spec: InputSpec = SPEC) -> list[Any]:
    with pytest.raises(InputError) as caught:
        _read(text, kind, name, spec)
    assert "INPUT_INVALID" == caught.value.code
    return [(item.row, item.column) for item in caught.value.problems]


def test_a_row_becomes_a_typed_seed(vendor: Kind, shop: Any) -> None:
    """Each cell has its field's type; unknown columns keep their names."""
    text = "id,price,compliant,since,grade,staff,Quality score\nAcme AB,15000.50,yes,2020-01-31,A,12,0.9\n"
    (seed,) = _read(text, vendor)
    expected = shop.Vendor(
        id="Acme AB",
        price=Decimal("15000.50"),
        compliant=True,
        since=date(2020, 1, 31),
        grade="A",
        staff=12,
        columns=Columns({"Quality score": "0.9"}),
    )
    assert ("Seeds", "vendor:Acme-AB", expected) == (seed.key, seed.id, seed.payload)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.csv", "id,price,compliant\na,1.50,no\n"),
        ("v.csv", "\ufeffid;price;compliant\r\na;1.50;0\r\n"),
        ("v.csv", 'id,price,compliant\n"a",  1.50 ,FALSE\n\n'),
        ("v.json", '[{"id": "a", "price": 1.50, "compliant": false}]'),
        ("v.json", '{"id": "a", "price": "1.50", "compliant": false}'),
        ("v.yaml", "- {id: a, price: 1.50, compliant: false}\n"),
        ("v.yml", "id: a\nprice: 1.50\ncompliant: false\n"),
    ],
)
def test_every_format_gives_the_same_seed(vendor: Kind, shop: Any, name: str, text: str) -> None:
    """A number never passes through a binary float."""
    (seed,) = _read(text, vendor, name)
    assert shop.Vendor(id="a", price=Decimal("1.50"), compliant=False) == seed.payload


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [(None, None)]),
        ("\n\n", [(None, None)]),
        ("id,,price\n", [(1, "2")]),
        ("id,price,id\n", [(1, "id")]),
        ("id,compliant\na,yes\n", [(1, "price")]),
        (HEADER + "a,,yes\n", [(2, "price")]),
        (HEADER + "a,1,yes\n\nb,x,yes\n", [(4, "price")]),
        (HEADER + 'a,"1\n2",yes\nb,NaN,perhaps\n', [(2, "price"), (4, "price"), (4, "compliant")]),
        (HEADER + "a,1\n", [(2, None)]),
        (HEADER + "a,1,yes,4\n", [(2, None)]),
        (HEADER + "a b,1,yes\na-b,2,yes\n", [(3, None)]),
        (HEADER + "!!,1,yes\n", [(2, "id")]),
        (HEADER + 'a,"1,yes\n', [(2, None)]),
        (b"id,price\n\xff,1\n", [(2, None)]),
        (b"id\0", [(1, None)]),
        ("id,price,grade\na,1,C\n", [(2, "grade")]),
        ("id,price,staff\na,1,1.5\n", [(2, "staff")]),
        ("id,price,since\na,1,31.1.2020\n", [(2, "since")]),
    ],
)
def test_a_bad_table_names_row_and_column(vendor: Kind, text: str | bytes, places: list[Any]) -> None:
    """The row is the line of the file, also after quoted line breaks and empty lines."""
    assert places == _problems(text, vendor)


def test_two_rows_with_one_id_name_each_other(vendor: Kind) -> None:
    """Slugged ids may collide where the cells differ."""
    with pytest.raises(InputError, match=r"v\.csv, row 3: id vendor:a-b is the same as that of row 2"):
        _read(HEADER + "a b,1,yes\na-b,2,yes\n", vendor)


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("v.json", "[1", [(1, "3")]),
        ("v.json", "[1]", [(1, None)]),
        ("v.json", '[{"id": "a", "price": NaN}]', [(None, None)]),
        ("v.json", '[{"id": "a", "id": "b", "price": 1}]', [(None, None)]),
        ("v.json", "[" * 100_000, [(None, None)]),
        ("v.json", '[{"id": "a", "price": 1e99999999}]', [(None, None)]),
        ("v.json", '[{"id": "a", "price": 1}, {"id": "b"}]', [(2, "price")]),
        ("v.json", '[{"id": "a", "price": true}]', [(1, "price")]),
        ("v.json", '[{"id": "a", "price": 1, "extra": [1]}]', [(1, "extra")]),
        ("v.json", '[{"id": 1.5, "price": 1}]', [(1, "id")]),
        ("v.yaml", "- {id: a, price: 1}\n- {id: b, price: x}\n", [(2, "price")]),
        ("v.yaml", "- {id: a\n", [(2, "1")]),
        ("v.xlsx", "x", [(None, None)]),
    ],
)
def test_bad_json_and_yaml_are_named_too(vendor: Kind, name: str, text: str, places: list[Any]) -> None:
    """JSON records are counted, YAML values have lines."""
    assert places == _problems(text, vendor, name)


FOLDED = InputSpec("vendors", "vendor", "vendor:{id}", each="bids")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.csv", "id,price,compliant,region\na,1.50,no,north\nb,2,no,north\n"),
        (
            "v.json",
            '{"region": "north", "compliant": false, "bids": [{"id": "a", "price": 1.50}, {"id": "b", "price": 2}]}',
        ),
        (
            "v.yaml",
            "- {region: north, bids: [{id: a, price: 1.50, compliant: false}]}\n"
            "- {region: north, id: b, price: 2, compliant: false}\n",
        ),
    ],
    ids=["rows of their own", "one record", "a record with a list and one without"],
)
def test_a_list_inside_records_gives_the_rows(vendor: Kind, name: str, text: str) -> None:
    """Each item with the other values of its record, as a CSV of the same would have them."""
    assert [("a", Decimal("1.50"), "north"), ("b", Decimal(2), "north")] == [
        (seed.payload.id, seed.payload.price, seed.payload.columns["region"])
        for seed in _read(text, vendor, name, FOLDED)
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('[{"id": "a", "bids": []}]', [(1, "bids")]),
        ('[{"id": "a", "bids": [1]}]', [(1, "bids")]),
        ('[{"region": "x", "bids": {"id": "a"}}]', [(1, "bids")]),
        ('[{"id": "a", "bids": [{"id": "b", "price": 1}]}]', [(1, "id")]),
        ('[{"compliant": true, "bids": [{"id": "a", "price": "much"}, {"id": "b"}]}]', [(1, "price"), (1, "price")]),
    ],
)
def test_a_list_that_gives_no_rows_is_named(vendor: Kind, text: str, places: list[Any]) -> None:
    """By the record that it is in; a value that is there twice is not guessed."""
    assert places == sorted(_problems(text, vendor, "v.json", FOLDED), key=str)


def test_only_the_first_twenty_problems_are_told(vendor: Kind) -> None:
    """A broken file of a thousand rows does not fill the screen; the rest is counted."""
    text = HEADER + "".join(f"a{number},x,yes\n" for number in range(1000))
    with pytest.raises(InputError) as caught:
        _read(text, vendor)
    assert (1000, 21, "and 980 more problems") == (
        len(caught.value.problems),
        len(caught.value.message.splitlines()),
        caught.value.message.splitlines()[-1],
    )


def test_a_column_that_no_field_takes_is_an_error_with_the_nearest(shop: Any) -> None:
    """Nothing is dropped silently."""
    with pytest.raises(InputError, match="the column is not known; did you mean vendor"):
        read_input(
            InputSpec("s", "score", "score:{vendor}"),
            Source("s.csv", b"vendor,value,vendr\na,1,b\n"),
            Kind("score", shop.Score),
        )


def test_a_table_is_one_seed_with_its_digest(shop: Any) -> None:
    """Big matrices stay one fact; their cells are typed."""
    spec = InputSpec("m", "matrix", "matrix:m", shape="table")
    (seed,) = read_input(spec, Source("m.csv", b"a,b\n1,2.5\n3,4\n"), Kind("matrix", shop.Matrix))
    assert ("a", "b") == seed.payload.columns
    assert ((Decimal(1), Decimal("2.5")), (Decimal(3), Decimal(4))) == seed.payload.rows
    assert 64 == len(seed.payload.digest)
    assert [(2, "b")] == _problems("a,b\n1,x\n", Kind("matrix", shop.Matrix), "m.csv", spec)


def test_a_text_is_one_seed_and_an_empty_one_an_error() -> None:
    """Text inputs keep their text as it is, with plain line ends."""
    spec = InputSpec("brief", "text", "text:brief", shape="text")
    (seed,) = read_input(spec, Source("brief.md", b"# Brief\r\nShort.\r\n"), Kind("text", Text))
    assert "# Brief\nShort.\n" == seed.payload.text
    assert [(None, None)] == _problems(" \n", Kind("text", Text), "brief.md", spec)


def test_one_record_is_one_seed_and_two_are_an_error(vendor: Kind) -> None:
    """`as: record` takes exactly one mapping."""
    spec = InputSpec("v", "vendor", "vendor:one", shape="record")
    assert "vendor:one" == _read("id: a\nprice: 1\n", vendor, "v.yaml", spec)[0].id
    assert [(None, None)] == _problems("[{id: a, price: 1}, {id: b, price: 2}]", vendor, "v.yaml", spec)


def test_a_table_of_a_feature_reads_like_a_file(vendor: Kind) -> None:
    """Rows of an example go through the same typing."""
    rows = [["id", "price"], ["a", "2.50"]]
    assert Decimal("2.50") == read_rows(SPEC, "input vendors", rows, vendor)[0].payload.price
    with pytest.raises(InputError, match="input vendors, row 2, column price"):
        read_rows(SPEC, "input vendors", [["id", "price"], ["a", "x"]], vendor)


def test_a_header_without_rows_is_an_empty_input(vendor: Kind) -> None:
    """No bids is an honest answer, not an error."""
    assert () == _read(HEADER, vendor)


def test_a_model_that_refuses_a_row_is_told_with_the_row() -> None:
    """Checks of the pack's own model are named like the others."""

    class Even(FactModel):
        id: str
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("number must be even")

    kind = Kind("even", Even)
    with pytest.raises(InputError, match=r"v\.csv, row 3: number must be even"):
        _read("id,number\na,2\nb,3\n", kind, "v.csv", InputSpec("e", "even", "even:{id}"))


def test_a_seed_of_the_command_line_is_text_or_json() -> None:
    """The first = ends the id; later ones belong to the content."""
    seed = read_seed("Seeds:text:brief=a=b")
    assert ("Seeds", "text:brief", Text(text="a=b")) == (seed.key, seed.id, seed.payload)
    assert {"price": Decimal("1.5")} == read_seed('Seeds:vendor:a={"price": 1.5}').payload


@pytest.mark.parametrize(
    "text", ["", "x", "Seeds:a=b", "Sedes:text:a=b", "Seeds:text:a=", "Seeds:v:a=[1]", "Seeds:v:a={"]
)
def test_a_malformed_seed_is_refused(text: str) -> None:
    """Every way to get it wrong is an input error."""
    with pytest.raises(InputError):
        read_seed(text)
