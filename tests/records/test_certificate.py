"""A certificate as a document: what stands in it, what is let pass, and what is refused before it is believed."""

import copy
import json
import linecache

import jax.numpy as jnp
import pytest

import oracle
from oracle import subjects
from oracle.program import trace
from oracle.program.canonical import canonical
from oracle.records import certificate_digests as digests
from oracle.records.certificate import SCHEMA, validated
from oracle.records.certificate_making import certificate
from oracle.records.certificate_store import LARGEST_FILE, load_any, save
from oracle.records.strict_json import InvalidRecord, parse


@pytest.fixture(scope="module")
def made():
    """The certificate of a small subject."""
    subject = subjects.load("lstm-classic-node")
    return certificate([subject], [oracle.verify(subject, cases=3, seed=5)], 30)


@pytest.fixture
def document(made):
    """Its document, free to be changed."""
    return copy.deepcopy(made.to_dict())


def signed(document):
    """The document with the digest of its content."""
    return {**document, "digest": digests.digest_of_document(document)}


def test_what_stands_in_it(made, document):
    """Subject, cases with sizes, regimes and seeds, digests of gradients, source and program; and no float figure."""
    (subject,) = document["subjects"]
    assert (document["schema"], document["kind"], subject["verdict"]) == (SCHEMA, "certificate", "CERTIFIED")
    assert (subject["name"], subject["digits"], subject["decimals"], subject["seed"]) == (
        "lstm-classic-node",
        30,
        40,
        5,
    )
    assert [case["regime"] for case in subject["cases"]] == ["generic", "size one", "generic"]
    assert list(subject["source"]) == ["lstm_ref.activations", "lstm_ref.checks", "lstm_ref.classic"]
    assert subject["program"]["digest"].startswith("sha256:")
    numbers = [value for value in _leaves(document) if isinstance(value, float)]
    assert numbers == []


def _leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for part in value for leaf in _leaves(part)] if isinstance(value, list) else [value]


def test_round_trip(made, tmp_path):
    """What is written is read again, and gives the same document."""
    path = tmp_path / "made.json"
    assert save(path, made) == made.to_dict()["digest"]
    assert load_any(path).to_dict() == made.to_dict()
    assert [file.name for file in tmp_path.iterdir()] == ["made.json"]


def test_further_keys_pass(document):
    """Keys of later versions are let pass at every level, and count for the digest."""
    document["later"] = {"a": [1, 2.5]}
    document["subjects"][0]["later"] = None
    document["subjects"][0]["cases"][0]["later"] = 1
    document["subjects"][0]["leaves"][0]["later"] = 1
    document["subjects"][0]["program"]["later"] = 1
    with pytest.raises(InvalidRecord, match="it was changed after it was made"):
        validated(document)
    assert len(validated(signed(document)).subjects[0].cases) == 3


def changed(document, path, value):
    """The document with one value replaced, and a digest that fits."""
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    inner[last] = value
    return signed(document)


