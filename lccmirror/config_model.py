"""The validated settings: one frozen struct for each table of the configuration file.

A field's annotation says all there is to know about its key: the type, and how the value
in the file is read (a callable, or a `msgspec.Meta` with the limits). A field that ends in
``_s`` holds seconds; its key in the file has no ``_s``.
"""

from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from . import config_search_values as search_values
from . import config_values as values
from .config_lines import LineMap

MB, GB = 1000**2, 1000**3
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

EVENTS = (
    "search_changed",
    "repeated_failure",
    "gap",
    "low_disk",
    "damage",
    "account_key",
)
"""What people can be told of."""

SearchKind = Literal["conesearch", "ftsquery", "columnsearch", "xmatch"]


def file_key(field: str) -> str:
    """Return the key in the file for the name of a field."""
    return field.removesuffix("_s")


class Table(Struct, frozen=True, kw_only=True, rename=file_key):
    """A table of the configuration file."""


class ServerConfig(Table, frozen=True):
    """``[server]``: which server, and how to behave there."""

    url: Annotated[str, values.server_url]
    formerly: Annotated[tuple[str, ...], values.server_urls] = ()
    connect_timeout_s: Annotated[float, values.duration(1, HOUR)] = 10.0
    read_timeout_s: Annotated[float, values.duration(1, HOUR)] = 60.0
    retry_total_s: Annotated[float, values.duration(0, DAY)] = 15 * MINUTE
    requests_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 300
    proxy: Annotated[str | None, values.proxy_url] = None
    ca_file: Annotated[Path | None, values.path] = None
    api_key_file: Annotated[Path | None, values.secret_path] = None
    anonymous_fallback: bool = True
    user_agent_contact: Annotated[str | None, values.header_text] = None


class MirrorConfig(Table, frozen=True):
    """``[mirror]``: where the mirror is and how large it may become."""

    root: Annotated[Path, values.path]
    products: Annotated[
        tuple[str, ...], values.words("csv", "lczip", "pickle", at_least_one=True)
    ] = ("csv", "lczip")
    workers: Annotated[int, Meta(ge=1, le=16)] = 2
    max_bytes: Annotated[int | None, values.size(10 * MB)] = None
    min_free: Annotated[int, values.size()] = 5 * GB
    bandwidth: Annotated[int | None, values.rate(1000)] = None


class PollConfig(Table, frozen=True):
    """``[poll]``: how often the server is asked what is new."""

    datasets_s: Annotated[float, values.duration(1, 30 * DAY)] = 15 * MINUTE
    collections_s: Annotated[float, values.duration(1, 30 * DAY)] = 6 * HOUR
    full_list_s: Annotated[float, values.duration(1, 365 * DAY)] = 7 * DAY


class SelectConfig(Table, frozen=True):
    """``[select]``: which datasets are mirrored. ``query_types`` are the server's names."""

    collections: Annotated[tuple[str, ...], values.globs] = ()
    query_types: Annotated[tuple[str, ...], values.query_types] = ()
    visibility: Annotated[
        tuple[str, ...],
        values.words("public", "unlisted", "shared", "private", at_least_one=True),
    ] = ("public", "unlisted")
    max_objects: Annotated[int, Meta(ge=1)] | None = None
    max_size: Annotated[int | None, values.size(1)] = None
    not_before: Annotated[datetime | None, values.moment] = None
    allow: Annotated[tuple[str, ...], values.setids] = ()
    deny: Annotated[tuple[str, ...], values.setids] = ()


class LightCurveConfig(Table, frozen=True):
    """``[lightcurves]``: single light curves, for datasets without a ZIP."""

    singles: Literal["never", "missing"] = "never"
    limit: Annotated[int, Meta(ge=1)] = 1000


