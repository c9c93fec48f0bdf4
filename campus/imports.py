"""Places from Excel: a row is a room with its building and floor, which are made where they are missing."""

from __future__ import annotations

import difflib
from collections import defaultdict
from functools import cached_property
from typing import Any

from django import forms

from campus import services
from campus.models import Alias, Place, User
from campus.places import order_key, squeeze
from campus.ranges import kind_of, tidy
from core.forms import Form
from core.imports import Importer, Row, unknown

NEW = "新建："  # the answer "this is no misspelling": a building or a name of its own


class PlaceRow(Form):
    """One row. Names are looked up in what the importer has read once."""

    campus = forms.CharField(label="校区", required=False, max_length=40, help_text="只有一个校区时不用填")
    building = forms.CharField(label="楼", max_length=40, help_text="如 3号楼；没有的会新建")
    floor = forms.CharField(label="层", required=False, max_length=40, help_text="如 3层 或 3；没有的会新建")
    room = forms.CharField(label="房间", max_length=40, help_text="如 312、东楼梯、水房")
    use = forms.ChoiceField(
        label="用途",
        required=False,
        choices=[("", ""), *((word, word) for word in Place.USES.values())],
        error_messages={"invalid_choice": f"没有“%(value)s”这种用途，请填：{'、'.join(Place.USES.values())}。"},
    )
    room_type = forms.CharField(label="类型", required=False, max_length=30, help_text="如 学生宿舍居室、普通教室")
    people = forms.IntegerField(label="人数", required=False, min_value=0, max_value=100_000)
    custodian = forms.CharField(label="保管人", required=False, max_length=60, help_text="姓名或工号")
    aliases = forms.CharField(label="别名", required=False, max_length=200, help_text="几个之间用顿号隔开")

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known

    def clean_campus(self) -> str:
        text = tidy(self.cleaned_data["campus"])
        names = list(self.known.campuses)
        if not text and len(names) > 1:
            raise forms.ValidationError(f"学校有几个校区（{'、'.join(names)}），请写明是哪个。")
        if text and names and text not in names:
            raise forms.ValidationError(f"没有“{text}”这个校区，请改成 {'、'.join(names)}，或先在“地点”里新建。")
        return text or (names[0] if names else "校本部")

    def clean_building(self) -> str:
        text = tidy(self.cleaned_data["building"])
        if text.startswith(NEW):
            return text.removeprefix(NEW)
        found = self.known.buildings.get(squeeze(text))
        if found is None and self.known.near(text):
            raise unknown(f"没有“{text}”这栋楼。是写法不同，还是要新建？")
        return found or text

    def clean_floor(self) -> str:
        text = tidy(self.cleaned_data["floor"])
        return f"{text}层" if text.isdigit() else text

    def clean_room(self) -> str:
        return tidy(self.cleaned_data["room"])

    def clean_use(self) -> str:
        words = {word: key for key, word in Place.USES.items()}
        return words.get(self.cleaned_data["use"], "")

    def clean_custodian(self) -> User | None:
        text = tidy(self.cleaned_data["custodian"])
        if not text:
            return None
        found = self.known.people.get(text, [])
        if len(found) > 1:
            numbers = "、".join(f"{one.name} {one.staff_number}" for one in found[:5])
            raise forms.ValidationError(f"叫“{text}”的不止一位（{numbers}），请写工号。")
        if not found:
            raise unknown(f"没有找到“{text}”，请写姓名或工号。")
        return found[0]

    def clean_aliases(self) -> list[str]:
        parts = self.cleaned_data["aliases"].replace("，", "、").replace(",", "、").replace("；", "、").split("、")
        found = list(dict.fromkeys(name for name in map(tidy, parts) if name))
        if any(len(name) > 60 for name in found):
            raise forms.ValidationError("别名最多 60 个字，请写短一些。")
        return found


