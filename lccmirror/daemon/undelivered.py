"""That somebody could not be told."""

from __future__ import annotations

from ..errors import LccMirrorError


class NotDelivered(LccMirrorError):
    """A message did not reach somebody; the message has no address in it."""
