"""All targets."""

from __future__ import annotations

from . import of_formats, of_server, of_user
from .target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (*of_server.TARGETS, *of_formats.TARGETS, *of_user.TARGETS)
}
"""By name."""