class Known:
    """What rows are held against, read once for a whole file."""

    @cached_property
    def campuses(self) -> dict[str, Place]:
        return {place.name: place for place in Place.objects.active().filter(kind="campus").order_by("order", "name")}

    @cached_property
    def buildings(self) -> dict[str, str]:
        """{squeezed name or alias: name}."""
        rows = Alias.objects.filter(place__kind="building", place__active=True).values_list("name", "place__name")
        found = {squeeze(alias): name for alias, name in rows}
        names = Place.objects.active().filter(kind="building").values_list("name", flat=True)
        return found | {squeeze(name): name for name in names}

    @cached_property
    def people(self) -> dict[str, list[User]]:
        """{name, staff number or "name number": people}."""
        found: dict[str, list[User]] = defaultdict(list)
        for user in User.objects.filter(is_active=True).only("pk", "name", "staff_number"):
            for text in {user.name, user.staff_number, f"{user.name} {user.staff_number}"} - {""}:
                found[text].append(user)
        return found

    def near(self, text: str) -> list[str]:
        """Buildings that `text` could be a misspelling of: the same digits, nearly the same letters."""
        typed = squeeze(text)
        digits = [c for c in typed if c.isdigit()]
        alike = [key for key in self.buildings if [c for c in key if c.isdigit()] == digits]
        close = difflib.get_close_matches(typed, alike, n=5, cutoff=0.6)
        return list(dict.fromkeys(self.buildings[key] for key in close))


