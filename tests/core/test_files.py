"""Files: what is taken for a photo, what is left of it, who gets it, what a rollback or a killed process leaves."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from PIL import Image

from core import clock, files
from core.files import Photo, PhotosField, check_photo
from core.models import Attachment
from stores.models import Item
from tests import make_people
from tests.make_core import photo, upload

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def stored(media: Path) -> list[Path]:
    return sorted(path for path in media.rglob("*") if path.is_file())


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (5, 5)).save(out, "GIF")
    return out.getvalue()


# ---------- checking ----------


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "空.jpg", "“空.jpg”是空文件（0 字节），请换一张。"),
        (b"<html><script>alert(1)</script></html>", "a.jpg", "“a.jpg”不是照片，或者坏了。请传 JPG 或 PNG 照片。"),
        (SVG, "a.png", "“a.png”不是照片，或者坏了。请传 JPG 或 PNG 照片。"),
        (gif(), "a.jpg", "“a.jpg”不是照片，或者坏了。请传 JPG 或 PNG 照片。"),
        (b"\xff\xd8\xff\xe0" + b"x" * 500, "a.jpg", "“a.jpg”不是照片，或者坏了。请传 JPG 或 PNG 照片。"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 500, "../../etc/p.png", "“p.png”不是照片，或者坏了。请传 JPG 或 PNG 照片。"),
        (
            b"#!/bin/sh",
            "很长的名字" * 10 + ".jpg",
            "“" + ("很长的名字" * 10)[:18] + "…" + "长的名字.jpg"[-10:].rjust(0),
        ),
    ],
)
def test_what_is_no_photo_is_refused_by_name(content: bytes, name: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_photo(upload(content, name))

    assert refused.value.messages[0].startswith(words[:20])


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    class Huge:
        name, size = "大.jpg", 40 * 1024 * 1024

        def seek(self, at: int) -> None:
            raise AssertionError("read")

    with pytest.raises(ValidationError) as refused:
        check_photo(Huge())

    assert refused.value.messages == ["“大.jpg”有 40 MB，每张最多 10 MB。请换一张小的。"]


def test_a_picture_that_unpacks_to_too_many_pixels_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")

    with pytest.raises(ValidationError) as refused:
        check_photo(upload(out.getvalue(), "bomb.png"))

    assert refused.value.messages == ["“bomb.png”的尺寸 10000×10000 太大，请缩小后再传。"]


def test_a_photo_is_drawn_anew_without_place_and_at_its_right_way_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"

    found = check_photo(photo(4000, 3000, exif=exif))

    full, thumb = opened(found.full), opened(found.thumb)
    assert (full.format, full.size, thumb.size) == ("JPEG", (1200, 1600), (240, 320))
    assert dict(full.getexif()) == {}
    assert b"Maker" not in found.full
    assert b"Exif" not in found.full


def test_a_transparent_drawing_gets_a_white_ground() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(out, "PNG")

    found = opened(check_photo(upload(out.getvalue(), "a.png")).full)

    assert (found.mode, found.getpixel((5, 5))) == ("RGB", (255, 255, 255))


def test_the_field_takes_several_and_names_each_bad_one() -> None:
    field = PhotosField(max_files=2, required=False)

    good = field.clean([photo(), photo()])
    with pytest.raises(ValidationError) as bad:
        field.clean([upload(b"", "a.jpg"), upload(SVG, "b.jpg")])
    with pytest.raises(ValidationError) as many:
        field.clean([photo(), photo(), photo()])
    with pytest.raises(ValidationError) as none:
        PhotosField().clean([])

    assert [type(one) for one in good] == [Photo, Photo]
    assert [message[:7] for message in bad.value.messages] == ["“a.jpg”", "“b.jpg”"]
    assert many.value.messages == ["最多 2 张，您选了 3 张。请去掉几张。"]
    assert none.value.messages == ["请拍一张照片。"]
    assert field.clean([]) == []


# ---------- keeping ----------


@pytest.fixture
def item(db: Any) -> Item:
    return Item.objects.create(name="灯管", unit="支")


def test_files_get_random_names_and_their_facts(item: Item, media: Path) -> None:
    user = make_people.repairer()

    row = files.attach(item, photo(name="../../private name.jpg"), by=user, role="before", caption="维修前")

    content = Path(row.file.path).read_bytes()
    assert list(files.photos(item, "before")) == [row]
    assert (row.by, row.role, row.caption, row.size) == (user, "before", "维修前", len(content))
    assert len(stored(media)) == 2
    assert all("private" not in path.name and path.suffix == ".jpg" for path in stored(media))
    assert len(row.token) == 22


def test_a_guest_attaches_without_a_name(item: Item) -> None:
    class Guest:
        name, pk = "路人", None

    assert files.attach(item, photo(), by=Guest(), unseen=True).by is None


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_its_files_with_it(item: Item, media: Path) -> None:
    with pytest.raises(RuntimeError), files.undone_on_error(), transaction.atomic():
        files.attach(item, photo(), by=None)
        raise RuntimeError

    assert (Attachment.objects.count(), stored(media)) == (0, [])


@pytest.mark.django_db
def test_the_sweep_takes_what_belongs_to_nothing(item: Item, media: Path) -> None:
    user = make_people.repairer()
    kept = files.attach(item, photo(), by=user)
    gone = Item.objects.create(name="x", unit="个")
    files.attach(gone, photo(), by=user)
    gone.delete()
    folder = Path(kept.file.path).parent
    orphan, young = folder / "orphan.jpg", folder / "young.jpg"
    orphan.write_bytes(b"x")
    young.write_bytes(b"x")
    old = clock.now().timestamp() - 2 * 24 * 3600
    os.utime(orphan, (old, old))
    os.utime(kept.file.path, (old, old))
    (media / "note.txt").write_bytes(b"not ours")

    said = files.sweep()

    assert said == "清理文件 1 个、附件 1 条"
    assert {path.name for path in stored(media)} == {
        Path(kept.file.name).name, Path(kept.thumb.name).name, "young.jpg", "note.txt"
    }  # fmt: skip


def test_a_fetched_sheet_goes_after_a_week(item: Item, media: Path) -> None:
    import datetime as dt

    user = make_people.repairer()
    with clock.at(clock.now() - dt.timedelta(days=8)):
        files.keep_sheet(user, "表.xlsx", b"x")
    files.keep_sheet(user, "新.xlsx", b"y")

    files.sweep()

    assert [row.caption for row in Attachment.objects.all()] == ["新.xlsx"]


# ---------- who gets it ----------

pages = pytest.mark.urls("tests.core.site")


@pages
def test_a_file_is_handed_to_who_sees_the_record(client: Any, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_to(monkeypatch, "repairer")
    user = make_people.repairer()
    row = files.attach(item, photo(), by=user)
    client.force_login(user)

    full, thumb = client.get(f"/files/{row.token}/"), client.get(f"/files/{row.token}/thumb/")

    assert b"".join(full.streaming_content) == Path(row.file.path).read_bytes()
    assert b"".join(thumb.streaming_content) == Path(row.thumb.path).read_bytes()
    assert {name: full.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control", "Content-Disposition")} == {
        "Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'inline; filename="{row.token}.jpg"',
    }  # fmt: skip


@pages
def test_others_get_404(client: Any, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_to(monkeypatch, "repairer")
    row = files.attach(item, photo(), by=None)
    found = [client.get(f"/files/{row.token}/").status_code]

    client.force_login(make_people.teacher())
    for address in (row.token, "x", "x" * 50, "..", "%00"):
        found.append(client.get(f"/files/{address}/").status_code)

    assert set(found) == {404}


@pages
def test_a_record_that_nobody_limits_gives_its_files_to_nobody(client: Any, db: Any) -> None:
    from core.models import Stamp

    row = Attachment(kind_id=files.ContentType.objects.get_for_model(Stamp).pk, object_id=1, file="x.jpg")
    row.save()
    client.force_login(make_people.director())

    assert client.get(f"/files/{row.token}/").status_code == 404


@pages
def test_photos_from_unknown_people_wait_for_the_office(
    client: Any, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_to(monkeypatch, "repairer", "clerk")
    monkeypatch.setattr(Item, "may_see_unseen", lambda self, user: "clerk" in user.roles, raising=False)
    row = files.attach(item, photo(), by=None, unseen=True)
    repairer, clerk = make_people.repairer(), make_people.clerk()

    def look(user: Any) -> int:
        client.force_login(user)
        return client.get(f"/files/{row.token}/").status_code

    before = look(repairer), look(clerk), files.visible_photos(item, repairer), files.visible_photos(item, clerk)
    files.show(item)

    assert before == (404, 200, [], [row])
    assert look(repairer) == 200


@pages
def test_a_guest_with_the_follow_address_may_see(client: Any, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Item, "guest_may_see", classmethod(lambda cls, request, record: True), raising=False)
    row = files.attach(item, photo(), by=None, unseen=True)

    assert client.get(f"/files/{row.token}/").status_code == 200


@pages
def test_a_file_that_is_gone_from_the_disk_is_404(client: Any, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_to(monkeypatch, "repairer")
    user = make_people.repairer()
    row = files.attach(item, photo(), by=user)
    os.remove(row.file.path)
    client.force_login(user)

    assert client.get(f"/files/{row.token}/").status_code == 404


def limit_to(monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    """Let only these roles see items, for the length of a test."""
    from django.db import models

    class Limited(models.QuerySet):  # type: ignore[type-arg]
        def visible_to(self, user: Any) -> Any:
            return self if set(roles) & user.roles else self.none()

    manager = models.Manager.from_queryset(Limited)()
    manager.model = Item
    manager.name = "objects"
    monkeypatch.setitem(Item._meta.__dict__, "default_manager", manager)
