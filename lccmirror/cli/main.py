"""The console entry point, as thin as it can be.

Importing click takes longer than all the rest of ``lccmirror --version``, which scripts
and package tests ask for often: so that one question is answered here, before anything
is imported. ``lccmirror status`` does without it, too (`quick`).
"""

from __future__ import annotations

import sys

from .. import __version__


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        try:
            sys.stdout.write(f"lccmirror {__version__}\n")
            sys.stdout.flush()
        except OSError:
            # Said again below, where every failure has its message and its exit code.
            pass
        else:
            return
    if "status" in sys.argv:
        import os

        from .quick import show_quickly, status_asked

        asked = status_asked(sys.argv[1:], os.environ)
        if asked is not None:
            sys.exit(show_quickly(*asked))
    from .app import cli

    cli.main()


if __name__ == "__main__":
    main()
