"""A virtual environment with the genuine LCC-Server, made once and kept.

The server needs packages years older than ours, so it lives in an environment of its own
below the user's cache folder, named after a hash of its requirement files: changed pins
make a new one, and any number of work trees share it. When it cannot be made the tests
fail; they are never skipped, because a tier that may skip itself proves nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
SHIM = HERE / "shim"
REQUIREMENTS = HERE / "requirements.txt"
CONSTRAINTS = HERE / "constraints.txt"
SERVER_REQUIREMENTS = HERE / "requirements-server.txt"

PYTHON_VERSION = (3, 11)
INSTALL_TIMEOUT_S = 1200
MARKER = "complete"

# Everything the tests start. The two servers define the same command line options, so one
# process can import only one of them.
_IMPORT_CHECKS = (
    "import lccserver.cli, lccserver.frontend.indexserver",
    "import lccserver.authnzerver.main",
    "import astrobase.services.lccs",
)


class EnvironmentFailed(Exception):
    """The server's environment could not be made; the text has the reason's last lines."""


@dataclass(frozen=True)
class RealEnvironment:
    """The interpreter that has the server, and how to call it."""

    python: Path

    def variables(self, home: Path) -> dict[str, str]:
        """Return the environment variables for a process of the server.

        Parameters
        ----------
        home
            What the process sees as its home folder: astrobase keeps a registry of
            light-curve formats and the user's API keys there.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PYTEST", "XDG_", "LCCMIRROR"))
        }
        return kept | {
            "HOME": str(home),
            "MPLBACKEND": "Agg",
            "PYTHONPATH": os.pathsep.join([str(SHIM), str(PROJECT)]),
            "PYTHONWARNINGS": "ignore",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(
        self, arguments: Sequence[str], *, home: Path, timeout_s: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python in ``home`` and return what it printed.

        Raises
        ------
        EnvironmentFailed
            If it ends with anything but 0.
        """
        home.mkdir(parents=True, exist_ok=True)
        variables = self.variables(home)
        return _run([str(self.python), *arguments], timeout_s, env=variables, cwd=home)


def default_cache() -> Path:
    """Return the folder below which environments are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lccmirror-tests"


def ensure_environment(cache: Path | None = None) -> RealEnvironment:
    """Return the environment of the present pins, making it when it is not there.

    It is built under a temporary name and renamed, so that a build that was cut short is
    never taken for a whole one, and under a lock, so that two test runs make it once.

    Raises
    ------
    EnvironmentFailed
        If there is no CPython 3.11, or pip fails.
    """
    cache = cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    final = cache / f"lccserver-{_hash_of_pins()}"
    with _locked(final.with_name(final.name + ".lock")):
        if not _is_usable(final):
            building = final.with_name(final.name + ".building")
            shutil.rmtree(building, ignore_errors=True)
            _install(building, find_python())
            shutil.rmtree(final, ignore_errors=True)
            building.rename(final)
    return RealEnvironment(_python_in(final))


def find_python(
    running: tuple[int, ...] = sys.version_info[:2], path: str | None = None
) -> str:
    """Return a CPython 3.11: the running one, or the one on ``PATH``."""
    if running == PYTHON_VERSION:
        return sys.executable
    wanted = ".".join(map(str, PYTHON_VERSION))
    found = shutil.which(f"python{wanted}", path=path)
    if found is None:
        raise EnvironmentFailed(
            f"the real LCC-Server needs CPython {wanted}: run the tests with it, "
            f"or put python{wanted} on PATH"
        )
    return found


def _hash_of_pins() -> str:
    digest = hashlib.sha256()
    for path in (REQUIREMENTS, CONSTRAINTS, SERVER_REQUIREMENTS):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _python_in(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_usable(folder: Path) -> bool:
    """Tell whether a finished environment is there whose Python still runs.

    The base interpreter is only linked: it may have been removed since.
    """
    if not (folder / MARKER).is_file():
        return False
    try:
        _run([str(_python_in(folder)), "-c", ""], timeout_s=60)
    except EnvironmentFailed:
        return False
    return True


def _install(folder: Path, python: str) -> None:
    _run([python, "-m", "venv", str(folder)], INSTALL_TIMEOUT_S)
    in_folder = str(_python_in(folder))
    pip = [in_folder, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (
        ["wheel", "setuptools==69.5.1"],
        ["-r", str(REQUIREMENTS), "-c", str(CONSTRAINTS)],
        ["--no-deps", "-r", str(SERVER_REQUIREMENTS)],
    ):
        _run([*pip, *arguments], INSTALL_TIMEOUT_S)
    home = folder / "home"
    for check in _IMPORT_CHECKS:
        RealEnvironment(_python_in(folder)).run(["-c", check], home=home)
    (folder / MARKER).touch()


def _run(
    command: Sequence[str],
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=env,
            cwd=cwd,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.CalledProcessError as error:
        last = "\n".join((error.stdout + error.stderr).splitlines()[-25:])
        text = f"{' '.join(command)} ended with {error.returncode}:\n{last}"
        raise EnvironmentFailed(text) from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise EnvironmentFailed(f"{' '.join(command)}: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    ensure_environment()