class PlaceImport(Importer):
    """The whole tree from one table; rows that are there already get what the table says."""

    key = "places"
    title = "地点"
    measure = "处"
    form_class = PlaceRow
    natural_key = ("campus", "building", "floor", "room")
    on_existing = "update"
    synonyms = {
        "campus": ("所在校区",),
        "building": ("楼栋", "楼名", "栋", "楼号", "所在楼"),
        "floor": ("楼层", "层数", "所在层"),
        "room": ("房号", "房间号", "室", "房间名称", "寝室", "寝室号", "名称"),
        "use": ("用房用途",),
        "room_type": ("房间类型", "用房类型"),
        "people": ("使用人数", "住宿人数", "床位"),
        "custodian": ("责任人", "负责人", "管理人"),
        "aliases": ("叫法", "俗称", "曾用名"),
    }
    examples = (
        {"building": "3号楼", "floor": "3层", "room": "312", "use": "宿舍", "room_type": "学生宿舍居室", "people": "8"},
        {"building": "明德楼", "floor": "2层", "room": "204", "use": "教学", "room_type": "普通教室", "people": "48"},
        {"building": "3号楼", "floor": "3层", "room": "东楼梯", "use": "宿舍"},
    )
    note = "一行一个房间或走廊、楼梯。楼和层没有的会新建；已有的房间按表里写的更新，空着的格子不改。"

    def __init__(self, by: Any) -> None:
        super().__init__(by)
        self.known = Known()

    def get_form(self, data: dict[str, str]) -> Form:
        return PlaceRow(data, known=self.known)

    @cached_property
    def tree(self) -> dict[tuple[str, str, str, str], Place]:
        """The active places inside buildings by (campus, building, floor's order or "", name)."""
        rows = Place.objects.active().exclude(building=None).exclude(kind__in=("building", "floor"))
        found = {}
        for place in rows.select_related("parent", "building__parent"):
            building, parent = place.building, place.parent
            if building is None or parent is None or building.parent is None:
                continue
            floor = order_key(parent.name) if parent.kind == "floor" else ""
            found[(building.parent.name, building.name, floor, place.name)] = place
        return found

    @staticmethod
    def place_key(cleaned: dict[str, Any]) -> tuple[str, str, str, str]:
        floor = order_key(cleaned["floor"]) if cleaned["floor"] else ""
        return cleaned["campus"], cleaned["building"], floor, cleaned["room"]

    def existing(self, keys: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        names = self.natural_key
        return {key for key in keys if self.place_key(dict(zip(names, key, strict=True))) in self.tree}

    def choices(self, name: str, text: str) -> list[tuple[str, str]]:
        if name == "building":
            near = [(found, f"是“{found}”，记住这个叫法") for found in self.known.near(text)]
            return [*near, (f"{NEW}{text}"[:40], f"不是，新建“{text}”")]
        close = difflib.get_close_matches(text, list(self.known.people), n=5, cutoff=0.5)
        return [(found, f"是{found}") for found in close]

    def remember(self, name: str, text: str, meaning: str) -> None:
        if name != "building" or meaning.startswith(NEW):
            return
        found = list(Place.objects.active().filter(kind="building", name=meaning)[:2])
        if len(found) == 1:
            services.add_alias(found[0], text, by=self.by)

    def check(self, rows: list[Row]) -> None:
        """An alias means one place only, in the file as in the tables."""
        wanted = {name for row in rows for name in row.cleaned.get("aliases", [])}
        taken = dict(Alias.objects.filter(name__in=wanted).values_list("name", "place_id")) if wanted else {}
        seen: dict[str, Row] = {}
        for row in rows:
            if row.errors:
                continue
            place = self.tree.get(self.place_key(row.cleaned))
            for name in row.cleaned.get("aliases", []):
                first = seen.setdefault(name, row)
                if first is not row:
                    row.errors["aliases"] = f"“{name}”在第 {first.number} 行也写了，一个别名只能指一个地方。"
                elif name in taken and (place is None or taken[name] != place.pk):
                    row.errors["aliases"] = f"“{name}”已经是别处的叫法，请换一个或去掉。"

    def apply(self, rows: list[Row], by: Any) -> dict[str, int]:
        self.__dict__.pop("tree", None)  # read again inside the transaction
        campuses = Place.objects.filter(kind="campus").count()
        fresh: dict[int, list[Row]] = defaultdict(list)
        parents: dict[int, Place] = {}
        known: list[tuple[Row, Place]] = []
        for row in rows:
            place = self.tree.get(self.place_key(row.cleaned))
            if place is not None:
                known.append((row, place))
                continue
            parent = self._parent(row.cleaned, by)
            parents[parent.pk] = parent
            fresh[parent.pk].append(row)
        made: list[tuple[Row, Place]] = []
        for key, group in fresh.items():
            places = services.make_places(parents[key], [self._place(row.cleaned) for row in group])
            made += zip(group, places, strict=True)
        self._update(known)
        if Place.objects.filter(kind="campus").count() != campuses:
            services.rebuild()  # a second campus puts its name into all the others
        have = set(Alias.objects.values_list("name", flat=True))
        Alias.objects.bulk_create(
            Alias(place=place, name=name)
            for row, place in [*made, *known]
            for name in row.cleaned["aliases"]
            if name not in have
        )
        return {"new": len(made), "update": len(known)}

    @staticmethod
    def _place(cleaned: dict[str, Any]) -> Place:
        kind = kind_of(cleaned["room"])
        return Place(
            kind=kind if kind in services.BELOW["floor"] else "room", name=cleaned["room"], use=cleaned["use"],
            room_type=cleaned["room_type"], people=cleaned["people"] or 0, custodian=cleaned["custodian"],
        )  # fmt: skip

    @cached_property
    def _above(self) -> dict[tuple[int | None, str], Place]:
        """Campuses, buildings and floors in use by (parent, order or name)."""
        rows = Place.objects.active().filter(kind__in=("campus", "building", "floor"))
        return {(p.parent_id, order_key(p.name) if p.kind == "floor" else p.name): p for p in rows}

    def _parent(self, cleaned: dict[str, Any], by: Any) -> Place:
        """The floor (or the building) of a row, made if it is not there."""
        campus = self._get(None, "campus", cleaned["campus"], "", by)
        building = self._get(campus, "building", cleaned["building"], cleaned["use"], by)
        return self._get(building, "floor", cleaned["floor"], "", by) if cleaned["floor"] else building

    def _get(self, parent: Place | None, kind: str, name: str, use: str, by: Any) -> Place:
        key = (parent.pk if parent else None, order_key(name) if kind == "floor" else name)
        if key not in self._above:
            self._above[key] = services.add_place(parent, kind, name, use=use, by=by)
        return self._above[key]

    @staticmethod
    def _update(known: list[tuple[Row, Place]]) -> None:
        """Write what the table says into places that are there; empty cells change nothing."""
        changed: list[Place] = []
        for row, place in known:
            given = {
                "use": row.cleaned["use"], "room_type": row.cleaned["room_type"], "people": row.cleaned["people"],
                "custodian": row.cleaned["custodian"],
            }  # fmt: skip
            told = {name: value for name, value in given.items() if value not in (None, "")}
            if any(getattr(place, name) != value for name, value in told.items()):
                for name, value in told.items():
                    setattr(place, name, value)
                place.version += 1
                changed.append(place)
        services.write_places(changed, ["use", "room_type", "people", "custodian", "version"])