SUBJECT = ("subjects", 0)
WRONG = [
    (("schema",), 2, "schema is 2; expected 1"),
    (("schema",), True, "schema is True; expected 1"),
    (("versions",), [], "versions is []; expected an object with at most 32 keys"),
    (("subjects",), [], "subjects is []; expected at least one"),
    (("subjects",), [{}] * 1001, "expected a list of at most 1000"),
    ((*SUBJECT, "verdict"), "REFUTED", "subjects[0].verdict is 'REFUTED'; expected 'CERTIFIED'"),
    ((*SUBJECT, "decimals"), 39, "subjects[0].decimals is 39; expected 40"),
    ((*SUBJECT, "digits"), 1000, "subjects[0].digits is 1000; expected a number from 1 to 200"),
    ((*SUBJECT, "seed"), -1, "subjects[0].seed is -1; expected an integer from 0 to 18446744073709551615"),
    ((*SUBJECT, "name"), "\x1b[2J", "subjects[0].name is '\\x1b[2J'; expected 1 to 200 printable characters"),
    ((*SUBJECT, "spec"), "", "subjects[0].spec is ''; expected 1 to 1000 printable characters"),
    ((*SUBJECT, "cases"), [], "subjects[0] has no cases; expected at least one"),
    ((*SUBJECT, "leaves"), [], "subjects[0] has no leaves; expected at least one"),
    ((*SUBJECT, "cases", 1, "sizes", "H"), 10**9, "expected an integer from 1 to 100000"),
    (
        (*SUBJECT, "cases", 0, "regime"),
        "strange",
        "subjects[0].cases[0].regime is 'strange'; expected one of 'generic'",
    ),
    ((*SUBJECT, "leaves", 0, "entries"), 1.5, "subjects[0].leaves[0].entries is 1.5; expected an integer from 0"),
    ((*SUBJECT, "gradients"), "sha256:00", "is 'sha256:00'; expected sha256: and 64 hexadecimal digits"),
    ((*SUBJECT, "source"), {"a": 1}, "subjects[0].source['a'] is 1; expected sha256: and 64 hexadecimal digits"),
    ((*SUBJECT, "program"), {"jax": "1"}, "subjects[0].program has no 'digest'; expected the keys jax, digest"),
    ((*SUBJECT, "witnesses"), "autodiff", "subjects[0].witnesses is 'autodiff'; expected a list of at most 32"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_refused(document, path, value, message):
    """What is missing, of another type or out of range is refused in one sentence, though its digest fits."""
    with pytest.raises(InvalidRecord) as error:
        validated(changed(document, path, value))
    assert message in str(error.value)


def test_the_unchanged_document_is_valid(document):
    """The control of what is refused: the same document with nothing replaced."""
    assert validated(changed(document, ("schema",), 1)).subjects[0].name == "lstm-classic-node"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"kind": "certificate", "seed": NaN}', "NaN is not JSON; expected a finite number"),
        (b'{"kind": "certificate", "seed": 1e999}', "the number '1e999' is out of range"),
        (b'{"kind": "certificate", "seed": ' + b"9" * 5000 + b"}", "an integer of 5000 digits is out of range"),
        (b'{"kind": "certificate", "kind": "certificate"}', "the key 'kind' stands twice in one object"),
        (b'{"kind": "certificate", "a": ' + b"[" * 9999, "it is nested more than 8 deep"),
        (b'{"kind": "certificate"}', "the certificate has no 'schema'"),
        (b"\xff", "it is not UTF-8 text"),
        (b" " * (LARGEST_FILE + 1), f"it is larger than {LARGEST_FILE} bytes"),
        (b'{"kind": "failure"}', "has no 'schema'; expected the keys schema, kind, subject"),
        (b"[]", "the record is []; expected an object"),
    ],
)
def test_hostile_files(tmp_path, text, message):
    """A file from anywhere is refused before anything is allocated for what it claims."""
    path = tmp_path / "hostile.json"
    path.write_bytes(text)
    with pytest.raises(InvalidRecord) as error:
        load_any(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path} is not a ")


def test_a_changed_digit_shows(document):
    """One digit changed anywhere, and the digest of the document is no longer that of its content."""
    document["subjects"][0]["cases"][2]["seed"] += 1
    with pytest.raises(InvalidRecord, match=r"^its digest is sha256:.*, but its content has sha256:.*: it was changed"):
        validated(document)


def test_the_document_is_what_strict_json_reads(document):
    """The written form survives our own strict reader."""
    assert parse(json.dumps(document).encode()) == document


# ---- the bytes of digests


def test_line_endings_do_not_count(tmp_path):
    """A source with other line endings has the same digest; a comment more has another."""
    sources = {"one": b"x = 1\ny = 2\n", "two": b"x = 1\r\ny = 2\r\n", "three": b"x = 1  # why\ny = 2\n"}
    found = {}
    for name, content in sources.items():
        path = tmp_path / f"{name}.py"
        path.write_bytes(content)
        found |= digests.digests_of_sources([str(path)])
    assert found["one"] == found["two"] != found["three"]


def test_modules_of_one_name_stay_apart(tmp_path):
    """Two files of one name are both named."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(f"{folder} = 1\n")
    found = digests.digests_of_sources(str(tmp_path / folder / "same.py") for folder in ("b", "a"))
    assert list(found) == ["same", "same (2)"]


def test_changed_while_verified(tmp_path):
    """A file that was changed after it was first looked at has no digest: what ran is not what stands there."""
    path = tmp_path / "moving.py"
    path.write_text("x = 1\n")
    linecache.getlines(str(path))
    path.write_text("x = 2\n")
    with pytest.raises(digests.Unreadable, match=r"moving\.py was changed while it was verified; verify it again$"):
        digests.digests_of_sources([str(path)])


def test_no_source():
    """Code without source text has no digest."""
    with pytest.raises(digests.Unreadable, match=r"^the source text of <nowhere> cannot be read"):
        digests.digests_of_sources(["<nowhere>"])


def test_the_text_of_a_program():
    """Names of variables and functions, and what no output needs, do not count; another function does."""

    def first(x, w):
        product = x @ w
        return jnp.tanh(product)

    def second(x, w):
        unused = jnp.sin(x)  # noqa: F841
        a = jnp.matmul(x, w)
        return jnp.tanh(a)

    def third(x, w):
        return jnp.sinh(x @ w)

    specs = {"x": "B D", "w": "D H"}
    texts = [canonical(trace(function, specs)) for function in (first, first, second, third)]
    assert texts[0].startswith("program at all sizes\ninputs 0 1 2\n")
    assert texts[0] == texts[1] == texts[2] != texts[3]
    assert not any(" at 0x" in text or ".py" in text for text in texts)
