"""What no single key can know: checks across the keys of a configuration."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from msgspec import structs

from . import credentials, units
from .config_convert import Converted, Mistakes
from .config_model import (
    KeysConfig,
    MetricsConfig,
    MirrorConfig,
    NotifyConfig,
    ObjectsConfig,
    PollConfig,
    SearchConfig,
    SelectConfig,
    ServerConfig,
)
from .errors import UsageError
from .names import printable
from .private import ITS_GROUP, owner_trouble, who_else_writes

LEAST_INTERVAL_S = 15 * 60.0
"""Between two runs of a search: each leaves a dataset on somebody's server."""

_ANONYMOUS_PER_MINUTE = 600
_SHORT_POLL_S = 60.0
_REQUIRED = {
    "conesearch": ("center",),
    "ftsquery": ("text",),
    "columnsearch": ("filters",),
    "xmatch": ("file",),
}
_ONLY_FOR = {
    "center": "conesearch",
    "radius_arcmin": "conesearch",
    "text": "ftsquery",
    "sesame": "ftsquery",
    "file": "xmatch",
    "radius_arcsec": "xmatch",
    "positions_per_request": "xmatch",
}
_SERVER_RADIUS = {"conesearch": ("radius_arcmin", 5.0), "xmatch": ("radius_arcsec", 3.0)}


@dataclass(frozen=True)
class Findings:
    """Where checks put what they find: mistakes, and things allowed but unwise."""

    mistakes: Mistakes = field(default_factory=Mistakes)
    warnings: Mistakes = field(default_factory=Mistakes)


def check_tables(
    tables: Mapping[str, Converted], findings: Findings, *, thorough: bool
) -> None:
    """Check the tables against each other; `thorough` also looks at files and the disk."""
    server, mirror, keys = tables["server"], tables["mirror"], tables["keys"]
    _check_server(server, findings, thorough=thorough)
    _check_mirror(mirror, findings, thorough=thorough)
    assert isinstance(keys.table, KeysConfig)
    assert isinstance(mirror.table, MirrorConfig)
    folder = keys.table.dir
    if folder and "root" not in mirror.bad and _inside(folder, mirror.table.root):
        findings.mistakes.add(
            ("keys", "dir"),
            "the keys must be outside the mirror, whose files are readable by the group",
        )
    _check_metrics(tables["metrics"], mirror, findings, thorough=thorough)
    poll, select = tables["poll"].table, tables["select"].table
    assert isinstance(poll, PollConfig)
    assert isinstance(select, SelectConfig)
    if not tables["poll"].bad and poll.full_list_s < poll.datasets_s:
        findings.mistakes.add(
            ("poll", "full_list"),
            f"must not be less than poll.datasets ({units.duration_text(poll.datasets_s)})",
        )
    if poll.datasets_s < _SHORT_POLL_S:
        findings.warnings.add(("poll", "datasets"), "more than once a minute is not polite")
    for setid in sorted(set(select.allow) & set(select.deny)):
        findings.mistakes.add(("select", "deny"), f'"{setid}" is in select.allow, too')
    if "private" in select.visibility and not _has_account(server):
        findings.warnings.add(
            ("select", "visibility"),
            "without server.api_key_file no private dataset is ever seen",
        )


def check_writers(
    path: FilePath, server: Converted, told: Sequence[Converted], findings: Findings
) -> None:
    """Look who else can change the configuration file.

    What it names is done as the user who runs us: a command is run, a key is sent to the
    server. A file that anybody may have written does not get that far.
    """
    try:
        who = who_else_writes(path.stat())
    except OSError:
        return  # it has just been read; it is gone again
    if who is None:
        return
    assert isinstance(server.table, ServerConfig)
    findings.warnings.add((), f"can be changed by {who}, and with it what is done as you")
    if who == ITS_GROUP:
        return
    if server.table.api_key_file is not None:
        findings.mistakes.add(
            ("server", "api_key_file"), f"not from a file that can be changed by {who}"
        )
    for index, (one, _) in enumerate(told):
        if isinstance(one, NotifyConfig) and one.command:
            findings.mistakes.add(
                ("notify", index, "command"), f"not from a file that can be changed by {who}"
            )


def check_objects(
    tables: Mapping[str, Converted], searches: Sequence[Converted], findings: Findings
) -> None:
    """Check that there are searches, where objects are chosen by them."""
    objects = tables["objects"].table
    assert isinstance(objects, ObjectsConfig)
    if objects.mirror == "searches" and not searches:
        findings.warnings.add(
            ("objects", "mirror"), "there is no [[search]], so nothing is asked for"
        )


