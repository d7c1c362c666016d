"""The files of an object, brought to their place: what the server tells of it, and pictures.

All of them come from one answer, and are put in place in one transaction. The answer itself
is first written to ``incoming/``, so that a run that is cut off need not ask again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import durable
from ..catalog.connection import transaction
from ..catalog.files import get_file
from ..catalog.object_info import Key, put_info
from ..errors import FormatError, InTheWay
from ..formats.object_info import KEPT, ObjectInfo, read_object_file, understand
from ..linked import refuse_linked
from . import layout
from .fetch import Product, discard, sha256_of, sidecar
from .place import forget_arrival, put_product, retire
from .unlink import finish_pruning

if TYPE_CHECKING:
    from .fetch import Fetcher
    from .mirror import Mirror


@dataclass(frozen=True)
class ObjectPaths:
    """Where the files of an object lie, below the mirror's root."""

    info: str
    pictures: dict[str, str]


def object_paths(key: Key) -> ObjectPaths:
    """Return where the files of an object lie.

    Raises
    ------
    FormatError
        If its name can be no file's.
    """
    pictures = {name: layout.object_picture(*key, name) for name in KEPT}
    return ObjectPaths(layout.object_info(*key), pictures)


def keep_answer(
    mirror: Mirror, fetcher: Fetcher, key: Key, answer: dict[str, Any], at: str
) -> None:
    """Take what the server told of an object into the mirror.

    Parameters
    ----------
    answer
        As JSON has it.
    at
        When it came.

    Raises
    ------
    FormatError
        If it is nothing that can be kept.
    NoRoom
        If it does not fit.
    """
    info = understand(answer, key[1], fetcher.config.limits.max_pixels)
    paths = object_paths(key)
    product = _arrive(mirror, fetcher, "objectinfo", paths.info, info.file, {"at": at})
    _put(mirror, fetcher, key, paths, info, product, at)


def take_in_answers(mirror: Mirror, fetcher: Fetcher) -> None:
    """Take in the answers that an earlier run has written down whole and no further."""
    limits = fetcher.config.limits
    for part in sorted((mirror.root / layout.INCOMING).glob("objects~*.part")):
        path = layout.destination(part.name)
        key = None if path is None else layout.object_of(path)
        if path is None or key is None or path != layout.object_info(*key):
            continue
        known = _noted(part, sidecar(part))
        if known is not None:
            with contextlib.suppress(FormatError, InTheWay):
                answer = read_object_file(part, limits.max_object_info)
                info = understand(answer, key[1], limits.max_pixels)
                size = part.stat().st_size
                product = Product("objectinfo", path, part, size, known["sha256"])
                _put(mirror, fetcher, key, object_paths(key), info, product, known["at"])
        if part.exists():
            discard(part)


def mend_from_answer(mirror: Mirror, fetcher: Fetcher, key: Key) -> bool:
    """Make the pictures of an object anew from what is here, if that is sound.

    Returns
    -------
    bool
        Whether it was; else the server has to be asked.
    """
    paths, limits = object_paths(key), fetcher.config.limits
    row, file = get_file(mirror.conn, paths.info), mirror.at(paths.info)
    if row is None or row.state != "ok" or not file.is_file() or file.is_symlink():
        return False
    if sha256_of(file) != row.sha256:
        return False
    try:
        answer = read_object_file(file, limits.max_object_info)
        info = understand(answer, key[1], limits.max_pixels)
    except FormatError:
        return False
    for name, path in paths.pictures.items():
        old = get_file(mirror.conn, path)
        if old is None or old.state == "ok" or name not in info.pictures:
            continue
        product = _arrive(mirror, fetcher, "png", path, info.pictures[name], {})
        with transaction(mirror.conn):
            put_product(mirror, product, row.fetched_at, collection=key[0])
        fetcher.admission.settle(path)
        forget_arrival(product)
    return all(
        (old := get_file(mirror.conn, path)) is None or old.state == "ok"
        for path in paths.pictures.values()
    )


def _put(
    mirror: Mirror,
    fetcher: Fetcher,
    key: Key,
    paths: ObjectPaths,
    info: ObjectInfo,
    whole: Product,
    at: str,
) -> None:
    products = [whole]
    products += [
        _arrive(mirror, fetcher, "png", paths.pictures[name], content, {})
        for name, content in info.pictures.items()
    ]
    gone = [
        path
        for name, path in paths.pictures.items()
        if name not in info.pictures and get_file(mirror.conn, path) is not None
    ]
    refuse_linked(mirror.root / layout.INCOMING)
    for path in gone:
        # As beside a download: with it, `take_back` knows what was about to happen.
        durable.write_note(sidecar(mirror.at(layout.arriving(path))), b"{}")
    with transaction(mirror.conn):
        for product in products:
            if _is_here(mirror, product):
                durable.remove(product.part)
                fetcher.admission.give_back(product.path)
            else:
                put_product(mirror, product, at, collection=key[0])
        for path in gone:
            retire(mirror, path)
        there = {name: paths.pictures[name] for name in info.pictures}
        put_info(mirror.conn, key, info, at, paths.info, there)
    for product in products:
        fetcher.admission.settle(product.path)
        forget_arrival(product)
    for path in gone:
        durable.remove_note(sidecar(mirror.at(layout.arriving(path))))
    if gone:
        finish_pruning(mirror)


def _is_here(mirror: Mirror, product: Product) -> bool:
    """Whether the mirror holds these very bytes already, and they are sound."""
    row = get_file(mirror.conn, product.path)
    same = row is not None and row.state == "ok" and row.sha256 == product.sha256
    return same and mirror.at(product.path).is_file()


def _arrive(
    mirror: Mirror,
    fetcher: Fetcher,
    kind: str,
    path: str,
    content: bytes,
    noted: dict[str, str],
) -> Product:
    """Write a file to ``incoming/``, and a note beside it that it is whole."""
    part = mirror.at(layout.arriving(path))
    refuse_linked(part.parent)
    fetcher.admission.ask(path, len(content), 0)
    durable.remove_note(sidecar(part))
    with durable.open_for_write(part) as file:
        file.write(content)
        durable.flush_file(file)
    fetcher.admission.came(path, len(content))
    sha256 = hashlib.sha256(content).hexdigest()
    durable.write_note(sidecar(part), json.dumps({"sha256": sha256, **noted}).encode())
    return Product(kind, path, part, len(content), sha256)


def _noted(part: Path, note: Path) -> dict[str, str] | None:
    """Return what is noted beside an answer that is whole, or None."""
    try:
        known = json.loads(note.read_bytes())
        whole = part.is_file() and known["sha256"] == sha256_of(part)
        return known if whole and isinstance(known["at"], str) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # It was cut off while it was written; a power cut may have left the note empty.
        return None
