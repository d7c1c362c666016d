"""The kinds of commands we have: with examples, with negative numbers, imported when needed."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from .failures import guarded
from .settings import global_options

# What no option of ours looks like: -30.2, -.5, -30:12:00, and SQL that begins with a comment.
_NO_OPTION = re.compile(r"-\.?\d|--\s")


class _WithExamples(click.Command):
    """A command whose help ends with examples, ready to be copied."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, one a line, never wrapped."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
                for example in self.examples:
                    formatter.write("".join(f"  {line}\n" for line in example.splitlines()))


class Command(_WithExamples):
    """A command whose positional arguments may be negative numbers, or begin with a comment.

    ``lccmirror cone 280.1 -30.2 5`` and ``-30:12:00`` work without ``--``, and so does a
    statement after a line with ``-- what it asks``. The global options work after the
    command's name as well as before it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *global_options(hidden=True)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with what is positional set apart first if it could be taken for an option."""
        if any(_NO_OPTION.match(arg) for arg in args):
            args = _positionals_last(args, _values_taken(self.params))
        return super().parse_args(ctx, args)


def _values_taken(params: Sequence[click.Parameter]) -> dict[str, int]:
    """Return how many values each option takes, by every name it has."""
    taken: dict[str, int] = {}
    for param in params:
        if isinstance(param, click.Option):
            nargs = 0 if param.is_flag or param.count else param.nargs
            for name in (*param.opts, *param.secondary_opts):
                taken[name] = nargs
    return taken


def _positionals_last(args: Sequence[str], taken: Mapping[str, int]) -> list[str]:
    """Put options first, then ``--``, then everything positional."""
    options: list[str] = []
    positionals: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            positionals.extend(rest)
        elif _is_positional(arg, taken):
            positionals.append(arg)
        else:
            options.append(arg)
            options.extend(_following(arg, rest, taken))
    return [*options, "--", *positionals]


def _is_positional(arg: str, taken: Mapping[str, int]) -> bool:
    if len(arg) < 2 or not arg.startswith("-"):
        return True
    return _NO_OPTION.match(arg) is not None and arg[:2] not in taken


def _following(arg: str, rest: Iterator[str], taken: Mapping[str, int]) -> Iterator[str]:
    """Yield the values that belong to the option `arg` but stand after it."""
    if arg.startswith("--"):
        name, attached, _ = arg.partition("=")
        wanted = taken.get(name, 0) - bool(attached)
    else:
        wanted = 0
        for at, letter in enumerate(arg[1:], start=2):
            wanted = taken.get(f"-{letter}", 0)
            if wanted:
                # In -p5 the value is attached; what else it takes follows.
                wanted -= at < len(arg)
                break
    for _ in range(wanted):
        value = next(rest, None)
        if value is None:
            return
        yield value


class Group(_WithExamples, click.Group):
    """A command that only holds others, such as ``lccmirror key``."""

    command_class = Command


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is, and what the list of commands says of it.

    Parameters
    ----------
    module
        Its module in this package; the command there is named ``command``.
    short_help
        Its line in the list.
    """

    module: str
    short_help: str


class LazyGroup(Group):
    """The outermost group: subcommands are imported when run, not when listed.

    Its `main` is where every error becomes a message and an exit code.
    """

    def __init__(
        self,
        *args: Any,
        table: Mapping[str, LazyCommand],
        aliases: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table = dict(table)
        self.aliases = dict(aliases)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(self.table)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; for an option that is a command's, say where it belongs."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            # click has its own guess only where a name is nearly one of ours.
            names = {*self.table, *self.aliases}
            command = next((word for word in args if word in names), None)
            if command is None or error.possibilities:
                raise
            said = f"{error.message} Options of {command!r} stand behind its name."
            raise click.NoSuchOption(error.option_name, said, ctx=ctx) from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name` and return its command."""
        entry = self.table.get(self.aliases.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module = importlib.import_module(f".{entry.module}", __package__)
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which ones are near."""
        name = args[0]
        if name not in self.table and name not in self.aliases and not name.startswith("-"):
            import difflib

            near = [f"--{name}"] if name in {"help", "version"} else []
            near = near or difflib.get_close_matches(name, [*self.table, *self.aliases], n=2)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {name!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table alone."""
        aliased = {name: alias for alias, name in self.aliases.items()}
        rows = [
            (name, entry.short_help + (f" Also: {aliased[name]}." if name in aliased else ""))
            for name, entry in self.table.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    # click declares `main` with overloads that changed between its versions.
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, print errors as messages, and exit with the contract's codes."""
        completing = "_LCCMIRROR_COMPLETE" in os.environ
        if completing or not kwargs.get("standalone_mode", True):
            return super().main(*args, **kwargs)
        given = args[0] if args else kwargs.get("args")
        words = list(sys.argv[1:] if given is None else given)

        def run() -> None:
            with self.make_context("lccmirror", list(words)) as ctx:
                self.invoke(ctx)

        code = guarded(run, debug="--debug" in words, no_color="--no-color" in words)
        raise SystemExit(code)
