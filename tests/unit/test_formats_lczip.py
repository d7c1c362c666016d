"""Light-curve ZIPs: sound, damaged, and made to do harm."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError, Stopped
from lccmirror.formats import ZipLimits, check_lczip
from lccmirror.formats.lczip_member import OpenLczip
from tests.support.published import lczip

LIGHTCURVES = {f"HAT-{i}": bytes([i]) * (1000 + i) for i in range(5)}


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "lightcurves-AbCdEfGhIjK.zip"
    path.write_bytes(data)
    return path


def several(contents: dict[str, bytes], compression: int = 0) -> bytes:
    def fill(target: zipfile.ZipFile) -> None:
        for name, content in contents.items():
            target.writestr(name, content)

    return archive(fill, compression)


def archive(fill: Callable[[zipfile.ZipFile], object], compression: int = 0) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, about duplicate names
        with zipfile.ZipFile(out, "w", compression) as target:
            fill(target)
    return out.getvalue()


def test_a_sound_zip_is_reported_whole(tmp_path: Path) -> None:
    path = written(tmp_path, lczip(LIGHTCURVES, missing=["HAT-8", "HAT-9"]))
    report = check_lczip(path)
    assert report.problems == ()
    assert report.missing == ("HAT-8-csvlc.gz", "HAT-9-csvlc.gz")
    assert report.manifest is not None
    assert report.manifest[-1] == "HAT-9-csvlc.gz missing"
    with zipfile.ZipFile(path) as reference:
        infos = reference.infolist()[:-1]
    assert [tuple(member) for member in report.members] == [
        (info.filename, info.file_size, info.CRC, info.header_offset) for info in infos
    ]


def test_deflated_members_are_read_as_well(tmp_path: Path) -> None:
    noise = bytes((i * i >> 3) & 255 for i in range(3_000_000))
    data = archive(lambda z: z.writestr("a-HAT-1-csvlc.gz", noise), zipfile.ZIP_DEFLATED)
    report = check_lczip(written(tmp_path, data))
    assert report.problems == ()
    assert report.manifest is None
    assert report.members[0].size == len(noise)


def test_an_object_that_was_found_twice_is_no_problem(tmp_path: Path) -> None:
    def fill(target: zipfile.ZipFile) -> None:
        for _ in range(2):
            target.writestr("a-HAT-1-csvlc.gz", b"same")
        target.writestr("lczip-manifest.json", '["HAT-1-csvlc.gz", "HAT-1-csvlc.gz"]')

    report = check_lczip(written(tmp_path, archive(fill)))
    assert report.problems == ()
    assert [member.name for member in report.members] == ["a-HAT-1-csvlc.gz"]
    assert report.repeated == ("a-HAT-1-csvlc.gz",)


def test_one_name_with_two_contents_is_a_problem(tmp_path: Path) -> None:
    def fill(target: zipfile.ZipFile) -> None:
        target.writestr("a-HAT-1-csvlc.gz", b"one")
        target.writestr("a-HAT-1-csvlc.gz", b"two")

    assert "other content" in check_lczip(written(tmp_path, archive(fill))).problems[0]


def test_a_flipped_bit_is_found_and_the_other_members_are_listed(tmp_path: Path) -> None:
    data = bytearray(lczip(LIGHTCURVES))
    data[data.index(b"\x02" * 900) + 5] ^= 16
    report = check_lczip(written(tmp_path, bytes(data)))
    assert len(report.problems) == 2  # the CRC, and that the manifest's entry is not there
    assert "HAT-2" in report.problems[0]
    assert "CRC" in report.problems[0]
    assert len(report.members) == 4


@pytest.mark.parametrize("deflated", [False, True])
@given(data=st.data())
def test_no_flipped_byte_raises_anything_but_a_format_error(
    tmp_path_factory: pytest.TempPathFactory, deflated: bool, data: st.DataObject
) -> None:
    method = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    whole = bytearray(several({f"a-{i}-csvlc.gz": b"xyz" * 9 for i in range(2)}, method))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    path = written(tmp_path_factory.mktemp("zip"), bytes(whole))
    with contextlib.suppress(FormatError):
        assert all(member.size == 27 for member in check_lczip(path).members)


@pytest.mark.parametrize("cut", [1, 10, 30, 200, 3000])
def test_a_zip_that_is_cut_short_is_none(tmp_path: Path, cut: int) -> None:
    with pytest.raises(FormatError):
        check_lczip(written(tmp_path, lczip(LIGHTCURVES)[:-cut]))


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"<html></html>" * 9000, b"PK\x05\x06", b"\x1f\x8b"]
)
def test_what_is_no_zip_is_a_format_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FormatError, match="lightcurves-"):
        check_lczip(written(tmp_path, data))


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "a\\b",
        "C:x",
        "a\nb",
        "x" * 300,
        "dir/",
        "a\u202eb",
    ],
)
def test_a_name_that_could_be_a_path_is_a_problem(tmp_path: Path, name: str) -> None:
    data = archive(lambda z: z.writestr(name, b"x"))
    report = check_lczip(written(tmp_path, data))
    assert len(report.problems) == 1
    assert report.members == ()
    assert all(problem.isprintable() for problem in report.problems)


def test_a_symlink_is_a_problem(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a-HAT-1-csvlc.gz")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    report = check_lczip(written(tmp_path, archive(lambda z: z.writestr(info, "/etc/passwd"))))
    assert "not a regular file" in report.problems[0]


@pytest.mark.parametrize(("flag", "said"), [(1, "encrypted"), (64, "encrypted")])
def test_an_encrypted_member_is_a_problem(tmp_path: Path, flag: int, said: str) -> None:
    data = bytearray(lczip({"HAT-1": b"x"}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= flag
    assert said in check_lczip(written(tmp_path, bytes(data))).problems[0]


def test_another_method_is_a_problem(tmp_path: Path) -> None:
    data = archive(lambda z: z.writestr("a-HAT-1-csvlc.gz", b"x" * 99), zipfile.ZIP_BZIP2)
    assert "method 12" in check_lczip(written(tmp_path, data)).problems[0]


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    data = archive(lambda z: z.writestr("bomb", bytes(50 << 20)), zipfile.ZIP_DEFLATED)
    path = written(tmp_path, data)
    passed: list[int] = []
    report = check_lczip(path, progress=passed.append)
    assert "1000-fold" in report.problems[0]
    assert passed == []
    assert (
        "expands to more"
        in check_lczip(path, ZipLimits(max_ratio=10_000, max_expanded=1 << 20)).problems[0]
    )


def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    data = bytearray(
        archive(lambda z: z.writestr("bomb", bytes(50 << 20)), zipfile.ZIP_DEFLATED)
    )
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(magic) + at, 1000)
    path = written(tmp_path, bytes(data))
    tracemalloc.start()
    try:
        report = check_lczip(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than the directory says" in report.problems[0]
    assert peak < 8 << 20


def test_too_many_members_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, lczip(LIGHTCURVES))
    report = check_lczip(path, ZipLimits(max_members=5))
    assert report.problems == ("6 members; the limit is 5",)
    assert report.members == ()


def test_a_directory_with_more_members_than_it_says_is_refused(tmp_path: Path) -> None:
    data = bytearray(lczip(LIGHTCURVES))
    at = data.rindex(b"PK\x05\x06")
    struct.pack_into("<2H", data, at + 8, 2, 2)
    with pytest.raises(FormatError, match="members where its end record says 2"):
        check_lczip(written(tmp_path, bytes(data)))


def test_overlapping_members_are_a_problem(tmp_path: Path) -> None:
    data = bytearray(several({"a": b"x" * 50, "b": b"x" * 50}))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    struct.pack_into("<L", data, second + 42, 10)  # begins within the first
    report = check_lczip(written(tmp_path, bytes(data)))
    assert any("within the member before" in problem for problem in report.problems)


def test_a_member_beyond_the_file_is_a_problem(tmp_path: Path) -> None:
    data = bytearray(archive(lambda z: z.writestr("a", b"x" * 50)))
    # a ZIP64 field in the directory may name any 64-bit place
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, at + 30, 12)
    struct.pack_into("<L", data, at + 42, 0xFFFFFFFF)
    data[at + 47 : at + 47] = struct.pack("<2HQ", 1, 8, 2**64 - 1)
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, end + 12, end - at)
    report = check_lczip(written(tmp_path, bytes(data)))
    assert "beyond" in report.problems[0]


def test_a_member_whose_own_header_differs_is_a_problem(tmp_path: Path) -> None:
    data = lczip({"HAT-1": b"x"}).replace(b"synth-alpha-HAT-1", b"synth-alpha-HAT-2", 1)
    report = check_lczip(written(tmp_path, data))
    assert any("differs from the directory" in problem for problem in report.problems)


def test_a_member_that_reaches_into_the_directory_is_a_problem(tmp_path: Path) -> None:
    data = bytearray(archive(lambda z: z.writestr("a", b"x" * 50)))
    for magic, at in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        struct.pack_into("<2L", data, data.index(magic) + at, 90, 90)
    assert "into the directory" in check_lczip(written(tmp_path, bytes(data))).problems[0]


def test_the_manifest_and_the_members_are_compared_both_ways(tmp_path: Path) -> None:
    data = lczip(LIGHTCURVES, manifest=[f"HAT-{i}-csvlc.gz" for i in range(1, 7)])
    problems = check_lczip(written(tmp_path, data)).problems
    assert [p.split(" is ")[0] for p in problems] == [
        "member synth-alpha-HAT-0-csvlc.gz",
        "HAT-5-csvlc.gz",
        "HAT-6-csvlc.gz",
    ]


def test_a_manifest_without_end_is_a_problem(tmp_path: Path) -> None:
    data = archive(lambda z: z.writestr("lczip-manifest.json", f"[{'{},' * 20}{{}}]"))
    report = check_lczip(written(tmp_path, data), ZipLimits(max_members=10))
    assert report.manifest is None
    assert "more than 20 entries" in report.problems[0]


@pytest.mark.parametrize("content", ["{}", "[1]", "nonsense", "[" * 100_000])
def test_a_manifest_that_is_none_is_a_problem(tmp_path: Path, content: str) -> None:
    data = archive(lambda z: z.writestr("lczip-manifest.json", content))
    report = check_lczip(written(tmp_path, data))
    assert report.manifest is None
    assert len(report.problems) == 1


def test_a_zip64_with_zipfiles_own_big_fields_is_read(tmp_path: Path) -> None:
    def fill(target: zipfile.ZipFile) -> None:
        with target.open("a-HAT-1-csvlc.gz", "w", force_zip64=True) as member:
            member.write(b"x" * 10)

    report = check_lczip(written(tmp_path, archive(fill)))
    assert report.problems == ()


def test_more_members_than_two_bytes_count_are_read(tmp_path: Path) -> None:
    data = several({f"a-{i}-csvlc.gz": b"" for i in range(66_000)})
    report = check_lczip(written(tmp_path, data))
    assert (len(report.members), report.problems) == (66_000, ())


def test_progress_adds_up_and_stop_stops(tmp_path: Path) -> None:
    path = written(tmp_path, lczip({f"HAT-{i}": bytes(700_000) for i in range(9)}))
    passed: list[int] = []
    check_lczip(path, progress=passed.append)
    assert len(passed) >= 4
    assert path.stat().st_size - (1 << 20) < sum(passed) <= path.stat().st_size
    with pytest.raises(Stopped):
        check_lczip(path, stop=lambda: True)


def test_members_are_found_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, lczip(LIGHTCURVES))
    with OpenLczip(path) as opened:
        for number in (3, 4, 0, 0, 2, 1):
            content = opened.read(f"synth-alpha-HAT-{number}-csvlc.gz")
            assert content == LIGHTCURVES[f"HAT-{number}"]
        # the end of a name is none
        with pytest.raises(FormatError, match="has no member"):
            opened.read("HAT-2-csvlc.gz")
        assert opened.read("synth-alpha-HAT-4-csvlc.gz") == LIGHTCURVES["HAT-4"]
