"""Files and folders of a mirror, changed behind its back: at rest, and while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from lccmirror.demo.messages import Answer
from lccmirror.sync import layout
from tests.faults.campaign import Verdict
from tests.faults.check import Held, check, held, settle
from tests.faults.person import Person
from tests.faults.scenarios import OBJECTS, Scenario, at_second, scenario
from tests.faults.stage import Stage
from tests.faults.tampering import DAMAGES, OBSTACLES, OF_FOLDERS, Canary, clear_way
from tests.support.misbehaving import Turn, cut
from tests.support.site import Site

KINDS = ("csv", "json", "lczip", "pickle", "lcformat", "lc", "objectinfo", "png", "old version")
TOP = ("lock", "catalog.sqlite")
FOLDERS = ("incoming", "datasets", "dataset's folder", "collections", "lightcurves", "objects")
# So many downloads of tables and ZIPs has the cycle that is disturbed at one of them.
DOWNLOADS = 4
_DOWNLOAD = "/d/.*csv|/p/"
PLACES = ("arriving file", "its note", "its place", *FOLDERS[:3])


def _whole(site: Site) -> frozenset[str]:
    """A mirror that is at rest, with files of every kind."""
    at_second(site)
    settle(site)
    return frozenset()


WHOLE = Scenario(
    "at rest",
    _whole,
    0,
    settings=scenario("second sync").settings + OBJECTS,
    options=(("objects", 4),),
)
SECOND = scenario("second sync")


def names(random: Random) -> Iterator[str]:
    """Yield the names of all cases of this module, in any order."""
    for damage in (*DAMAGES, *OBSTACLES):
        for kind in (*KINDS, *TOP):
            # SQLite has no checksums: a bit of a value in it is not missed by anybody.
            if (kind, damage) != ("catalog.sqlite", "bit flipped"):
                yield f"{kind} {damage} between cycles"
        for place in PLACES[:3]:
            yield f"{place} {damage} at request {random.randrange(DOWNLOADS)}"
        for kind in ("csv", "lczip"):
            yield f"begun {kind} {damage} between cycles"
    for damage in OF_FOLDERS:
        for folder in FOLDERS:
            yield f"{folder} {damage} between cycles"
        for place in PLACES[3:]:
            yield f"{place} {damage} at request {random.randrange(DOWNLOADS)}"


def play(name: str, take: Callable[[Scenario], Stage], random: Random) -> Verdict:
    """Play the case of a name."""
    what, _, when = name.rpartition(" at request ")
    if what:
        return _while_it_works(*_parted(what, PLACES), int(when), take(SECOND), random)
    what = name.removesuffix(" between cycles")
    if what.startswith("begun "):
        return _begun(*_parted(what, ("begun csv", "begun lczip")), take(SECOND), random)
    return _at_rest(*_parted(what, (*KINDS, *TOP, *FOLDERS)), take(WHOLE), random)


def _parted(text: str, beginnings: tuple[str, ...]) -> tuple[str, str]:
    begin = max((one for one in beginnings if text.startswith(f"{one} ")), key=len)
    return begin, text.removeprefix(f"{begin} ")


def harm(path: Path, damage: str, canary: Canary, random: Random) -> bool:
    """Do a damage; return whether something lies in the way then."""
    if path.is_dir() and not path.is_symlink():
        OF_FOLDERS[damage](path, canary, random)
    elif damage in OBSTACLES:
        OBSTACLES[damage](path, canary, random)
    elif damage in OF_FOLDERS and not path.exists():
        OF_FOLDERS[damage](path, canary, random)
    else:
        DAMAGES[damage](path, canary, random)
    return path.is_symlink() or (damage not in DAMAGES and damage != "removed")


def _target(site: Site, what: str, random: Random) -> Path:
    if what in KINDS:
        where = "state = 'superseded'" if what == "old version" else f"kind = '{what}'"
        rows = site.sql(f"SELECT path FROM files WHERE {where} AND path NOT NULL ORDER BY path")
        (path,) = random.choice(rows)
        return site.root.joinpath(path)
    if what == "dataset's folder":
        return random.choice(sorted(site.root.glob("datasets/*/*")))
    return site.root / what


def _lost_with(site: Site, target: Path) -> frozenset[str]:
    """Return the versions that nobody may have any more when a file or folder is harmed.

    What the server still has is compared with it anyhow.
    """
    below = target.relative_to(site.root).as_posix()
    rows = site.sql("SELECT path, sha256 FROM files")
    return frozenset(
        sha256 for path, sha256 in rows if path == below or path.startswith(f"{below}/")
    )


def _at_rest(what: str, damage: str, stage: Stage, random: Random) -> Verdict:
    site = stage.site
    canary = Canary(site.root.parent / "tmp")
    target = _target(site, what, random)
    known = held(site)
    known = replace(known, versions=known.versions - _lost_with(site, target))
    in_the_way = harm(target, damage, canary, random)
    changed_at_once = canary.changed()
    person = Person(site)
    person.sync()
    person.repair()
    told = Verdict()
    if in_the_way and not person.was_told(str(target) if what in TOP else target.name):
        told = Verdict(wrong=1, notes=(f"nobody is told of {target}: {person.told}",))
    if in_the_way:
        clear_way(target)
    return told + _finish(site, person, canary, known, changed_at_once)


def _begun(what: str, damage: str, stage: Stage, random: Random) -> Verdict:
    """A download that was cut off, and is to be gone on with."""
    site = stage.site
    canary = Canary(site.root.parent / "tmp")
    known = held(site) if site.root.exists() else Held()
    kind = what.removeprefix("begun ")
    path = "/d/.*csv" if kind == "csv" else "/p/"
    site.server.add(path, cut(random.randrange(1, 400)), times=None, method="GET")
    person = Person(site)
    person.sync()
    site.server.behave()
    parts = sorted(site.root.glob(f"{layout.INCOMING}/*.{kind.removeprefix('lc')}.part"))
    changed: list[str] = []
    if parts:
        target = random.choice(parts)
        harm(target, damage, canary, random)
        changed = canary.changed()
        site.clock.forward(90_000)
        person.sync()
        if not target.is_file():
            clear_way(target)
    return _finish(site, person, canary, known, changed)


def _while_it_works(
    what: str, damage: str, request: int, stage: Stage, random: Random
) -> Verdict:
    site = stage.site
    canary = Canary(site.root.parent / "tmp")
    known = held(site)
    done: list[Path] = []
    changed: list[str] = []

    def act(turn: Turn) -> Answer:
        setid = turn.request.target.partition("-")[2].partition(".")[0]
        kind = "lczip" if "/p/" in turn.request.target else "csv"
        product = layout.product(setid, kind)
        arriving = site.root / layout.arriving(product)
        target = {
            "arriving file": arriving,
            "its note": arriving.with_name(arriving.name + ".json"),
            "its place": site.root / product,
            "dataset's folder": site.root / layout.dataset_folder(setid),
        }.get(what, site.root / what)
        if damage in DAMAGES and not target.is_file():
            if not target.parent.is_dir():
                return turn.honest()
            target.write_bytes(b"of a person")
        if target.parent.is_dir():
            lost.update(_lost_with(site, target))
            harm(target, damage, canary, random)
            done.append(target)
            changed.extend(canary.changed())
        return turn.honest()

    lost: set[str] = set()
    site.server.add(_DOWNLOAD, act, skip=request)
    person = Person(site)
    person.sync()
    site.server.behave()
    for target in done:
        is_plain = target.is_dir() if what in FOLDERS else target.is_file()
        if target.is_symlink() or not is_plain:
            clear_way(target)
    known = replace(known, versions=known.versions - lost)
    return _finish(site, person, canary, known, changed)


def _finish(
    site: Site, person: Person, canary: Canary, known: Held, changed_at_once: list[str]
) -> Verdict:
    """Let the person mend it, and judge."""
    person.mend()
    told = settle(site)
    for path in site.verify().found.unknown:
        # What is left of an old version, or what a person has put there.
        if path.endswith(".old") or "something" in path:
            clear_way(site.root / path)
    verdict = check(site, known, logs=person.told)
    changed = sorted(set(canary.changed()) - set(changed_at_once))
    if changed:
        note = f"wrong: outside the mirror, {', '.join(changed)} changed"
        verdict += Verdict(wrong=1, notes=(note,))
    return verdict if verdict else replace(verdict, notes=(*verdict.notes, *person.told, *told))
