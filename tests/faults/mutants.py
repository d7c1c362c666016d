"""The mutations: ways in which code that matters might be wrong."""

from __future__ import annotations

from dataclasses import dataclass

_DURABLE = "lccmirror/durable.py"
_PLACE = "lccmirror/sync/place.py"
_INGEST = "lccmirror/sync/ingest.py"
_FETCH = "lccmirror/sync/fetch_table.py"
_RECOVER = "lccmirror/sync/recover.py"
_DOWNLOADS = "lccmirror/server/downloads.py"
_DOWNLOAD_TESTS = "tests/protocol/test_downloads.py"
_PART_TESTS = "tests/protocol/test_download_parts.py"

_POWER = "power:1:150:"
_CRASH = "crash:1:60:"
_FIRST = "crash:1:250:first sync"
_SECOND = "crash:1:250:second sync"
_PRUNE = "crash:1:160:prune"
_SYNC_CRASH = "tests/protocol/test_sync_crash.py"


@dataclass(frozen=True)
class Mutation:
    """One way to be wrong.

    Parameters
    ----------
    name
        In words.
    file
        What is changed.
    changes
        Lines that are there once, and what is put in their place.
    caught_by
        ``family:seed:cases:begin of their names``, or a test.
    """

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: str


MUTATIONS = (
    Mutation(
        "files are not flushed",
        _DURABLE,
        (("    os.fsync(file.fileno())\n", ""),),
        _POWER,
    ),
    Mutation(
        "folders are not flushed",
        _DURABLE,
        (
            (
                "        os.fsync(descriptor)\n    finally:\n        os.close(descriptor)\n"
                "\n\ndef flush_path",
                "        pass\n    finally:\n        os.close(descriptor)\n\n\ndef flush_path",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "the folder is not flushed after a rename",
        _DURABLE,
        (
            (
                "    if later is None:\n        flush_folder(final.parent)\n",
                "    if later is None:\n        pass\n",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "the folder of a dataset is not flushed after its files came",
        _INGEST,
        (("            durable.flush_folder(folder)\n", "            str(folder)\n"),),
        _POWER,
    ),
    Mutation(
        "a new folder's own name is not flushed",
        _DURABLE,
        (
            (
                "        one.mkdir(mode=mode, exist_ok=True)\n"
                "        flush_folder(one.parent)\n",
                "        one.mkdir(mode=mode, exist_ok=True)\n",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "a link is not flushed",
        _DURABLE,
        (
            (
                "    new.hardlink_to(existing)\n    flush_folder(new.parent)\n",
                "    new.hardlink_to(existing)\n",
            ),
        ),
        "power:1:300:second sync",
    ),
    Mutation(
        "a removal is not flushed",
        _DURABLE,
        (
            (
                "    path.unlink(missing_ok=True)\n    flush_folder(path.parent)\n",
                "    path.unlink(missing_ok=True)\n",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "a download is not flushed when it is whole",
        _DOWNLOADS,
        (
            (
                "            durable.flush_file(file)\n        except OSError:\n",
                "            file.flush()\n        except OSError:\n",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "a dataset's JSON is not flushed",
        _FETCH,
        (
            (
                "                page += 1\n        flush_file(raw)\n",
                "                page += 1\n",
            ),
        ),
        _POWER,
    ),
    Mutation(
        "a noted JSON is not compared with its hash",
        _FETCH,
        (
            (
                'known.get("version") != version or known.get("sha256") != sha256_of(part)',
                'known.get("version") != version',
            ),
        ),
        _POWER,
    ),
    Mutation(
        "files are written in their place, not beside it",
        _DURABLE,
        (
            (
                "    temporary.replace(final)\n    if later is None:\n",
                "    with open_for_write(final) as file:\n"
                "        file.write(temporary.read_bytes())\n"
                "        flush_file(file)\n"
                "    temporary.unlink()\n    if later is None:\n",
            ),
        ),
        _CRASH,
    ),
    Mutation(
        "files are written by other means than durable",
        _PLACE,
        (
            (
                "    durable.put_in_place(product.part, final, later=later)\n",
                "    product.part.replace(final)\n",
            ),
        ),
        _CRASH,
    ),
    Mutation(
        "commits are not flushed (synchronous=NORMAL)",
        "lccmirror/catalog/connection.py",
        (("PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),),
        _CRASH,
    ),
    Mutation(
        "the row is committed before the rename",
        _PLACE,
        (
            (
                "    durable.put_in_place(product.part, final, later=later)\n"
                "    put_file(mirror.conn, _row(product, now, setid, collection))\n",
                "    put_file(mirror.conn, _row(product, now, setid, collection))\n"
                '    mirror.conn.execute("COMMIT")\n'
                '    mirror.conn.execute("BEGIN IMMEDIATE")\n'
                "    durable.put_in_place(product.part, final, later=later)\n",
            ),
        ),
        _FIRST,
    ),
    Mutation(
        "the note of a download goes before its row is committed",
        _INGEST,
        (
            (
                "        for folder in unflushed:\n            durable.flush_folder(folder)\n",
                "        for folder in unflushed:\n"
                "            durable.flush_folder(folder)\n"
                "        for product in products.values():\n"
                "            forget_arrival(product)\n",
            ),
        ),
        _SYNC_CRASH,
    ),
    Mutation(
        "what was cut off before its commit is not taken back",
        _RECOVER,
        (
            (
                "            if row is None or row.sha256 != sha256_of(final):\n"
                "                durable.put_in_place(final, part)\n",
                "            assert row is None or row\n",
            ),
        ),
        _SYNC_CRASH,
    ),
    Mutation(
        "a replaced version is not put back",
        _RECOVER,
        (("        durable.put_in_place(old, final)\n", "        durable.remove(old)\n"),),
        _SECOND,
    ),
    Mutation(
        "a replaced version is not kept",
        _PLACE,
        (("        durable.link(final, mirror.at(kept))\n", "        return\n"),),
        _SECOND,
    ),
    Mutation(
        "pruning removes files before it commits that",
        "lccmirror/sync/prune.py",
        (
            (
                "    with transaction(mirror.conn):\n        if one.what",
                "    for path in paths_of(mirror.conn, one.name):\n"
                "        mirror.at(path).unlink(missing_ok=True)\n"
                "    with transaction(mirror.conn):\n        if one.what",
            ),
        ),
        _PRUNE,
    ),
    Mutation(
        "a pruning that was cut off is not ended",
        _RECOVER,
        (("    finish_pruning(mirror)\n", ""),),
        _PRUNE,
    ),
    Mutation(
        "incoming is not cleaned",
        _RECOVER,
        (
            (
                "        if not _is_folder(entry) and not _of_use(mirror, entry):\n",
                "        if not entry:\n",
            ),
        ),
        _FIRST,
    ),
    Mutation(
        "the CRC of a ZIP's members is not compared",
        "lccmirror/formats/zip_members.py",
        (("        if crc != entry.crc32:\n", "        if crc < 0:\n"),),
        "tests/unit/test_formats_lczip.py",
    ),
    Mutation(
        "the range of a 206 is not compared",
        _DOWNLOADS,
        (
            (
                "        fits = span is not None and span[:2] == (self._size, span[2] - 1)\n",
                "        fits = True\n",
            ),
        ),
        _DOWNLOAD_TESTS,
    ),
    Mutation(
        "the length is not compared with the one announced",
        _DOWNLOADS,
        (
            (
                "        if total is not None and self._size != total:\n",
                "        if total == -1:\n",
            ),
        ),
        _DOWNLOAD_TESTS,
    ),
    Mutation(
        "another version of a file is taken for the same",
        "lccmirror/server/sidecar.py",
        (
            (
                "        one.size == other.size\n"
                "        and one.last_modified == other.last_modified\n",
                "        one is not other\n",
            ),
        ),
        _DOWNLOAD_TESTS,
    ),
    Mutation(
        "a part is gone on with whatever its sidecar says",
        _DOWNLOADS,
        (
            (
                "            or sidecar.path != self.path\n"
                "            or sidecar.total is None\n"
                "            or size > sidecar.total\n",
                "            or sidecar.total is None\n",
            ),
        ),
        _PART_TESTS,
    ),
    Mutation(
        "a redirect to another host is followed, with the key",
        "lccmirror/server/transport.py",
        (("        if not self.origin.holds(target):\n", "        if not target:\n"),),
        "tests/protocol/test_client_http.py",
    ),
    Mutation(
        "verify compares sizes only",
        "lccmirror/sync/compare.py",
        (("    return None if found == sha256 else", "    return None if found else"),),
        "tests/protocol/test_sync_repair.py",
    ),
    Mutation(
        "foreign keys are off",
        "lccmirror/catalog/connection.py",
        (('        conn.execute("PRAGMA foreign_keys = ON")\n', ""),),
        "tests/unit/test_catalog_connection.py",
    ),
    Mutation(
        "a key is readable by others",
        _DURABLE,
        (
            (
                "            os.fchmod(file.fileno(), 0o600)\n",
                "            os.fchmod(file.fileno(), 0o640)\n",
            ),
        ),
        _CRASH,
    ),
    Mutation(
        "the hash that the server tells of a JSON is not compared",
        "lccmirror/server/told_hash.py",
        (("        if came == match[1]:\n", "        if came:\n"),),
        "tests/protocol/test_client_answers.py",
    ),
    Mutation(
        "objects stay as they were when a dataset is told to be older",
        "lccmirror/catalog/dataset_order.py",
        (("    conn.execute(_ROWS, (setid,))\n", ""),),
        "tests/unit/test_catalog_objects.py",
    ),
    Mutation(
        "a damaged file is linked before that is noted",
        "lccmirror/sync/kept.py",
        (("        to_remove(mirror.conn, kept)\n", "        pass\n"),),
        "tests/protocol/test_sync_repair_gone.py",
    ),
    Mutation(
        "a broken list of datasets ends the cycle",
        "lccmirror/sync/cycle.py",
        (("or not answers():", "or answers():"),),
        "tests/protocol/test_sync_poll.py",
    ),
    Mutation(
        "a table that its ETag speaks against is believed at once",
        "lccmirror/sync/fetch.py",
        (
            (
                '        disputed=kind in ("csv", "pickle")',
                "        disputed=kind in ()",
            ),
        ),
        "tests/protocol/test_sync_doubts.py",
    ),
    Mutation(
        "a dataset that is listed is left out after one 404",
        "lccmirror/sync/vanished.py",
        (("if not vanished or item.attempts < PATIENCE or any(", "if any("),),
        "tests/protocol/test_sync_never_was.py",
    ),
)