class ObjectsConfig(Table, frozen=True):
    """``[objects]``: what the server tells of single objects, and its pictures of them."""

    mirror: Literal["never", "searches", "all"] = "never"
    per_cycle: Annotated[int, Meta(ge=1, le=100_000)] = 100
    refresh_s: Annotated[float, values.duration(DAY, 36_500 * DAY)] = 90 * DAY


class LimitsConfig(Table, frozen=True):
    """``[limits]``: what is refused as too large to be true, whatever the server sends."""

    max_json: Annotated[int, values.size(1 * MB)] = 2 * GB
    max_csv: Annotated[int, values.size(1 * MB)] = 4 * GB
    max_file: Annotated[int, values.size(1 * MB)] = 100 * GB
    max_lightcurve: Annotated[int, values.size(1 * MB)] = 256 * MB
    max_object_info: Annotated[int, values.size(1 * MB)] = 16 * MB
    max_pixels: Annotated[int, Meta(ge=1)] = 50_000_000
    max_rows: Annotated[int, Meta(ge=1)] = 10_000_000
    max_columns: Annotated[int, Meta(ge=1)] = 5_000
    max_zip_members: Annotated[int, Meta(ge=1)] = 200_000
    max_zip_ratio: Annotated[float, Meta(ge=1, le=1_000_000)] = 100.0
    max_zip_expanded: Annotated[int, values.size(1 * MB)] = 200 * GB


class KeysConfig(Table, frozen=True):
    """``[keys]``: the API keys that the server gives us."""

    dir: Annotated[Path | None, values.path] = None
    # A key of the documented server lives for about a day.
    renew_before_s: Annotated[float, values.duration(0, 12 * HOUR)] = HOUR


class DaemonConfig(Table, frozen=True):
    """``[daemon]``: what `lccmirror run` does at night, and what it does not catch up with."""

    nightly: Annotated[time, values.time_of_day] = time(2, 30)
    verify_every_s: Annotated[float, values.duration(2 * DAY, 366 * DAY)] = 30 * DAY
    verify_rate: Annotated[int | None, values.rate(1000)] = None
    no_catch_up: Annotated[
        tuple[str, ...],
        values.words("collections", "datasets", "keys", "verify", "prune", "backup", "tidy"),
    ] = ()


class PruneConfig(Table, frozen=True):
    """``[prune]``: what may be removed again. Nothing, unless a rule is set."""

    superseded_s: Annotated[float | None, values.duration(0, 36_500 * DAY)] = None
    keep_runs: Annotated[int, Meta(ge=1)] | None = None
    older_than_s: Annotated[float | None, values.duration(DAY, 36_500 * DAY)] = None
    headroom: Annotated[int | None, values.size()] = None
    keep_vanished: bool = True
    keep: Annotated[tuple[str, ...], values.setids] = ()
    keep_collections: Annotated[tuple[str, ...], values.globs] = ()

    @property
    def rules(self) -> bool:
        """Whether there is a rule at all."""
        set_ones = (self.superseded_s, self.keep_runs, self.older_than_s, self.headroom)
        return any(one is not None for one in set_ones)


class BackupConfig(Table, frozen=True):
    """``[backup]``: copies of the catalog. None are made with ``keep = 0``."""

    every_s: Annotated[float, values.duration(HOUR, 366 * DAY)] = DAY
    keep: Annotated[int, Meta(ge=0, le=10_000)] = 7
    folder: Annotated[Path | None, values.path] = None


class MetricsConfig(Table, frozen=True):
    """``[metrics]``: numbers for Prometheus, and whether the daemon is well."""

    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    textfile: Annotated[Path | None, values.path] = None
    max_age_s: Annotated[float, values.duration(MINUTE, 366 * DAY)] = 3 * HOUR


