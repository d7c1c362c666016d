"""What docs/security.md says of the whole of the code; and that each test it names is there."""

from __future__ import annotations

import ast
import csv
import io
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sitepages.commands import all_commands

from lccmirror.cli.delimited import write_delimited
from lccmirror.cli.failures import guarded
from lccmirror.config_model import LimitsConfig
from lccmirror.config_values import webhook
from lccmirror.server import Secret

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "lccmirror"
TEXT = "s3cr3t-s3cr3t"

# What makes code of bytes, or follows what bytes say.
_MODULES = {"pickle", "marshal", "shelve", "dill", "xml", "lxml", "yaml", "imp", "code"}
_CALLS = {"eval", "exec", "compile", "system", "popen", "extract", "extractall", "mktemp"}
_CALLS |= {"_create_unverified_context", "unpack_archive"}
_FALSE = {"verify", "check_hostname"}
_TRUE = {"shell", "allow_pickle"}
_WORDS = {"CERT_NONE"}


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def _forbidden(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in _MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").split(".")[0] in _MODULES:
                yield str(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in _WORDS:
            yield node.attr
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in _CALLS:
                yield called.id
            # re.compile is another one than the built-in
            if isinstance(called, ast.Attribute) and called.attr in _CALLS - {"compile"}:
                yield called.attr
            for one in node.keywords:
                value = one.value.value if isinstance(one.value, ast.Constant) else None
                if (one.arg in _FALSE and value is False) or (one.arg in _TRUE and value):
                    yield f"{one.arg}={value!r}"


def test_nothing_in_the_package_makes_code_of_bytes_or_trusts_any_certificate() -> None:
    found = [(path.name, what) for path, tree in _trees() for what in _forbidden(tree)]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        *("import pickle", "from xml.etree import ElementTree", "eval(x)", "os.system(x)"),
        *("get(u, verify=False)", "run(c, shell=True)", "load(f, allow_pickle=True)"),
        *("context.verify_mode = ssl.CERT_NONE", "archive.extractall(folder)"),
    ],
)
def test_such_code_would_be_found(code: str) -> None:
    assert list(_forbidden(ast.parse(code)))


def test_every_limit_of_the_configuration_limits_something() -> None:
    code = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    for name in LimitsConfig.__struct_fields__:
        assert re.search(rf"limits\.{name}\b", code), name


def test_no_command_takes_a_secret_where_the_list_of_processes_shows_it() -> None:
    for name, command in all_commands():
        for parameter in command.params:
            assert not re.search("key|token|password|secret", parameter.name or ""), name


@pytest.mark.parametrize(
    "hidden", [Secret(TEXT), webhook(f"https://hooks.example/{TEXT}")], ids=["key", "address"]
)
def test_a_secret_is_shown_in_no_way_by_accident(hidden: Secret | str) -> None:
    shown = [
        *(
            str(hidden),
            repr(hidden),
            f"{hidden}",
            f"{hidden:>50}",
            f"{hidden!s}",
            f"{[hidden]}",
        ),
        "%s".__mod__((hidden,)),
        *(str(KeyError(hidden)), repr(ValueError("x", hidden)), ascii(hidden)),
        logging.LogRecord("x", 1, "x", 1, "%s %r", (hidden, hidden), None).getMessage(),
    ]
    assert all(TEXT not in one for one in shown)


def _fail(key: Secret) -> None:
    headers = {"Authorization": key}
    raise RuntimeError(f"with {key} and {headers}")


def test_a_traceback_does_not_show_a_secret_not_even_with_the_values_of_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    guarded(lambda: _fail(Secret(TEXT)), debug=True)
    assert "RuntimeError: with (secret)" in capsys.readouterr().err
    try:
        _fail(Secret(TEXT))
    except RuntimeError:
        _, error, trace = sys.exc_info()
        whole = traceback.TracebackException(
            RuntimeError, error or RuntimeError(), trace, capture_locals=True
        )
        text = "".join(whole.format())
    assert "key = (secret)" in text
    assert TEXT not in text


def test_a_secret_becomes_no_json() -> None:
    for encode in (json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            encode({"key": Secret(TEXT)})


def test_what_looks_like_a_formula_is_exported_as_it_is() -> None:
    # A CSV is read by programs, and must give back what was in the catalog.
    formula = '=HYPERLINK("http://evil.example","HAT-1")'
    out = io.StringIO()
    write_delimited([(formula, "-9999", "+1")], None, out, tabs=False, for_eyes=False)
    assert next(csv.reader([out.getvalue()])) == [formula, "-9999", "+1"]


def test_core_dumps_of_the_services_are_off() -> None:
    for unit in ("lccmirror@.service", "lccmirror-sync@.service"):
        assert "\nLimitCORE=0\n" in (TOP / "systemd" / unit).read_text("utf-8")


def test_every_test_that_the_threat_model_names_is_there() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", page)
    assert len(named) > 60
    for path, name in named:
        assert re.search(
            rf"^(async )?def {name}\(", (TOP / path).read_text("utf-8"), re.MULTILINE
        ), name


def test_every_module_that_the_threat_model_names_is_there() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`(lccmirror/[\w/.]+\.py)`", page))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (TOP / name).is_file()] == []


def test_every_threat_has_a_defence_and_a_test() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| [A-Z]\d+ ", line)]
    assert len(rows) > 40
    for row in rows:
        _, _, threat, defence, held = (cell.strip() for cell in row.rstrip("|").split("|"))
        assert threat
        assert defence
        assert "::test_" in held or held.startswith("residual"), row


def test_the_limits_in_the_documentation_are_those_of_the_configuration() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    for name in LimitsConfig.__struct_fields__:
        assert f"`{name}`" in page
