"""How a command ends: each way of failing becomes a message on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Final

from ..errors import FormatError, LccMirrorError, NoRoom, ServerError
from ..names import printable
from .last_words import unfailing
from .settings import Settings

EXIT_FAILED: Final = 1
EXIT_BUG: Final = 70  # EX_SOFTWARE
EXIT_INTERRUPTED: Final = 130  # as shells say of SIGINT
EXIT_CLOSED_PIPE: Final = 141  # as shells say of SIGPIPE

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_ROOM = "free some space where the output goes, or send it to another disk"


def guarded(run: Callable[[], None], *, debug: bool, no_color: bool = False) -> int:
    """Call `run` and return the exit code, its error printed.

    Parameters
    ----------
    run
        The whole command.
    debug
        Show the traceback of whatever ended it.
    no_color
        Print the message without colour.
    """
    _prepare_streams()
    return _flushed(_ended(run, debug, Settings(no_color=no_color)))


def _ended(run: Callable[[], None], debug: bool, look: Settings) -> int:
    """Call `run`; print what ended it and return its exit code."""
    try:
        run()
    except _click().exceptions.Exit as end:
        code: int = end.exit_code
        return code
    except (KeyboardInterrupt, _click().Abort) as end:
        sys.stderr.write("\ninterrupted\n")
        # Of a second signal `stopping` tells which it was.
        return 128 + end.args[0] if end.args else EXIT_INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return EXIT_CLOSED_PIPE
    except Exception as error:  # noqa: BLE001 -- the outermost frame: each is said, none is lost
        if debug:
            import traceback

            traceback.print_exc()
        return _told(error, look, debug=debug)
    return 0


def _click() -> ModuleType:
    import click  # only what has failed needs it, and `status` starts without

    return click


def _told(error: Exception, look: Settings, *, debug: bool) -> int:
    """Print the message of `error` and return its exit code."""
    import click

    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, LccMirrorError):
        say_error(error, look)
        return error.exit_code
    if isinstance(error, OSError):
        # The machine said no (a permission, a full disk): nothing is wrong with the program.
        if error.errno in _NO_ROOM:
            what = "writing" if error.filename else "writing the output:"
            say_error(NoRoom(f"{what} {os_error_text(error)}", hint=_ROOM), look)
            return NoRoom.exit_code
        text = os_error_text(error)
        if error.errno == errno.EBADF and not error.filename:
            text = f"writing the output: {text}"
        say_error(LccMirrorError(text), look)
        return EXIT_FAILED
    what = printable(f"{type(error).__name__}: {error}", 500)
    hint = None if debug else "run it again with --debug and report what it prints"
    say_error(LccMirrorError(f"this is a bug in lccmirror: {what}", hint=hint), look)
    return EXIT_BUG


def say_error(error: LccMirrorError, look: Settings) -> None:
    """Print an error on stderr: its message, and its hint on a line of its own."""
    # What comes from a server must not begin lines of its own; what we write ourselves may.
    foreign = isinstance(error, (ServerError, FormatError))
    lines = [error.message] if foreign else error.message.split("\n")
    red = look.color(sys.stderr)
    head = "\x1b[31m\x1b[1merror:\x1b[0m" if red else "error:"
    text = f"{head} " + "\n".join(printable(line) for line in lines) + "\n"
    if error.hint:
        text += f"hint: {printable(error.hint)}\n"
    sys.stderr.write(text)
    sys.stderr.flush()


def os_error_text(error: OSError) -> str:
    """Say an `OSError` as a person would: what it is about, then what is wrong."""
    what = error.strerror or str(error)
    names = [os.fspath(name) for name in (error.filename, error.filename2) if name]
    return f"{' → '.join(str(name) for name in names)}: {what}" if names else what


def _flushed(code: int) -> int:
    """Write out what is left, and return the exit code, worse if that fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return code or EXIT_CLOSED_PIPE
    except OSError as error:
        _drop_output()
        if code == 0:
            full = error.errno in _NO_ROOM
            text = f"writing the output: {os_error_text(error)}"
            say_error(LccMirrorError(text, hint=_ROOM if full else None), Settings())
            return NoRoom.exit_code if full else EXIT_FAILED
    return code


def _prepare_streams() -> None:
    """Make sure there are the standard streams, and that none fails because of a character."""
    # What the shell closed (2>&-) would else become the number of the next file opened: of
    # the mirror's, to which somebody's last words would then be written.
    # What is written to a closed stdout is lost, and that is an error, as with a full disk.
    for number, mode in enumerate((os.O_RDWR, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- lives as long as the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- the same
    # Not what somebody has put in its place to catch what is said.
    if sys.stderr is sys.__stderr__:
        encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
        sys.stderr = unfailing(2, encoding)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream is not sys.stderr and not stream.isatty():
            # Data is UTF-8 in a pipe or a file, whatever the locale; what is not comes to
            # SQLite, which refuses it.
            reconfigure(encoding="utf-8", errors="surrogateescape")
        else:
            reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere, since the reader has gone."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