def check_notify(told: Sequence[Converted], findings: Findings, *, thorough: bool) -> None:
    """Check that everybody who is to be told can be, in one way."""
    for index, (one, bad) in enumerate(told):
        assert isinstance(one, NotifyConfig)
        ways = {
            "command": bool(one.command),
            "url": one.url is not None,
            "url_file": one.url_file is not None,
        }
        named = [way for way in ways if ways[way] or way in bad]
        if len(named) != 1:
            findings.mistakes.add(
                ("notify", index, named[1]) if named else ("notify", index),
                "name one of command, url and url_file" + (", not more" if named else ""),
            )
        if thorough and one.command and not os.access(one.command[0], os.X_OK):
            findings.warnings.add(
                ("notify", index, "command"), f"{printable(one.command[0])} cannot be run here"
            )


def check_searches(
    searches: Sequence[Converted],
    written: Sequence[Mapping[str, object]],
    server: Converted,
    findings: Findings,
    *,
    thorough: bool,
) -> None:
    """Check the searches: each by itself, and their names against each other."""
    first: dict[str, int] = {}
    for index, (search, keys) in enumerate(zip(searches, written, strict=True)):
        one = search.table
        assert isinstance(one, SearchConfig)
        if "name" not in search.bad:
            # Views in SQL do not tell upper from lower case.
            other = first.setdefault(one.name.lower(), index)
            if other != index:
                findings.mistakes.add(
                    ("search", index, "name"), f"search[{other}] has this name already"
                )
        check = _SearchCheck(one, search.bad, keys, index, findings.mistakes)
        if "kind" not in search.bad:
            check.kind()
        check.schedule(thorough=thorough)
        check.account(has_account=_has_account(server))
        if thorough and one.file is not None and one.kind == "xmatch":
            check.targets(one.file)


def with_server_defaults(search: SearchConfig) -> SearchConfig:
    """Return `search` with the radius that the server takes when none is given."""
    name, radius = _SERVER_RADIUS.get(search.kind, ("", 0.0))
    if name and getattr(search, name) is None:
        return structs.replace(search, **{name: radius})
    return search


@dataclass(frozen=True)
class _SearchCheck:
    """The checks of one search, as it was understood and as it was `written`."""

    search: SearchConfig
    bad: frozenset[str]
    written: Mapping[str, object]
    index: int
    mistakes: Mistakes

    def add(self, key: str, message: str) -> None:
        self.mistakes.add(("search", self.index, key), message)

    def kind(self) -> None:
        kind = self.search.kind
        for key in _REQUIRED[kind]:
            if key not in self.written:
                self.add(key, f"missing; a {kind} needs it")
        for key, owner in _ONLY_FOR.items():
            if key in self.written and owner != kind:
                self.add(key, f"only for kind {owner}, this is a {kind}")

    def schedule(self, *, thorough: bool) -> None:
        search, choices = self.search, "every, cron or on_new_data = true"
        chosen = [key for key in ("every", "cron") if key in self.written]
        if search.on_new_data or "on_new_data" in self.bad:
            chosen.append("on_new_data")
        if not chosen:
            self.add("every", f"missing; a search needs one of {choices}")
        elif len(chosen) > 1:
            self.add(chosen[-1], f"only one of {choices}; there is {chosen[0]} already")
        if "timezone" in self.written and "cron" not in self.written:
            self.add("timezone", "only with cron")
        if search.every_s is not None:
            self._not_too_often("every", search.every_s)
        if search.cron is not None and thorough:
            from .config_cron import least_gap

            try:
                self._not_too_often("cron", least_gap(search.cron).total_seconds())
            except UsageError as error:
                self.add("cron", error.message)

    def account(self, *, has_account: bool) -> None:
        if has_account:
            return
        if self.search.visibility in ("private", "shared"):
            self.add(
                "visibility",
                f"{self.search.visibility} needs server.api_key_file: nobody could read the "
                "dataset after an anonymous key's end",
            )
        if self.search.email_when_done:
            self.add("email_when_done", "needs an account's key (server.api_key_file)")

    def targets(self, file: FilePath) -> None:
        from .positions import read_targets

        try:
            read_targets(file)
        except UsageError as error:
            for line in error.message.splitlines():
                self.add("file", line)

    def _not_too_often(self, key: str, seconds: float) -> None:
        if seconds < LEAST_INTERVAL_S and not self.search.allow_frequent:
            self.add(
                key,
                f"runs {units.duration_text(seconds)} apart; each leaves a dataset on the "
                "server, so less than 15m needs allow_frequent = true",
            )


