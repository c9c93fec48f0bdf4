"""Pages of places: the tree, one place, its forms, QR label sheets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from campus import labels, profile, services
from campus.forms import AliasForm, MoveForm, NewPlaceForm, PlaceForm, RangeForm, RetireForm
from campus.imports import PlaceImport
from campus.listings import PlaceList
from campus.models import Alias, Place
from core.imports import ImportPage
from core.pages import Action, ActionPage, DetailPage, FormPage, ListPage, Page, RecordPage
from core.rights import can

MANAGE = "campus.manage_places"
SHOWN = 600  # places on one page; a building has a few hundred


def trail(place: Place | None) -> list[tuple[str, str]]:
    """The crumbs from the tree down to `place`."""
    found = [("地点", reverse("campus:places"))]
    if place is not None:
        keys = [int(part) for part in place.path.rstrip("/").split("/")]
        names = Place.objects.in_bulk(keys)
        found += [(names[key].name, names[key].get_absolute_url()) for key in keys if key in names]
    return found


class PlacesPage(ListPage):
    """The top of the tree: buildings and grounds, or what a search finds; `?export=xlsx` gives the whole table."""

    permission = "campus.view_places"
    listing = PlaceList
    template_name = "campus/place_list.html"
    title = "地点"

    def get_queryset(self) -> QuerySet[Place]:
        return self.rows.base() if self.request.GET.get("active") else self.rows.base().filter(active=True)

    def get_actions(self) -> Iterable[Action]:
        if can(self.request.user, MANAGE):
            yield Action("打印二维码标签", reverse("campus:labels"), "qr-code")
            yield Action("导入 Excel", reverse("campus:place-import"), "upload", desk_only=True)
            yield Action("新建校区", reverse("campus:place-new"), "plus")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        searching = bool(self.filters and self.filters.used)
        if not searching:
            extra["campuses"] = campuses()
        return super().get_context(searching=searching, **extra)


def campuses() -> list[dict[str, Any]]:
    """The campuses with their buildings (rooms and people counted in SQL) and what stands outside."""
    inside = {
        row["building"]: row
        for row in Place.objects.active().exclude(building=None).exclude(kind__in=("building", "floor"))
        .order_by().values("building").annotate(rooms=Count("pk"), persons=Sum("people"))
    }  # fmt: skip
    found: dict[int | None, dict[str, Any]] = {
        top.pk: {"place": top, "buildings": [], "grounds": []}
        for top in Place.objects.active().filter(kind="campus").order_by("order", "name")
    }
    below = Place.objects.active().filter(parent__in=list(found)).order_by("order", "name")
    for place in below:
        row: Any = inside.get(place.pk, {})
        entry = {"place": place, "rooms": row.get("rooms", 0), "people": row.get("persons") or 0}
        found[place.parent_id]["buildings" if place.kind == "building" else "grounds"].append(entry)
    return list(found.values())


class PlacePage(DetailPage):
    """One place: facts, what stands below it, its other names, what other apps know of it."""

    permission = "campus.view_places"
    model = Place
    related = ("custodian", "building", "successor", "parent")
    template_name = "campus/place.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(self.object)[:-1]

    @cached_property
    def manages(self) -> bool:
        return can(self.request.user, MANAGE)

    def get_actions(self) -> Iterable[Action]:
        place = self.object
        if not self.manages:
            return
        yield Action("修改", reverse("campus:place-edit", args=[place.pk]), "pencil")
        if not place.active:
            yield Action("恢复使用", reverse("campus:place-revive", args=[place.pk]), "rotate-ccw")
            return
        if services.BELOW.get(place.kind) and (place.kind != "room" or place.use == "canteen"):  # its serving windows
            yield Action("加一个地点", reverse("campus:place-add", args=[place.pk]), "plus")
        yield Action("打印标签", reverse("campus:place-labels", args=[place.pk]), "qr-code")
        if place.parent_id:
            yield Action("移动", reverse("campus:place-move", args=[place.pk]), "move")
        yield Action("停用", reverse("campus:place-retire", args=[place.pk]), "ban")

    def facts(self) -> Iterable[tuple[str, Any]]:
        place = self.object
        people = services.people_in(place)
        yield "种类", place.get_kind_display()
        yield "用途", place.get_use_display() or "未写"
        if place.room_type:
            yield "房间类型", place.room_type
        if people:
            around = "（周围）" if services.counted_within(place) != place.path else ""
            yield "人数", f"{people} 人{around}"
        if place.kind in ("room", "window"):
            yield "保管人", place.custodian.name if place.custodian else "未定"

    def groups(self) -> list[dict[str, Any]]:
        """What stands below: for a building floor by floor, else its children in one group."""
        place = self.object
        if place.kind == "building":
            rows = list(Place.objects.active().filter(path__startswith=place.path).exclude(pk=place.pk)[:SHOWN])
        else:
            rows = list(Place.objects.active().filter(parent=place)[:SHOWN])
        rows.sort(key=lambda row: (row.order, row.name))
        floors = [row for row in rows if row.kind == "floor" and row.parent_id == place.pk]
        found = [{"head": floor, "places": [row for row in rows if row.parent_id == floor.pk]} for floor in floors]
        rest = [row for row in rows if row.parent_id == place.pk and row.kind != "floor"]
        if rest:
            found.append(
                {"head": None, "places": rest, "title": "公共处" if place.kind == "building" else "里面的地点"}
            )
        return found

    def get_context(self, **extra: Any) -> dict[str, Any]:
        place = self.object
        extra["groups"] = self.groups() if services.BELOW.get(place.kind) else []
        extra["retired"] = list(Place.objects.filter(parent=place, active=False).order_by("order", "name")[:60])
        extra["aliases"] = list(Alias.objects.filter(place=place).order_by("name")[:60])
        extra["target"] = services.followed(place) if not place.active and place.successor_id else None
        if self.manages and place.active and place.kind in ("building", "floor"):
            extra["range_form"] = RangeForm()
        if self.manages and place.active:
            extra["alias_form"] = AliasForm(auto_id="alias_%s")
        return super().get_context(manages=self.manages, **extra)


# ---------- forms ----------


class PlaceWrites:
    """What the writing pages of a place share."""

    permission = MANAGE
    model = Place

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(self.object)  # type: ignore[attr-defined]


class NewPlace(FormPage):
    """One place more; without a parent in the address it is a campus."""

    permission = MANAGE
    model = Place
    form_class = NewPlaceForm
    creates = True

    @cached_property
    def parent(self) -> Place | None:
        if "pk" not in self.kwargs:
            return None
        found = Place.objects.active().filter(pk=self.kwargs["pk"]).first()
        if found is None or not services.BELOW.get(found.kind):
            raise Http404("没有找到这个地点，或者它下面不能再加地点。")
        return found

    def get_title(self) -> str:
        return f"在{self.parent.full_name}加一个地点" if self.parent else "新建校区"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(self.parent)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "parent": self.parent}

    def save(self, form: Any) -> Place:
        return services.add_place(self.parent, by=self.actor(), **form.cleaned_data)


class EditPlace(PlaceWrites, FormPage):
    """A place's own facts."""

    form_class = PlaceForm

    def get_title(self) -> str:
        return f"修改地点：{self.object.full_name}"

    def save(self, form: Any) -> Place:
        return services.change(self.object, by=self.actor(), **form.cleaned_data)


