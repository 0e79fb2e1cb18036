"""A run that was ended goes on where it was; what another code has kept is refused."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks import campaign, sharing
from benchmarks.campaign import parts_of
from benchmarks.field import faults
from benchmarks.keeping import Kept, OtherRun, digest


def test_what_was_kept_is_there_again(tmp_path):
    """Records come back by name; without a path nothing is written."""
    path = tmp_path / "kept.jsonl"
    first = Kept(path, {"code": "a"})
    first.add("one", {"entries": 1})
    assert Kept(path, {"code": "a"}).known == {"one": {"entries": 1}}
    Kept(None, {"code": "b"}).add("two", {})
    assert Kept(path, {"code": "a"}).known == {"one": {"entries": 1}}


def test_a_line_that_was_not_written_to_its_end_is_cut_off(tmp_path):
    """A run that was killed while it wrote loses that record only, and the next one goes on behind the others."""
    path = tmp_path / "kept.jsonl"
    Kept(path, {"code": "a"}).add("one", {"entries": 1})
    with path.open("a") as file:
        file.write('{"name": "tw')
    again = Kept(path, {"code": "a"})
    assert list(again.known) == ["one"]
    again.add("three", {"entries": 3})
    assert list(Kept(path, {"code": "a"}).known) == ["one", "three"]


def test_what_other_code_has_kept_is_refused(tmp_path):
    """The sentence names what differs, and the file stays as it is."""
    path = tmp_path / "kept.jsonl"
    Kept(path, {"code": "a", "seed": 0})
    before = path.read_bytes()
    with pytest.raises(OtherRun, match=r"kept\.jsonl was kept by a run with another seed; delete it, or name another"):
        Kept(path, {"code": "a", "seed": 1})
    assert path.read_bytes() == before


def test_the_digest_is_of_every_source():
    """Two rooms have different digests, and each the same one twice."""
    assert digest("lstm_ref") == digest("lstm_ref")
    assert len({digest("lstm_ref"), digest("oracle"), digest("lstm_ref", "oracle")}) == 3


def found(name):
    """What would be said of a mutant."""
    return {
        "id": name,
        "preparation": 1.0,
        "convicts": {"certified path": True},
        "small": {},
        "seconds": {},
        "equivalent": "",
    }


def test_the_faults_go_on_where_they_were(tmp_path, monkeypatch):
    """After an end in the middle only those are judged that had not been, and the result is that of one run."""
    path, asked = tmp_path / "kept.jsonl", []

    def judged(name):
        if len(asked) == 5:
            raise KeyboardInterrupt
        asked.append(name)
        return found(name)

    monkeypatch.setattr(faults, "_judged", judged)
    with pytest.raises(KeyboardInterrupt):
        faults.run([], 1, lambda *told: None, keep=path)
    first = list(asked)
    asked.clear()
    monkeypatch.setattr(faults, "_judged", lambda name: asked.append(name) or found(name))
    judged_now, possible, preparation = faults.run([], 1, lambda *told: None, keep=path)
    assert len(first) == 5
    assert not set(first) & set(asked)
    assert [one.mutant.id for one in judged_now] == [*first, *asked]
    assert (possible > len(judged_now), preparation) == (True, 1.0)


def test_the_parts_of_the_campaign_add_up():
    """Every subject's share is there, in parts that no two processes hear alike."""
    every = parts_of(["lstm-seed", "lstm-nog"], 100_000)
    assert sum(share for _, _, share in every) >= 100_000
    assert len({(name, number) for name, number, _ in every}) == len(every) == 5


def test_parts_of_a_subject_are_put_together():
    """Entries and alarms add up, and the worse verdict stays."""
    good = campaign.Heard("a", "CERTIFIED", 2, campaign.Counter(generic=3), [], 1.0)
    bad = campaign.Heard("a", "REFUTED", 1, campaign.Counter(generic=1, zeros=1), ["REFUTED in T=1"], 2.0)
    both = good.with_part(bad)
    assert (both.verdict, both.cases, both.entries, both.alarms) == ("REFUTED", 3, 5, ["REFUTED in T=1"])
    assert bad.with_part(good).verdict == "REFUTED"


@pytest.mark.parametrize("jobs", [1, 2])
def test_shared_work_is_all_done(jobs):
    """Every task once, whoever does it."""
    assert sorted(sharing.shared(pow, [(2, 3), (3, 2), (2, 2)], jobs)) == [4, 8, 9]
