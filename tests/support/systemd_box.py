"""A real systemd in a box: the first process of namespaces of its own.

It runs our installed units with everything that stands in them: the user, the seccomp
filter, the read-only and hidden folders, the credentials, the watchdog. It shares the
network with the test, so that servers on loopback can be reached. It needs root, as
systemd does.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lccmirror.systemd.install import install

_TOP = Path(__file__).parents[2]
EXECUTABLE = Path("/opt/lccmirror/bin/lccmirror")
_PATIENCE_S = 60

# What our units name, and systemd itself: everything else of the machine stays outside.
_TARGETS = ("sysinit", "basic", "network-online", "time-sync", "timers", "shutdown", "box")
# The interpreter may look for its library where it was built, which is hidden.
_PYTHON = """\
#!/bin/sh
export LD_LIBRARY_PATH=/opt/lccmirror/python/lib
export PYTHONPATH=/opt/lccmirror/source:/opt/lccmirror/site
exec /opt/lccmirror/python/bin/{python} "$@"
"""
_LAUNCHER = """\
#!/bin/sh
exec /opt/lccmirror/bin/python -m lccmirror.cli.main "$@"
"""


class SystemdBox:
    """systemd with our units, installed as `install-service` does it.

    Parameters
    ----------
    folder
        The test's own. What is written below ``stage/etc`` before the box is entered is in
        its ``/etc``. The units' output is in ``out/``.
    """

    def __init__(self, folder: Path) -> None:
        self.stage = folder / "stage"
        self.out = folder / "out"
        self.out.mkdir()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._cgroup = _cgroup_root() / f"lccmirror-test-{secrets.token_hex(4)}"
        install(EXECUTABLE, prefix=self.stage)
        self._write("bin/python", _PYTHON.format(python=_python_name()))
        self._write("bin/lccmirror", _LAUNCHER)
        for program in (self.stage / "bin").iterdir():
            program.chmod(0o755)
        units = "etc/systemd/system"
        for name in _TARGETS:
            self._write(f"{units}/{name}.target", "[Unit]\nDefaultDependencies=no\n")
        for unit in ("lccmirror@", "lccmirror-sync@"):
            # There is no journal in the box.
            self._write(
                f"{units}/{unit}.service.d/output.conf",
                f"[Service]\nStandardOutput=append:{self.out}/%n\nStandardError=inherit\n",
            )

    def _write(self, path: str, text: str) -> None:
        file = self.stage / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def etc(self, path: str, text: str) -> None:
        """Put a file into the box's ``/etc``, before the box is entered."""
        self._write(f"etc/{path}", text)

    def drop_in(self, unit: str, text: str) -> None:
        """Change a unit, before the box is entered."""
        self._write(f"etc/systemd/system/{unit}.d/test.conf", text)

    def __enter__(self) -> Self:
        subprocess.run([*_as_root(), "mkdir", str(self._cgroup)], check=True)
        self._said = (self.out / "systemd").open("wb")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(self._folder / "ready"))
            ready.settimeout(_PATIENCE_S)
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NOTIFY_SOCKET": str(self._folder / "ready")},
            )
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except TimeoutError:
                self.__exit__(None, None, None)
                said = (self.out / "systemd").read_text(errors="replace")
                raise AssertionError(f"systemd did not start:\n{said}") from None
        return self

    def _command(self) -> list[str]:
        enter = f'echo $$ > "{self._cgroup}/cgroup.procs" && exec "$@"'
        places = (
            str(self.stage),
            sys.base_prefix,
            sysconfig.get_paths()["purelib"],
            str(_TOP),
        )
        return [
            *_as_root(),
            *("sh", "-c", enter, "sh"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("--uts", "--ipc", "--cgroup"),
            *(str(_TOP / "tests/support/systemd-box"), *places),
        ]

    def run(
        self, *command: str, check: bool = True, user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root or as `user`, and return what it said."""
        inside = ["nsenter", "--target", str(self._first()), "--all", "--"]
        if user is not None:
            inside += ["runuser", "-u", user, "--"]
        done = subprocess.run(
            [*_as_root(), *inside, *command],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            cwd="/",
        )
        if check and done.returncode != 0:
            said = "\n".join(
                f"--- {file.name}\n{file.read_text(errors='replace')}"
                for file in sorted(self.out.iterdir())
            )
            raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}\n{said}")
        return done

    def systemctl(self, *words: str, check: bool = True) -> str:
        """Run systemctl inside."""
        return self.run("systemctl", *words, check=check).stdout

    def show(self, unit: str, key: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--value", "--property", key, unit).strip()

    def said(self, unit: str) -> str:
        """Return what a unit has written so far."""
        file = self.out / unit
        return file.read_text(errors="replace") if file.exists() else ""

    def _first(self) -> int:
        """Return the process of systemd, as seen from outside."""
        assert self._process is not None
        parent = self._process.pid
        while True:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            if Path(f"/proc/{parent}/comm").read_text().strip() == "systemd":
                return parent
            parent = int(children[0])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._said is not None
        try:
            first = self._first()
        except (FileNotFoundError, IndexError):
            self._process.kill()
        else:
            # With its first process all others of the namespace end, and then unshare.
            subprocess.run([*_as_root(), "kill", "-KILL", str(first)], check=False)
        self._process.wait(_PATIENCE_S)
        self._said.close()
        _remove_cgroups(self._cgroup)


def _as_root() -> Sequence[str]:
    return () if os.geteuid() == 0 else ("sudo", "-n")


def _python_name() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _cgroup_root() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            return Path(fields[4])
    raise AssertionError("this machine has no cgroup2 filesystem, which systemd needs")


def _remove_cgroups(top: Path) -> None:
    folders = [folder for folder, _, _ in os.walk(top, topdown=False)]
    subprocess.run([*_as_root(), "rmdir", *folders], check=True)


def require_tools() -> None:
    """Fail, saying what to do, where a program is missing."""
    for tool in ("systemd-analyze", "unshare", "nsenter"):
        assert shutil.which(tool), f"{tool} is missing: run tests/install-debian-tools"
