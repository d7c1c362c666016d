"""The group of commands: lazy, quick, with examples, and with negative numbers."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lccmirror.cli.app import ALIASES, COMMANDS, cli
from lccmirror.cli.cmd_demo import called, naming
from lccmirror.cli.commands import Command
from lccmirror.cli.settings import Settings, settings


def python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, check=False, timeout=60
    )


def all_commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    yield "lccmirror", cli
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield f"lccmirror {name}", command
        if isinstance(command, click.Group):
            for inner_name, inner in command.commands.items():
                yield f"lccmirror {name} {inner_name}", inner


@pytest.mark.parametrize(("path", "command"), list(all_commands()))
def test_every_command_has_an_example_in_its_help(path: str, command: click.Command) -> None:
    shown = CliRunner().invoke(cli, [*path.split()[1:], "--help"])
    assert shown.exit_code == 0
    _, found, examples = shown.output.partition("\nExample")
    assert found, f"{path} --help has no example"
    spellings = (path, *(path.replace(name, alias) for alias, name in ALIASES.items()))
    if path != "lccmirror":
        assert any(spelling in examples for spelling in spellings)


@pytest.mark.parametrize(("path", "command"), list(all_commands()))
def test_every_option_and_command_says_what_it_is_for(
    path: str, command: click.Command
) -> None:
    assert command.help
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"{path} {param.opts}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_itself_says(name: str) -> None:
    assert len(COMMANDS[name].short_help) <= 72
    assert COMMANDS[name].short_help.endswith(".")


def test_the_list_of_commands_imports_none_of_them() -> None:
    done = python(
        "-c",
        "import sys\n"
        "from lccmirror.cli.app import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if '.cmd_' in m or m in "
        "('sqlite3', 'rich', 'requests', 'msgspec', 'lccmirror.config')])",
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    for name in COMMANDS:
        assert f"  {name}" in done.stdout


def test_the_version_is_told_without_importing_what_is_slow() -> None:
    done = python("-X", "importtime", "-m", "lccmirror.cli.main", "--version")
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "lccmirror.cli" in imported
    slow = {"requests", "urllib3", "msgspec", "rich", "numpy", "sqlite3", "apsw", "tomllib"}
    assert not imported & {*slow, "asyncio", "ssl", "lccmirror.config", "lccmirror.server"}


def test_version_is_the_same_with_other_options_around_it() -> None:
    plain = python("-m", "lccmirror.cli.main", "--version")
    assert plain.stdout == CliRunner().invoke(cli, ["--quiet", "--version"]).output


def test_the_help_names_the_exit_codes() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    for code in (0, 1, 2, 65, 69, 70, 73, 75, 78, 130, 141, 143):
        assert re.search(rf"\b{code}\b", shown.partition("Exit codes")[2])


def test_sql_is_another_name_for_query() -> None:
    assert CliRunner().invoke(cli, ["sql", "--help"]).exit_code == 0
    assert "Also: sql" in CliRunner().invoke(cli, ["--help"]).output


def test_help_as_a_command_is_told_to_be_an_option() -> None:
    assert "Did you mean --help?" in CliRunner().invoke(cli, ["help"]).stderr


def test_a_statement_without_quotes_is_told_to_have_them() -> None:
    for words in (["select", "catalog.sqlite", "from", "objects"], []):
        done = CliRunner().invoke(cli, ["query", *words])
        assert done.exit_code == 2
        assert "put it between quotes" in done.stderr


def test_an_option_of_a_command_before_its_name_is_told_where_it_belongs() -> None:
    done = CliRunner().invoke(cli, ["--csv", "query", "select 1"])
    assert done.exit_code == 2
    assert "No such option '--csv'. Options of 'query' stand behind its name." in done.stderr


def test_an_unknown_command_names_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["qeury"])
    assert result.exit_code == 2
    assert "query" in result.stderr


@pytest.mark.parametrize(
    "args", [["query"], ["query", "--nonsense", "x"], ["--nonsense"], ["init", "a", "b"]]
)
def test_a_wrong_command_line_ends_with_2(args: list[str]) -> None:
    assert CliRunner().invoke(cli, args).exit_code == 2


@click.command(cls=Command, examples=("cone 280.1 -30.2 5",))
@click.argument("ra")
@click.argument("decl")
@click.argument("radius", type=float, default=5.0)
@click.option("-p", "pairs", type=(str, str), multiple=True)
@click.option("-n", "--number", type=float)
@click.option("-t", "--table", is_flag=True)
def cone(
    ra: str,
    decl: str,
    radius: float,
    pairs: tuple[tuple[str, str], ...],
    number: float | None,
    table: bool,
) -> None:
    click.echo(repr((ra, decl, radius, pairs, number, table)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("280.1 -30.2 5", ("280.1", "-30.2", 5.0, (), None, False)),
        ("18:40:00 -30:12:00", ("18:40:00", "-30:12:00", 5.0, (), None, False)),
        ("280.1 -.5 -t", ("280.1", "-.5", 5.0, (), None, True)),
        ("-t 280.1 -30.2", ("280.1", "-30.2", 5.0, (), None, True)),
        ("-n -4 280.1 -30.2", ("280.1", "-30.2", 5.0, (), -4.0, False)),
        ("-n-4 280.1 -30.2", ("280.1", "-30.2", 5.0, (), -4.0, False)),
        ("280.1 --number -4 -30.2 1", ("280.1", "-30.2", 1.0, (), -4.0, False)),
        ("280.1 --number=-4 -30.2", ("280.1", "-30.2", 5.0, (), -4.0, False)),
        (
            "280.1 -30.2 -p a -1 -p b 2",
            ("280.1", "-30.2", 5.0, (("a", "-1"), ("b", "2")), None, False),
        ),
        ("280.1 -tn -4 -30.2", ("280.1", "-30.2", 5.0, (), -4.0, True)),
        ("-- 280.1 -30.2 -5", ("280.1", "-30.2", -5.0, (), None, False)),
        ("280.1 -30.2 -- 7", ("280.1", "-30.2", 7.0, (), None, False)),
        ("280.1 30.2", ("280.1", "30.2", 5.0, (), None, False)),
    ],
)
def test_negative_numbers_are_arguments(line: str, expected: tuple[object, ...]) -> None:
    result = CliRunner().invoke(cone, line.split())
    assert result.output == repr(expected) + "\n"


def test_a_statement_may_begin_with_a_comment(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").touch()
    config = tmp_path / "lccmirror.toml"
    config.write_text('[server]\nurl = "http://127.0.0.1:9"\n[mirror]\nroot = "."\n')
    words = ["-c", str(config), "query", "-- how many?\nSELECT 1", "--csv", "--no-headers"]
    result = CliRunner().invoke(cli, words)
    assert result.stdout == "1\n", result.stderr


@pytest.mark.parametrize("line", ["280.1 -30.2 -x", "280.1 -30.2 --tabel", "280.1 -30.2 -n"])
def test_negative_numbers_do_not_hide_a_wrong_option(line: str) -> None:
    assert CliRunner().invoke(cone, line.split()).exit_code == 2


@click.command(cls=Command, examples=("show",))
def show() -> None:
    click.echo(repr(settings()))


def test_global_options_work_behind_the_command_too() -> None:
    result = CliRunner().invoke(show, ["--quiet", "--no-color"])
    assert result.output == repr(Settings(quiet=True, no_color=True)) + "\n"


@pytest.mark.parametrize("on_path", [True, False])
def test_what_to_try_next_is_what_the_shell_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: bool
) -> None:
    program = tmp_path / "bin" / "lccmirror"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    monkeypatch.setenv("PATH", str(program.parent) if on_path else "")
    assert called() == ("lccmirror" if on_path else "bin/lccmirror")


def test_what_to_try_next_can_be_copied_from_a_folder_with_a_blank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "my demo" / "lccmirror.toml"
    assert shlex.split(naming(config)) == ["-c", "my demo/lccmirror.toml"]


@pytest.mark.parametrize("option", ["--attach x y", "--functions x", "--load-extension x"])
def test_what_a_query_does_not_take_is_refused_with_a_reason(option: str) -> None:
    result = CliRunner().invoke(cli, ["query", "select 1", *option.split()])
    assert result.exit_code == 2
    assert f"there is no {option.split()[0]} here: " in result.stderr


@pytest.mark.parametrize(
    "command",
    ["query --time-limit {} x", "find --time-limit {} x", "lc x --period {}"],
)
@pytest.mark.parametrize("number", ["nan", "0", "inf"])
def test_what_is_no_number_above_0_is_refused(command: str, number: str) -> None:
    said = CliRunner().invoke(cli, shlex.split(command.format(number)))
    assert said.exit_code == 2
    assert f"{number} is not a number above 0" in said.output