class AddRange(PlaceWrites, ActionPage):
    """Many places in one go below a floor or a building."""

    form_class = RangeForm
    service = staticmethod(services.add_range)
    submit_label = "加到这里"

    def get_title(self) -> str:
        return f"成批加地点：{self.object.full_name}"

    def perform(self, record: Any, data: dict[str, Any]) -> Any:
        made = services.add_range(record, data["text"], by=self.actor())
        self.success = (
            f"已加 {len(made)} 个地点：{made[0].name} 到 {made[-1].name}。"
            if len(made) > 1
            else f"已加 {made[0].name}。"
        )
        return record


class RetirePlace(PlaceWrites, ActionPage):
    """停用, with the place that comes instead."""

    form_class = RetireForm
    service = staticmethod(services.retire)
    danger = True
    submit_label = "停用"
    back_label = "不停用，返回"
    words = "停用后不能再往这里报修，历史记录都保留。门上的旧标签会指向改用的地点。"
    success = "已停用。"

    def get_title(self) -> str:
        return f"停用 {self.object.full_name}？"


class RevivePlace(PlaceWrites, ActionPage):
    """Back into use."""

    service = staticmethod(services.revive)
    words = "恢复后可以照常报修，门上的旧标签重新指向这里。"
    submit_label = "恢复使用"
    success = "已恢复使用。"

    def get_title(self) -> str:
        return f"恢复使用 {self.object.full_name}？"


