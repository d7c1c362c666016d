"""Of which sizes the benchmarks' rows are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import rows_files
from benchmarks.rows import Outcome


@pytest.mark.parametrize(("free", "sizes"), [(1 << 40, 3), (1 << 30, 2)])
def test_files_are_also_fetched_ten_times_over_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, sizes: int
) -> None:
    asked: list[int] = []

    def measured(
        folder: Path, make: object, counts: Sequence[int], *_: object, **__: object
    ) -> Outcome:
        asked.append(len(counts))
        return Outcome(ratio=2.0, ours=1.0, theirs=2.0, unit="s", runs=3)

    monkeypatch.setattr(rows_files, "_measure", measured)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    rows_files.file_1gib(tmp_path)
    rows_files.files_latency(tmp_path)
    assert asked == [sizes, 3]
