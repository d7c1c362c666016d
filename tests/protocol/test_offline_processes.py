"""A mirror in threads and processes, beside a writer, and what is left when it is done."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import lccmirror
from lccmirror.errors import Damaged, LocalError, UsageError
from lccmirror.offline import Mirror, Unreadable
from lccmirror.query import lc_workers

STAR = "DMB-358-0000058"
REPOSITORY = Path(__file__).parents[2]


def answers(mirror: Mirror) -> tuple[Any, ...]:
    """Ask everything there is, in short."""
    dataset = mirror.datasets(text="ndet > 0")[0]
    return (
        mirror.query("SELECT objectid FROM objects ORDER BY 1").all(),
        mirror.query(f"SELECT count(*), max(rjd) FROM lightcurve('{STAR}')").one(),
        mirror.cone(358.86, -28.32, 60).all(),
        mirror.xmatch([(358.8594, -28.3157)]).all(),
        len(mirror.lightcurve(STAR)),
        dataset.rows().all(),
        list(mirror.collections),
        mirror.status().objects,
    )


def children() -> set[int]:
    pid = os.getpid()
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def descriptors(name: str) -> int:
    """Return how many files of this name this process has open."""
    links = Path("/proc/self/fd").iterdir()
    return sum(name in str(link.readlink()) for link in links if link.is_symlink())


def script(
    code: str, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a user's script in a Python of its own, warnings being errors."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_threads_share_a_mirror(m: Mirror) -> None:
    expected = answers(m)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: answers(m), range(24)):
            assert found == expected


def test_threads_share_the_rows_of_one_answer(m: Mirror) -> None:
    rows = m.query("SELECT row, setid FROM dataset_rows")
    with ThreadPoolExecutor(8) as pool:
        taken = [row for part in pool.map(lambda _: list(rows), range(8)) for row in part]
    assert len(taken) == len(set(taken)) == 460


def test_rows_are_read_and_closed_in_other_threads(m: Mirror) -> None:
    rows = m.query("SELECT row, setid FROM dataset_rows")
    next(rows)
    thread = threading.Thread(target=rows.close)
    thread.start()
    thread.join()
    with pytest.raises(UsageError, match="closed before"):
        next(rows)


def test_answers_side_by_side_do_not_disturb_each_other(m: Mirror) -> None:
    first = m.query("SELECT objectid FROM objects ORDER BY objectid")
    next(first)
    assert m.query(f"SELECT count(*) FROM lightcurve('{STAR}')").one() == (407,)
    second = m.query("SELECT objectid FROM objects ORDER BY objectid")
    assert len(second.all()) == 1 + len(first.all())


def test_nothing_stays_open_between_questions(m: Mirror) -> None:
    answers(m)
    assert descriptors("catalog.sqlite") == descriptors(".zip") == 0
    rows = m.query("SELECT row FROM dataset_rows")
    next(rows)
    assert descriptors("catalog.sqlite") > 0
    del rows
    gc.collect()
    assert descriptors("catalog.sqlite") == 0


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_pickled_mirror_opens_itself_in_another_process(m: Mirror, method: str) -> None:
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(answers, m).result() == answers(m)
        dataset = m.datasets()[0]
        assert len(pool.submit(type(dataset).to_pandas, dataset).result()) == dataset.nrows


def test_a_pickled_light_curve_is_the_same(m: Mirror) -> None:
    curve = m.lightcurve(STAR)
    again = pickle.loads(pickle.dumps(curve))  # noqa: S301 -- our own bytes
    assert again.source == curve.source
    assert (again["rjd"] == curve["rjd"]).all()
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(m.query("SELECT 1"))


def in_a_fork(check: Callable[[], str]) -> str:
    """Return what `check` says in a forked process."""
    answer, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(says, check().encode())
        except BaseException as error:  # noqa: BLE001 -- the parent asserts on it
            os.write(says, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(says)
    with os.fdopen(answer, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told


def test_a_mirror_is_there_after_a_fork_and_its_open_rows_are_not(m: Mirror) -> None:
    rows = m.query("SELECT objectid FROM objects")
    next(rows)
    expected = answers(m)
    assert in_a_fork(lambda: str(answers(m) == expected)) == "True"
    assert in_a_fork(lambda: str(next(rows))).startswith("UsageError: these rows belong to")

    def closed() -> str:
        rows.close()
        return "closed"

    assert in_a_fork(closed) == "closed"
    assert len(rows.all()) == 246


def test_it_reads_while_another_process_writes(own: Path) -> None:
    writer = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("PRAGMA journal_mode = WAL")
print("ready", flush=True)
for number in range(100_000):
    conn.execute("BEGIN IMMEDIATE")
    conn.execute("INSERT INTO sync_log (job, started) VALUES ('x', ?)", [number])
    conn.execute("INSERT INTO sync_log (job, started) VALUES ('x', ?)", [number])
    conn.execute("COMMIT")
"""
    command = [sys.executable, "-c", writer, str(own / "catalog.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            m = lccmirror.open(own)
            expected = answers(m)
            count = "SELECT count(*) FROM sync_log WHERE job = 'x'"
            with ThreadPoolExecutor(4) as pool:
                for found, seen in pool.map(
                    lambda _: (answers(m), m.query(count).one()), range(12)
                ):
                    assert found == expected
                    assert isinstance(seen[0], int)
                    assert seen[0] % 2 == 0
            assert process.poll() is None
        finally:
            process.kill()


def test_many_light_curves_come_in_the_same_order_from_any_number_of_processes(
    m: Mirror,
) -> None:
    before = children()
    alone = [(c.objectid, c.source.path, len(c)) for c in m.lightcurves(workers=1)]
    several = [(c.objectid, c.source.path, len(c)) for c in m.lightcurves(workers=3)]
    assert len(alone) == len(m.lightcurves()) == 245
    assert several == alone
    assert children() == before


@pytest.mark.parametrize("end", ["close", "delete", "error"])
def test_no_process_is_left_when_the_iteration_ends_early(end: str, m: Mirror) -> None:
    before = children()
    curves = m.lightcurves(workers=2)
    next(curves)
    assert len(children() - before) == 2
    if end == "close":
        curves.close()
    elif end == "error":
        with pytest.raises(KeyError), curves:
            raise KeyError
    del curves
    gc.collect()
    assert children() == before


def test_light_curves_are_not_read_far_ahead(
    m: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = 0
    send = lc_workers._Worker.send

    def counted(worker: lc_workers._Worker, what: object) -> None:
        nonlocal sent
        sent += len(what) if isinstance(what, tuple) else 0
        send(worker, what)

    monkeypatch.setattr(lc_workers._Worker, "send", counted)
    with m.lightcurves(workers=2) as curves:
        next(curves)
        assert 32 <= sent <= 4 * 32


def test_a_process_that_is_killed_is_said(m: Mirror) -> None:
    before = children()
    with m.lightcurves(workers=2) as curves:
        next(curves)
        for pid in children() - before:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(
            LocalError, match=r"ended before its work was done \(exit code -9\)"
        ):
            list(curves)
    assert children() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_read_is_raised_or_handed_out(own: Path, workers: int) -> None:
    before = children()
    m = lccmirror.open(own)
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute("UPDATE lightcurves SET member = 'gone' WHERE objectid = ?", [STAR])
    conn.commit()
    conn.close()
    found = list(m.lightcurves(workers=workers, errors="yield"))
    wrong = [one for one in found if isinstance(one, Unreadable)]
    assert len(found) == 245
    assert [(one.objectid, type(one.error)) for one in wrong] == [(STAR, Damaged)]
    with pytest.raises(Damaged, match=STAR):
        list(m.lightcurves(workers=workers))
    assert children() == before
    with pytest.raises(UsageError, match="'raise' or 'yield'"):
        m.lightcurves(errors="skip")  # type: ignore[call-overload]  # as people write it
    with pytest.raises(UsageError, match="at least one process"):
        m.lightcurves(workers=0)


def test_conditions_have_values_and_mistakes_are_said_at_once(m: Mirror) -> None:
    assert len(m.lightcurves("sdssr < :faint", {"faint": 12})) == 62
    with pytest.raises(UsageError, match="no such column: sdss"):
        m.lightcurves("sdss < 12")
    with pytest.raises(UsageError, match=":faint"):
        m.lightcurves("sdssr < :faint")


def test_a_datasets_light_curves_are_its_own_copies(m: Mirror) -> None:
    datasets = list(m.datasets())
    assert len(datasets) == 12
    for dataset in datasets:
        curves = list(dataset.lightcurves(workers=1))
        assert {curve.source.setid for curve in curves} == {dataset.setid}
        assert len(curves) in range((dataset.nrows or 0) - 8, (dataset.nrows or 0) + 1)


def test_a_script_without_a_guard_is_not_run_again_by_its_workers(
    demo_mirror: Path, tmp_path: Path
) -> None:
    path = tmp_path / "users_script.py"
    path.write_text(
        "import lccmirror, sys\n"
        "print('begins')\n"
        "curves = lccmirror.open(sys.argv[1]).lightcurves('sdssr < 12', workers=2)\n"
        "print(sum(len(curve) for curve in curves) > 0)\n"
    )
    done = subprocess.run(
        [sys.executable, path, demo_mirror], capture_output=True, text=True, check=False,
        timeout=120, env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("begins\nTrue\n", "")


def test_a_script_that_closes_nothing_is_warned_of_nothing_and_reaches_no_network(
    demo_mirror: Path,
) -> None:
    code = """
import sys
def hook(event, arguments):
    # and there is one copy of SQLite: two in a process take each other's locks away
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "sqlite3.connect"):
        raise RuntimeError(event)
sys.addaudithook(hook)
import lccmirror
m = lccmirror.open(sys.argv[1])
rows = m.query("SELECT objectid FROM objects")
next(rows)
m.query("SELECT objectid FROM objects")
m.datasets()[0].to_pandas()
m._repr_html_()
m.object("DMB-358-0000058")
m.find("variable")
m.cone(1, 2, 3).all()
m.query("SELECT count(*) FROM lightcurve('DMB-358-0000058')").one()
curves = m.lightcurves(workers=2)
next(curves)
next(m.datasets()[0].lightcurves())
print("done")
"""
    done = script(code, demo_mirror)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_without_apsw_all_but_the_functions_in_sql_works(demo_mirror: Path) -> None:
    code = """
import sys
sys.modules["apsw"] = None
import threading
import lccmirror
m = lccmirror.open(sys.argv[1])
rows = m.query("SELECT objectid FROM objects")
next(rows)
thread = threading.Thread(target=rows.all)
thread.start(); thread.join()
print(len(m.datasets(text="ndet > 0")[0].rows().all()), len(m.lightcurve("DMB-358-0000058")))
print(m.cone(358.86, -28.32, 60, limit=1).one()[1])
try:
    m.query("SELECT * FROM lightcurve('DMB-358-0000058')")
except lccmirror.errors.UsageError as error:
    print("lccmirror[sql]" in str(error))
"""
    done = script(code, demo_mirror)
    assert (done.stdout, done.stderr) == ("150 407\nDMB-358-0000058\nTrue\n", "")


def test_importing_it_costs_nothing_and_opening_little() -> None:
    heavy = ("sqlite3", "apsw", "numpy", "pandas", "requests", "click", "msgspec", "pathlib")
    code = f"import sys, lccmirror; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=REPOSITORY, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
    heavy = ("numpy", "pandas", "astropy", "requests", "matplotlib", "pyarrow", "click", "rich")
    code = f"import sys, lccmirror.offline; print([n for n in {heavy} if n in sys.modules])"
    assert script(code).stdout == "[]\n"
    assert script(
        "import lccmirror; print(lccmirror.errors.UsageError, lccmirror.Mirror)"
    ).stdout
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lccmirror.nothing  # noqa: B018 -- that is the test