class NotifyConfig(Table, frozen=True):
    """``[[notify]]``: somebody to be told, by a command or a webhook."""

    events: Annotated[tuple[str, ...], values.words(*EVENTS, at_least_one=True)] = EVENTS
    command: Annotated[tuple[str, ...], values.arguments] = ()
    url: Annotated[values.SecretText | None, values.webhook] = None
    url_file: Annotated[Path | None, values.secret_path] = None
    time_limit_s: Annotated[float, values.duration(1, 10 * MINUTE)] = 30.0
    at_most_every_s: Annotated[float, values.duration(0, 31 * DAY)] = HOUR


class SearchConfig(Table, frozen=True):
    """``[[search]]``: a search to repeat. What is only for one kind is None in the others.

    ``file`` is an xmatch's list of targets; `positions.read_targets` reads it. ``timezone``
    is that of ``cron``, None this machine's; `config_cron.cron_trigger` takes both.
    ``catch_up`` says whether due times missed are made up for by one run.
    """

    name: Annotated[str, search_values.search_name]
    kind: SearchKind
    enabled: bool = True

    center: Annotated[tuple[float, float] | None, search_values.position] = None
    radius_arcmin: Annotated[float | None, search_values.radius_arcmin] = None
    text: Annotated[str | None, search_values.search_text] = None
    sesame: bool = False
    file: Annotated[Path | None, values.path] = None
    radius_arcsec: Annotated[float | None, search_values.radius_arcsec] = None
    positions_per_request: Annotated[int, Meta(ge=1, le=5000)] = 5000
    filters: Annotated[str | None, search_values.filter_text] = None

    columns: Annotated[tuple[str, ...], search_values.column_names] = ()
    collections: Annotated[tuple[str, ...], search_values.collection_names] = ()
    sort: Annotated[tuple[tuple[str, str], ...], search_values.sort] = ()
    sample: Annotated[int, Meta(ge=1)] | None = None
    limit: Annotated[int, Meta(ge=1)] | None = None
    visibility: Literal["public", "unlisted", "shared", "private"] = "unlisted"
    email_when_done: bool = False

    every_s: Annotated[float | None, values.duration(1, 366 * DAY)] = None
    cron: Annotated[str | None, values.text] = None
    timezone: Annotated[str | None, search_values.timezone] = None
    on_new_data: bool = False
    allow_frequent: bool = False
    catch_up: bool = True
    deadline_s: Annotated[float, values.duration(MINUTE, 30 * DAY)] = 6 * HOUR

    def server_filters(self) -> str | None:
        """Return the filters as the server takes them (``(sdssr lt 13.0)``)."""
        return None if self.filters is None else search_values.server_filters(self.filters)


class Config(Struct, frozen=True, kw_only=True):
    """The whole configuration, as `lccmirror.config.load_config` returns it.

    `path` is the file it came from; `warnings` are things that are allowed but unwise;
    `lines` knows on which line of the file a key stands.
    """

    server: ServerConfig
    mirror: MirrorConfig
    poll: PollConfig
    select: SelectConfig
    lightcurves: LightCurveConfig
    objects: ObjectsConfig
    limits: LimitsConfig
    keys: KeysConfig
    daemon: DaemonConfig
    prune: PruneConfig
    backup: BackupConfig
    metrics: MetricsConfig
    notify: tuple[NotifyConfig, ...]
    searches: tuple[SearchConfig, ...]
    path: Path
    warnings: tuple[str, ...]
    lines: LineMap


TABLES: dict[str, type[Table]] = {
    "server": ServerConfig,
    "mirror": MirrorConfig,
    "poll": PollConfig,
    "select": SelectConfig,
    "lightcurves": LightCurveConfig,
    "objects": ObjectsConfig,
    "limits": LimitsConfig,
    "keys": KeysConfig,
    "prune": PruneConfig,
    "backup": BackupConfig,
    "metrics": MetricsConfig,
    "daemon": DaemonConfig,
}
"""The tables of the file by name; ``[[search]]`` and ``[[notify]]`` beside them
are arrays."""

ARRAYS = ("search", "notify")

Reader = Callable[[object], object]
"""Turns a value of the file into a field's value, or raises UsageError."""
