"""What the options before (or after) the subcommand say: config file, colour, loudness."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from ..config import Config

PATIENCE_S = 10.0
"""How long a command that only asks one question tries to reach the server."""

_META_KEY = "lccmirror.cli.settings"


@dataclass(frozen=True)
class Settings:
    """The global options of one run.

    Parameters
    ----------
    config
        The config file asked for, if one was.
    debug
        Log what is done, and show tracebacks.
    quiet
        No progress and no notes; results, errors, and a summary line if something happened.
    no_color
        Never colour. Terminals are coloured otherwise, unless ``NO_COLOR`` is set.
    """

    config: Path | None = None
    debug: bool = False
    quiet: bool = False
    no_color: bool = False

    def color(self, stream: Any) -> bool:
        """Tell whether to colour what is written to `stream`."""
        if self.no_color or os.environ.get("NO_COLOR"):
            return False
        return is_terminal(stream) and os.environ.get("TERM") != "dumb"

    def config_path(self) -> Path:
        """Return the config file of this run.

        Raises
        ------
        lccmirror.errors.ConfigError
            If there is none anywhere.
        """
        from ..config import find_config

        return find_config(self.config, os.environ, Path.cwd())

    def load(self, *, thorough: bool = True) -> Config:
        """Read the configuration.

        Parameters
        ----------
        thorough
            As in `lccmirror.config.load_config`: False to start at once and only read.

        Raises
        ------
        lccmirror.errors.ConfigError
            If there is none, or it is wrong.
        """
        from ..config import load_config

        return load_config(self.config_path(), thorough=thorough)

    def note(self, text: str) -> None:
        """Say something by the way, on stderr, unless --quiet."""
        if not self.quiet:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def require_not_config(path: Path, config: Config) -> None:
    """Refuse to write a file over the configuration, which lies where the work is done.

    Raises
    ------
    lccmirror.errors.UsageError
        If `path` is the file that `config` was read from.
    """
    # What is wrong with the path otherwise, whoever writes there says.
    if os.path.exists(path) and path.samefile(config.path):  # noqa: PTH110 -- never raises
        from ..errors import UsageError

        raise UsageError(f"{path} is the configuration", hint="name another file")


def is_terminal(stream: Any) -> bool:
    """Tell whether `stream` is a terminal; a closed or missing one is not."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def settings() -> Settings:
    """Return the settings of the command that runs now."""
    import click

    found = click.get_current_context().meta.get(_META_KEY, Settings())
    assert isinstance(found, Settings)
    return found


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep what was given; an option not given leaves what an outer command was given."""
    if not value or option.name is None:
        return
    # `meta` is shared by a context and all below it, so that the options work in both places.
    now = replace(context.meta.get(_META_KEY, Settings()), **{option.name: value})
    context.meta[_META_KEY] = now
    if option.name == "debug":
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """Return the options every command takes, before its name and after it.

    Parameters
    ----------
    hidden
        Leave them out of the help (of the subcommands: it would be the same lines again).
    """

    import click

    def option(*names: str, **attributes: Any) -> click.Option:
        return click.Option(
            names, hidden=hidden, expose_value=False, callback=_remember, **attributes
        )

    return [
        option(
            "-c",
            "--config",
            # One that we may not read is no wrong use of the command: reading it says so.
            type=click.Path(readable=False, path_type=Path),
            metavar="FILE",
            help="The config file, or the folder with lccmirror.toml.",
        ),
        option("--debug", is_flag=True, help="Log what is done, and show tracebacks."),
        option(
            "--quiet",
            is_flag=True,
            help="No progress, no notes, and no word if nothing is new.",
        ),
        option("--no-color", is_flag=True, help="No colours (also: set NO_COLOR)."),
    ]