def _check_server(server: Converted, findings: Findings, *, thorough: bool) -> None:
    table = server.table
    assert isinstance(table, ServerConfig)
    if "url" not in server.bad and table.url.startswith("http://"):
        host = urlsplit(table.url).hostname or ""
        if not _is_loopback(host):
            findings.warnings.add(
                ("server", "url"),
                "plain http: the key and all data can be read and changed on the way",
            )
    if table.requests_per_minute >= _ANONYMOUS_PER_MINUTE and not _has_account(server):
        findings.warnings.add(
            ("server", "requests_per_minute"),
            f"an anonymous key is limited to {_ANONYMOUS_PER_MINUTE} by default",
        )
    if thorough and table.ca_file is not None:
        _check_ca_file(table.ca_file, findings)
    if thorough and table.api_key_file is not None:
        if credentials.is_unknown(table.api_key_file):
            findings.warnings.add(
                ("server", "api_key_file"),
                "only the service itself gets this from systemd; it cannot be read here",
            )
            return
        name = printable(str(table.api_key_file))
        try:
            status = table.api_key_file.stat()
        except OSError as error:
            findings.mistakes.add(
                ("server", "api_key_file"), f"{name}: {error.strerror or 'cannot be read'}"
            )
            return
        if not stat.S_ISREG(status.st_mode):
            findings.mistakes.add(("server", "api_key_file"), f"{name} is not a file")
        elif status.st_mode & 0o077 and not credentials.is_credential(table.api_key_file):
            findings.warnings.add(
                ("server", "api_key_file"), "others can read this key; chmod 600 it"
            )
        elif owner_trouble(status):
            findings.warnings.add(
                ("server", "api_key_file"), "another user owns this key, and can read it"
            )


def _check_ca_file(file: FilePath, findings: Findings) -> None:
    # Only needed here: it takes longer than all the rest.
    import ssl

    name = printable(str(file))
    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        findings.mistakes.add(("server", "ca_file"), f"{name} holds no certificates (PEM)")
    except OSError as error:
        findings.mistakes.add(
            ("server", "ca_file"), f"{name}: {error.strerror or 'cannot be read'}"
        )


def _check_mirror(mirror: Converted, findings: Findings, *, thorough: bool) -> None:
    table = mirror.table
    assert isinstance(table, MirrorConfig)
    if not thorough or "root" in mirror.bad:
        return
    try:
        folder = next(one for one in (table.root, *table.root.parents) if one.is_dir())
        disk = os.statvfs(folder)
        total = disk.f_frsize * disk.f_blocks
    except (OSError, StopIteration):
        # Whether the root is any good is found out by whoever opens the mirror.
        return
    if table.root.is_dir() and (who := who_else_writes(table.root.stat())):
        findings.warnings.add(
            ("mirror", "root"),
            f"can be written to by {who}: who could put other files in place of the mirror's",
        )
    if table.min_free >= total:
        findings.mistakes.add(
            ("mirror", "min_free"),
            f"the whole disk has {total / 1e9:.0f} GB: nothing could ever be mirrored",
        )
    elif table.max_bytes is not None and table.max_bytes + table.min_free > total:
        findings.warnings.add(
            ("mirror", "max_bytes"),
            f"with min_free more than the whole disk ({total / 1e9:.0f} GB): "
            "the disk is the limit",
        )


def _check_metrics(
    metrics: Converted, mirror: Converted, findings: Findings, *, thorough: bool
) -> None:
    table = metrics.table
    assert isinstance(table, MetricsConfig)
    assert isinstance(mirror.table, MirrorConfig)
    if table.textfile is None:
        return
    if table.textfile.suffix != ".prom":
        findings.mistakes.add(
            ("metrics", "textfile"), "the node exporter only reads files named *.prom"
        )
    elif "root" not in mirror.bad and _inside(table.textfile, mirror.table.root):
        findings.mistakes.add(("metrics", "textfile"), "must be outside the mirror")
    elif thorough and not os.path.isdir(folder := table.textfile.parent):  # noqa: PTH112 -- never raises
        why = "is not there, or is closed to us"
        name = printable(str(folder))
        findings.warnings.add(("metrics", "textfile"), f"the folder {name} {why}")


def _has_account(server: Converted) -> bool:
    assert isinstance(server.table, ServerConfig)
    # A key file that was named, if wrongly: one mistake, not one for every search.
    return server.table.api_key_file is not None or "api_key_file" in server.bad


def _inside(path: FilePath, folder: FilePath) -> bool:
    # Path.resolve raises where a link leads to itself.
    return FilePath(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
