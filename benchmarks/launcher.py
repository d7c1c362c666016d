"""Run one command; write its wall time, CPU time and peak memory to a file, as JSON.

    python -S -E launcher.py RESULT COMMAND...

A child starts as a copy of its parent, and Linux keeps that copy's size in the child's
``ru_maxrss`` even after ``exec``: measured from a parent of 100 MB, ``true`` takes 100 MB.
So every measured command, ours or not, is started by this process, which imports next to
nothing: no command can seem to take less than its 10 MB, and none more than it takes.
``wait4`` tells of this one child (and children that it waited for), whatever ran before.
"""

import os
import sys
import time


def main(result: str, command: list[str]) -> int:
    """Run `command`, and return its exit code."""
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    cpu = used.ru_utime + used.ru_stime
    with open(result, "w") as file:  # noqa: PTH123 (importing pathlib would double its memory)
        file.write(
            f'{{"seconds": {seconds!r}, "cpu_s": {cpu!r}, "peak_kib": {used.ru_maxrss}}}'
        )
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) and 1)
