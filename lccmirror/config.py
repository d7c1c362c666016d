"""The configuration: finding the file, reading it, and saying all that is wrong with it.

The settings themselves are in `config_model`; how one value is read in `config_values`;
what keys have to do with each other in `config_checks`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from .config_checks import (
    Findings,
    check_notify,
    check_objects,
    check_searches,
    check_tables,
    check_writers,
    with_server_defaults,
)
from .config_convert import Converted, Mistakes, convert, suggestion
from .config_lines import LineMap, locate
from .config_model import (
    ARRAYS,
    TABLES,
    BackupConfig,
    Config,
    DaemonConfig,
    KeysConfig,
    LightCurveConfig,
    LimitsConfig,
    MetricsConfig,
    MirrorConfig,
    NotifyConfig,
    ObjectsConfig,
    PollConfig,
    PruneConfig,
    SearchConfig,
    SelectConfig,
    ServerConfig,
)
from .errors import ConfigError

__all__ = [
    "BackupConfig",
    "Config",
    "DaemonConfig",
    "KeysConfig",
    "LightCurveConfig",
    "LimitsConfig",
    "MetricsConfig",
    "MirrorConfig",
    "NotifyConfig",
    "ObjectsConfig",
    "PollConfig",
    "PruneConfig",
    "SearchConfig",
    "SelectConfig",
    "ServerConfig",
    "find_config",
    "load_config",
]

FILE_NAME = "lccmirror.toml"
ENVIRONMENT_NAME = "LCCMIRROR_CONFIG"
SYSTEM_FILE = Path("/etc/lccmirror/config.toml")
_LARGEST_FILE = 4 * 1000**2
_CLOSED = (
    "let a group that you are in read it (chgrp GROUP FILE, chmod 640 FILE), "
    "or run as the user who owns it"
)


def _user_folder() -> Path:
    # Most runs find their file before it comes to this.
    from platformdirs import user_config_path

    return user_config_path("lccmirror")


def find_config(
    explicit: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    user_folder: Callable[[], Path] = _user_folder,
    system_file: Path = SYSTEM_FILE,
) -> Path:
    """Return the configuration file to use.

    Parameters
    ----------
    explicit
        What ``--config`` says, if it was given: it, and no other. A folder stands for the
        ``lccmirror.toml`` in it.
    environ
        The environment: ``LCCMIRROR_CONFIG`` comes next, and if it is set, no other.
    cwd
        The current folder: ``lccmirror.toml`` in it, then ``config.toml`` in the user's
        configuration folder, then ``/etc/lccmirror/config.toml``.

    Raises
    ------
    ConfigError
        If there is none, naming every place looked at.
    """
    for source, named in (
        ("--config", explicit),
        (ENVIRONMENT_NAME, environ.get(ENVIRONMENT_NAME) or None),
    ):
        if named is not None:
            path = cwd / Path(named)
            is_folder = os.path.isdir(path)  # noqa: PTH112 -- False where Path.is_dir raises
            if is_folder and _may_be_read(path / FILE_NAME):
                path /= FILE_NAME
            if not _may_be_read(path):
                what = "is not a file" if path.exists() else "does not exist"
                if is_folder:
                    what = f"is a folder without {FILE_NAME}"
                raise ConfigError(f"{path}: the configuration file that {source} names {what}")
            return path
    places = (cwd / FILE_NAME, user_folder() / "config.toml", system_file)
    for path in places:
        if _may_be_read(path):
            return path
    looked = "".join(f"\n  {path}" for path in places)
    raise ConfigError(
        f"no configuration file; looked for{looked}",
        hint=f"lccmirror init DIR --url URL makes one; -c or {ENVIRONMENT_NAME} names one",
    )


def load_config(path: Path, *, thorough: bool = True) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path
        The file. Relative paths in it are relative to its folder.
    thorough
        Also look at what the file names: lists of targets, the key file, the size of the
        disk, and work out ``cron``. False is for commands that must start at once and only
        read the mirror.

    Raises
    ------
    ConfigError
        With every mistake, one a line: ``file:line: table.key: what is wrong``.
    """
    text = _text(path)
    written = _tables(text, path)
    base = path.absolute().parent
    findings = Findings()
    mistakes = findings.mistakes
    for key in written:
        if key not in TABLES and key not in ARRAYS:
            mistakes.add((key,), f"unknown {_where_it_belongs(key)}")
    tables: dict[str, Converted] = {}
    for name, kind in TABLES.items():
        table = written.get(name, {})
        if not isinstance(table, dict):
            mistakes.add((name,), f"must be a table: [{name}]")
            table = {}
        tables[name] = convert(kind, table, (name,), base, mistakes)
    search_tables = _array(written, "search", mistakes)
    searches = [
        convert(SearchConfig, table, ("search", index), base, mistakes)
        for index, table in enumerate(search_tables)
    ]
    notify = [
        convert(NotifyConfig, table, ("notify", index), base, mistakes)
        for index, table in enumerate(_array(written, "notify", mistakes))
    ]
    check_tables(tables, findings, thorough=thorough)
    check_objects(tables, searches, findings)
    if thorough:
        check_writers(path, tables["server"], notify, findings)
    check_notify(notify, findings, thorough=thorough)
    check_searches(searches, search_tables, tables["server"], findings, thorough=thorough)
    told = thorough or len(mistakes) or len(findings.warnings)
    lines = locate(text) if told else LineMap()
    if len(mistakes):
        raise ConfigError("\n".join(mistakes.texts(path, lines)))
    return _config(tables, searches, notify, path, lines, findings)