class MovePlace(PlaceWrites, ActionPage):
    """Under another parent."""

    form_class = MoveForm
    service = staticmethod(services.move)
    submit_label = "移动"
    success = "已移动。"

    def get_title(self) -> str:
        return f"移动 {self.object.full_name}"


class AddAlias(PlaceWrites, ActionPage):
    """One spelling more."""

    form_class = AliasForm
    service = staticmethod(services.add_alias)
    submit_label = "记住这个叫法"
    success = "已记住这个叫法。"

    def get_title(self) -> str:
        return f"{self.object.full_name} 的另一种叫法"

    def get_success_url(self, record: Any) -> str:
        return self.object.get_absolute_url()


class DropAlias(ActionPage):
    """One spelling less."""

    permission = MANAGE
    model = Alias
    related = ("place",)
    service = staticmethod(services.drop_alias)
    danger = True
    submit_label = "去掉"
    words = "去掉后，按这个叫法就找不到这个地点了。"
    success = "已去掉这个叫法。"

    def get_title(self) -> str:
        return f"去掉叫法“{self.object.name}”？"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(self.object.place)

    def back_url(self) -> str:
        return self.object.place.get_absolute_url()

    def get_success_url(self, record: Any) -> str:
        return self.back_url()


class ImportPlaces(ImportPage):
    """The tree from a table."""

    permission = MANAGE
    importer = PlaceImport

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(None)

    def get_back(self) -> str:
        return reverse("campus:places")


# ---------- labels ----------


class LabelsPage(Page):
    """Which building or floor to print labels for, and what is out already."""

    permission = MANAGE
    title = "二维码标签"
    template_name = "campus/labels.html"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(None)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        return super().get_context(
            campuses=campuses(), profile=profile.current(), outdated=labels.outdated(), most=labels.MOST, **extra
        )


class MakeLabels(PlaceWrites, ActionPage):
    """Before the sheet: how many labels, with which address; from here on they count as printed."""

    service = staticmethod(labels.count_out)
    template_name = "campus/place_labels.html"
    submit_label = "生成标签"

    def get_title(self) -> str:
        return f"打印标签：{self.object.full_name}"

    def blockers(self, record: Place) -> list[str]:
        return [] if profile.current().public_url else ["还没有填系统网址，标签印出来也扫不开。"]

    def get_success_url(self, record: Any) -> str:
        return reverse("campus:label-sheet", args=[self.object.pk])

    def get_context(self, **extra: Any) -> dict[str, Any]:
        floors = services.floors(self.object) if self.object.kind == "building" else []
        number = labels.under(self.object).count()
        return super().get_context(
            number=number, sheets=-(-number // labels.PER_PAGE), floors=floors, profile=profile.current(),
            too_many=number > labels.MOST, most=labels.MOST, outdated=labels.outdated(), **extra,
        )  # fmt: skip


class LabelSheet(RecordPage):
    """The sheet itself, A4, three by eight; opening it again counts nothing."""

    permission = MANAGE
    model = Place
    template_name = "campus/label_sheet.html"

    def get_title(self) -> str:
        return f"标签：{self.object.full_name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return trail(self.object)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not profile.current().public_url:
            raise Http404("还没有填系统网址，不能印标签。")
        found = labels.sheet(self.object)
        pages = [found[start : start + labels.PER_PAGE] for start in range(0, len(found), labels.PER_PAGE)]
        return self.render(pages=pages, number=len(found), profile=profile.current())
