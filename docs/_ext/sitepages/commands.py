"""The reference of the commands: what click knows of each, and its examples."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Final

import click

from lccmirror.cli.app import ALIASES, cli
from lccmirror.cli.output import OutputOptions

_EXIT_CODE = re.compile(r"^\s+(\d+)  (.+)$", re.MULTILINE)
_OUTPUT: Final = frozenset(OutputOptions.__dataclass_fields__)


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its full name, groups before what they hold."""
    yield from _below("lccmirror", cli)


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, f"{path} lists {name}, and does not have it"
            yield from _below(f"{path} {name}", inner)


def commands_markdown() -> str:
    """Return a section for each command: usage, words, options, examples."""
    return "".join(_section(path, command) for path, command in all_commands())


def exit_codes_markdown() -> str:
    """Return the table of exit codes that ``lccmirror --help`` shows."""
    codes = _EXIT_CODE.findall(cli.epilog or "")
    return "| exit | meaning |\n|---|---|\n" + "".join(
        f"| {code} | {meaning} |\n" for code, meaning in codes
    )


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    aliases = [alias for alias, name in ALIASES.items() if path == f"lccmirror {name}"]
    also = "".join(f"Also: `lccmirror {alias}`.\n\n" for alias in aliases)
    level = "##" if path.count(" ") < 2 else "###"
    words = _prose(command.help or "")
    return (
        f"{level} {path}\n\n```text\n{usage}\n```\n\n"
        f"{words}\n\n{also}{_options(command, context)}{_examples(command)}"
    )


def _prose(text: str) -> str:
    """Return click's help text as Markdown: its ``\\b`` paragraphs stay as they are."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text).partition("\f")[0].split("\n\n"):
        if paragraph.startswith("\b\n"):
            paragraphs.append(f"```text\n{paragraph[2:]}\n```")
        else:
            paragraphs.append(_escaped(paragraph))
    return "\n\n".join(paragraphs)


def _options(command: click.Command, context: click.Context) -> str:
    options = [
        param for param in command.get_params(context) if isinstance(param, click.Option)
    ]
    # Every command has --help.
    own = [one for one in options if "--help" not in one.opts and one.name not in _OUTPUT]
    made = ""
    if shown := _records(own, context):
        made = f"| option | |\n|---|---|\n{shown}\n"
    if len(options) > len(own) + 1:
        made += "Also the [flags of output](#flags-of-output).\n\n"
    return made


def _records(options: Iterable[click.Option], context: click.Context) -> str:
    records = (one.get_help_record(context) for one in options)
    return "".join(
        f"| {_code(record[0])} | {_escaped(' '.join(record[1].split()))} |\n"
        for record in records
        if record is not None
    )


def output_flags_markdown() -> str:
    """Return the table of the flags that all commands with rows have."""
    for path, command in all_commands():
        shown = [
            param
            for param in command.params
            if isinstance(param, click.Option) and param.name in _OUTPUT
        ]
        if len(shown) == len(_OUTPUT):
            rows = _records(shown, click.Context(command, info_name=path))
            return f"| flag | output |\n|---|---|\n{rows}"
    raise LookupError("no command has the flags of output")


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _escaped(text: str) -> str:
    """Keep Markdown from reading names of options and columns as its own marks."""
    outside = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_<|\[\]$])", r"\\\1", part)
        for part in outside
    )


def _examples(command: click.Command) -> str:
    examples = getattr(command, "examples", ())
    return "```console\n" + "".join(f"$ {line}\n" for line in examples) + "```\n\n"