def _may_be_read(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Behind a folder that is closed to us: it is read, and the reading says why not.
        return True


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read the configuration: {error.strerror or error}",
            hint=_CLOSED if isinstance(error, PermissionError) else None,
        ) from error
    if len(data) > _LARGEST_FILE:
        raise ConfigError(f"{path}: larger than {_LARGEST_FILE} bytes: not a configuration")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text") from None


def _tables(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        if match:
            where, what = match[2], f"{match[1]} (column {match[3]})"
        else:
            where = str(len(text.splitlines()) or 1)
            what = str(error).replace("(at end of document)", "(at the end of the file)")
        raise ConfigError(f"{path}:{where}: not TOML: {what}") from None
    except ValueError as error:
        # A number of more digits than Python converts.
        raise ConfigError(f"{path}: not a configuration: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not a configuration: nested too deeply") from None


def _array(
    written: Mapping[str, object], name: str, mistakes: Mistakes
) -> list[dict[str, object]]:
    value = written.get(name, [])
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    mistakes.add((name,), f"write every {name} under a line [[{name}]] of its own")
    return []


def _where_it_belongs(key: str) -> str:
    for name, kind in TABLES.items():
        if key in kind.__struct_encode_fields__:
            return f"key here; it belongs under [{name}]"
    return f"table{suggestion(key, (*TABLES, *ARRAYS))}"


def _config(
    tables: Mapping[str, Converted],
    searches: list[Converted],
    notify: list[Converted],
    path: Path,
    lines: LineMap,
    findings: Findings,
) -> Config:
    server, mirror, poll = tables["server"].table, tables["mirror"].table, tables["poll"].table
    select, keys = tables["select"].table, tables["keys"].table
    lightcurves, limits = tables["lightcurves"].table, tables["limits"].table
    prune, metrics = tables["prune"].table, tables["metrics"].table
    backup = tables["backup"].table
    assert isinstance(backup, BackupConfig)
    assert isinstance(prune, PruneConfig)
    assert isinstance(metrics, MetricsConfig)
    assert isinstance(server, ServerConfig)
    assert isinstance(mirror, MirrorConfig)
    assert isinstance(poll, PollConfig)
    assert isinstance(select, SelectConfig)
    assert isinstance(lightcurves, LightCurveConfig)
    objects = tables["objects"].table
    assert isinstance(objects, ObjectsConfig)
    assert isinstance(limits, LimitsConfig)
    assert isinstance(keys, KeysConfig)
    daemon = tables["daemon"].table
    assert isinstance(daemon, DaemonConfig)
    return Config(
        server=server,
        mirror=mirror,
        poll=poll,
        select=select,
        lightcurves=lightcurves,
        objects=objects,
        limits=limits,
        keys=keys,
        daemon=daemon,
        prune=prune,
        backup=backup,
        metrics=metrics,
        notify=tuple(one.table for one in notify if isinstance(one.table, NotifyConfig)),
        searches=tuple(
            with_server_defaults(one.table)
            for one in searches
            if isinstance(one.table, SearchConfig)
        ),
        path=path.absolute(),
        warnings=tuple(findings.warnings.texts(path, lines)),
        lines=lines,
    )
