"""Errors of the disk, as a person should hear of them."""

from __future__ import annotations

import errno
import os

import pytest

from lccmirror.errors import Damaged, InTheWay, LocalError, MirrorUnusable, NoRoom
from lccmirror.sync.trouble import from_os, local_errors

MEANT: dict[int, type[LocalError]] = {
    errno.ENOSPC: NoRoom,
    errno.EDQUOT: NoRoom,
    errno.EROFS: MirrorUnusable,
    errno.EACCES: MirrorUnusable,
    errno.EXDEV: MirrorUnusable,
    errno.ENAMETOOLONG: MirrorUnusable,
    errno.EISDIR: InTheWay,
    errno.ESTALE: MirrorUnusable,
    errno.ENOTCONN: MirrorUnusable,
    errno.EIO: Damaged,
}


@pytest.mark.parametrize("number", sorted(MEANT))
def test_what_it_means_where_it_is_and_what_to_do(number: int) -> None:
    found = from_os(OSError(number, os.strerror(number), "incoming/part", None, "datasets/x"))
    assert type(found) is MEANT[number]
    assert found is not None
    assert "incoming/part" in found.message
    assert os.strerror(number) in found.message
    assert found.hint


def test_an_error_that_is_none_of_the_disk_stays_itself() -> None:
    with pytest.raises(ProcessLookupError), local_errors():
        os.kill(2**22 + 1, 0)
