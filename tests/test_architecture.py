"""What the code must look like: who may import whom, and what only one place may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AREAS = ("dormitory", "classrooms", "canteen", "grounds", "safety", "energy", "events")
ORDER = (
    "core", "campus", "finance", "stores", "assets", "repairs", "inspections", "feedback", *AREAS, "staffing", "workplan", "config",
)  # fmt: skip
APPS = [name for name in ORDER if (ROOT / name / "__init__.py").exists()]
LONGEST = 600


def modules(*apps: str, migrations: bool = False) -> list[Path]:
    """The modules of the apps."""
    found = [path for app in apps or APPS for path in sorted((ROOT / app).rglob("*.py"))]
    return [path for path in found if migrations or "migrations" not in path.parts]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def checked_only(node: ast.AST) -> bool:
    """Is this `if TYPE_CHECKING:`, which no program runs?"""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs."""
    for child in ast.iter_child_nodes(node):
        if checked_only(child):
            for other in child.orelse:  # type: ignore[attr-defined]
                yield from running(other)
            continue
        yield child
        yield from running(child)


def imported(path: Path) -> set[tuple[str, str]]:
    """(module, name) of everything a module imports, inside functions too, and of dotted paths given to import_string."""
    found: set[tuple[str, str]] = set()
    for node in running(tree(path)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{short(path)}: imports are absolute"
            found |= {(node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "import_string", "import_module", "__import__", "get_model",
        ):  # fmt: skip
            found |= {
                (one.value, "") for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    return found


def dotted(node: ast.AST) -> str:
    """`timezone.now` as it is written."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_what_stands_to_its_left(app: str) -> None:
    left = set(ORDER[: ORDER.index(app)]) - (set(AREAS) if app in AREAS else set()) | {app}
    wrong = [
        f"{short(path)} imports {module}"
        for path in modules(app)
        for module, _ in imported(path)
        if module.partition(".")[0] in ORDER and module.partition(".")[0] not in left
    ]
    assert wrong == []


def test_the_order_names_every_app_and_settings_list_them() -> None:
    from django.conf import settings

    homes = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert homes == set(APPS)
    assert homes <= set(settings.INSTALLED_APPS)


@pytest.mark.django_db
def test_no_foreign_key_points_to_the_right() -> None:
    """Nor does a lower app name a reverse relation of a higher one in a query."""
    from django.apps import apps
    from django.conf import settings

    names: dict[str, str] = {}  # reverse query name -> the app that owns the key
    for kind in apps.get_models():
        label = kind._meta.app_label
        for field in kind._meta.get_fields():
            target = getattr(field, "related_model", None)
            if (
                label not in ORDER
                or target is None
                or target._meta.app_label not in ORDER
                or not getattr(field, "concrete", False)
            ):
                continue
            if target._meta.label == settings.AUTH_USER_MODEL:  # named in settings, never imported
                continue
            assert ORDER.index(target._meta.app_label) <= ORDER.index(label), f"{kind._meta.label}.{field.name}"
            name = field.remote_field.get_accessor_name()
            if target._meta.app_label != label and name and not name.endswith("_set"):
                names[name] = label
    wrong = []
    for path in modules():
        app = short(path).partition("/")[0]
        if "migrations" in path.parts:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.keyword) and node.arg and node.arg.partition("__")[0] in names and "__" in node.arg:
                owner = names[node.arg.partition("__")[0]]
                if ORDER.index(owner) > ORDER.index(app):
                    wrong.append(f"{short(path)}:{node.value.lineno} {node.arg} belongs to {owner}")
    assert wrong == []


def test_inspections_know_areas_from_their_tables_only() -> None:
    """The engine has no branch for an area: what is told of one stands beside `AREAS`, and lists come as data."""
    tables = {"inspections/models/checklists.py", "inspections/defaults.py"}
    wrong = [
        f"{short(path)}:{node.lineno}: {node.value}"
        for path in modules("inspections")
        if short(path) not in tables
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in AREAS
    ]
    assert wrong == []


def test_core_knows_no_school_word() -> None:
    words = re.compile(r"repairs|stores|assets|workplan|dormitor|classroom|canteen|campus\b", re.IGNORECASE)
    wrong = [
        f"{short(path)}:{node.lineno} {node.value}"
        for path in modules("core")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and words.search(node.value) and "\n" not in node.value
        and re.fullmatch(r"[a-z_]+[.:][\w.:-]+", node.value)
    ]  # fmt: skip
    assert (
        sorted(set(wrong) - {one for one in wrong if one.endswith(" campus:account")}) == []
    )  # its address, shown if there


def test_only_the_sheets_know_openpyxl() -> None:
    knows = {
        short(path)
        for path in modules()
        for module, _ in imported(path)
        if module.partition(".")[0] in ("openpyxl", "python_calamine")
    }
    assert knows == {"core/sheets.py"}


CLOCKS = {
    "timezone.now", "timezone.localdate", "timezone.localtime", "date.today", "datetime.now", "datetime.utcnow", "datetime.today",
    "dt.date.today", "dt.datetime.now", "dt.datetime.today", "datetime.date.today", "datetime.datetime.now", "time.time", "Now",
}  # fmt: skip


def test_only_the_clock_asks_for_the_time() -> None:
    # The queue of jobs compares with a library's own clock, which nobody moves.
    exempt = {"core/clock.py", "core/jobs.py", "config/serve.py", "config/bootstrap.py"}
    wrong = [
        f"{short(path)}:{node.lineno} {dotted(node)}"
        for path in modules()
        if short(path) not in exempt
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node) in CLOCKS
    ]
    assert wrong == []


def test_text_is_marked_safe_in_two_places_only() -> None:
    """Drawings of ours: icons and QR codes. Everything else is escaped; what joins escaped parts stands in two files."""
    wrong = [short(path) for path in modules() if "mark_safe" in path.read_text(encoding="utf-8")]
    wrong += [
        short(path) for path in sorted((ROOT / "templates").rglob("*.html"))
        if re.search(r"\|\s*safe\b|autoescape off|safeseq", path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert set(wrong) == {"core/templatetags/houqin.py", "campus/labels.py"}
    joins = {
        short(path) for path in modules() if re.search(r"SafeString\(|SafeText\(", path.read_text(encoding="utf-8"))
    }
    assert joins == {"core/listing.py", "core/forms.py"}


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    wrong = []
    for path in [*modules(), *sorted((ROOT / "tests").rglob("*.py"))]:
        found = tree(path)
        if not found.body:
            continue
        first = (ast.get_docstring(found) or "").split("\n\n")[0].strip()
        if not first or not first.rstrip('"').endswith((".", ":", "?")):
            wrong.append(f"{short(path)}: {first[:60]}")
    assert wrong == []


def test_no_file_is_too_long() -> None:
    files = [*modules(), *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "templates").rglob("*.html"))]
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_nothing_comes_from_another_host() -> None:
    files = [
        path for folder in ("templates", "static") for path in sorted((ROOT / folder).rglob("*")) if path.is_file()
    ]
    wrong = [
        f"{short(path)}: {found}"
        for path in files
        for found in re.findall(r"(?:https?:)?//[a-z0-9][\w.-]+\.[a-z]{2,}[^\s\"')]*", path.read_text(encoding="utf-8"))
        if not found.startswith("http://www.w3.org/")  # names of XML languages, never fetched
    ]
    assert wrong == []


def test_nobody_catches_everything() -> None:
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert wrong == []
