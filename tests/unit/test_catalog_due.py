"""What is due comes oldest first, each once, however much there is."""

from __future__ import annotations

from lccmirror.catalog.work import add_work, count_due, done, due_work, postpone
from lccmirror.clock import from_text
from tests.support.catalog import NOW, add_dataset, fresh_catalog


def test_more_than_one_batch_comes_in_order_while_it_is_worked_off() -> None:
    conn = fresh_catalog()
    for i in range(1234):
        # Several datasets share each time, and some have none.
        add_dataset(conn, f"s{i:04}", f"2026-01-{i % 28 + 1:02}T00:00:00.000000Z")
        add_work(conn, f"s{i:04}", "new", NOW)
    conn.execute("UPDATE datasets SET created_on = NULL WHERE setid < 's0010'")
    assert count_due(conn, NOW) == 1234
    seen = []
    for item in due_work(conn, NOW):
        seen.append(item.setid)
        if len(seen) % 2:
            done(conn, item.setid)
        else:
            postpone(conn, item.setid, "later", from_text(NOW))
    order = conn.execute(
        "SELECT setid FROM datasets ORDER BY coalesce(created_on, ''), setid"
    ).fetchall()
    assert seen == [setid for (setid,) in order]
    assert count_due(conn, NOW) == 0
