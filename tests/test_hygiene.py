"""What is left lying about: missing migrations, unused templates, names that lead nowhere, words that do not belong here."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command, get_commands
from django.template.loader import get_template
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.module_loading import import_string

from tests.test_architecture import APPS, ROOT, modules, short

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TEXTS = {".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".in", ".csv", ".json", ".example", ""}


def tracked() -> list[Path]:
    """The files that are in the repository or about to be; everything of ours where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not {".venv", ".git", "var"} & set(path.parts)]
    return [path for path in found if path.is_file() and path.suffix in TEXTS]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert out.getvalue().strip() in ("No changes detected", "没有检测到更改", "未检测到更改", "")


def test_each_app_has_one_migration_before_the_first_release() -> None:
    found = {
        app: sorted(path.name for path in (ROOT / app / "migrations").glob("0*.py"))
        for app in APPS
        if (ROOT / app / "models.py").exists()
    }
    assert found == {app: ["0001_initial.py"] for app in found}


def test_every_template_is_used() -> None:
    """By its name in a module or another template, or as the page that Django or `core.errors` takes by itself."""
    text = "\n".join(read(path) for path in [*modules(), *TEMPLATES])
    names = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
    unused = [name for name in names if f'"{name}"' not in text and f"'{name}'" not in text]
    assert unused == []


def test_every_template_that_is_named_exists() -> None:
    named = set()
    for path in modules():
        for node in ast.walk(ast.parse(read(path))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[\w/]+\.html", node.value)
            ):
                named.add(node.value)
    for path in TEMPLATES:
        named |= set(re.findall(r"{%\s*(?:include|extends)\s+[\"']([^\"']+)[\"']", read(path)))
    for name in sorted(named):
        get_template(name)


def url_names() -> set[str]:
    """Every name by which an address can be asked for."""
    found: set[str] = set()

    def walk(resolver: object, space: str) -> None:
        for key in resolver.reverse_dict:  # type: ignore[attr-defined]
            if isinstance(key, str):
                found.add(space + key)
        for name, (_, inner) in resolver.namespace_dict.items():  # type: ignore[attr-defined]
            walk(inner, f"{space}{name}:")

    walk(get_resolver(), "")
    return found


def test_every_address_named_in_a_template_or_module_exists() -> None:
    known, wrong = url_names(), []
    for path in TEMPLATES:
        wrong += [
            f"{short(path)}: {name}"
            for name in re.findall(r"{%\s*url\s+[\"']([^\"']+)[\"']", read(path))
            if name not in known
        ]
    for path in modules():
        for node in ast.walk(ast.parse(read(path))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "reverse",
                "reverse_lazy",
                "redirect",
            )
            if called and node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value not in known:
                wrong.append(f"{short(path)}:{node.lineno} {node.args[0].value}")
    assert wrong == []


def test_every_entry_of_the_menu_leads_somewhere() -> None:
    menu = import_string(settings.MENU)
    table = import_string(settings.ROLE_TABLE)
    for key, entry in menu.entries.items():
        try:
            assert reverse(entry.url).startswith("/")
        except NoReverseMatch:
            pytest.fail(f"menu entry {key} leads to {entry.url}, which is no address")
    known = set(menu.entries)
    assert {key for keys in (*menu.bars.values(), *menu.tabs.values()) for key in keys} <= known
    assert {key for _, keys in menu.groups for key in keys} <= known
    assert set(menu.roles) == set(menu.bars) == set(menu.tabs) == set(table)
    assert all(len(keys) == 3 for keys in menu.tabs.values())
    for role, keys in (*menu.bars.items(), *menu.tabs.items()):
        labels = [menu.entries[key].label for key in keys]
        assert len(set(labels)) == len(labels), f"two entries of {role} have one name"


def test_every_permission_that_is_asked_for_is_in_the_role_table() -> None:
    table = import_string(settings.ROLE_TABLE)
    held = {permission for permissions in table.values() for permission in permissions}
    heads = {permission.partition(":")[0] for permission in held}
    wanted = {word for entry in import_string(settings.MENU).entries.values() for word in entry.permission.split()}
    for path in modules():
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "can",
                "scopes",
                "holders",
            ):
                wanted |= {
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
            elif isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "permission" for one in node.targets):
                wanted |= {
                    one.value
                    for one in ast.walk(node.value)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
                }
    assert {one for one in wanted if one not in held and one not in heads} == set()


def test_dotted_paths_of_the_roof_lead_to_functions() -> None:
    panels = import_string(settings.PANELS)
    paths = [path for found in panels.values() for path in found]
    paths += [path for _, path in import_string(settings.TICK_TASKS)]
    paths += [settings.SCHOOL, settings.TODAY_WORDS]
    assert [path for path in paths if not callable(import_string(path))] == []


def test_every_daily_task_and_audit_of_an_app_is_called() -> None:
    named = {path for _, path in import_string(settings.TICK_TASKS)}
    for app in APPS:
        if (ROOT / app / "daily.py").exists():
            assert f"{app}.daily.run" in named, f"{app}.daily is never run"
    roof = "\n".join(read(path) for path in modules("config"))
    for app in APPS:
        if (ROOT / app / "audit.py").exists():
            assert f"{app}.audit" in roof or f"from {app} import audit" in roof, f"{app}.audit is never run"


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_templates_hold_no_style_and_no_script(path: Path) -> None:
    text = re.sub(r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}|{#.*?#}", "", read(path), flags=re.DOTALL)
    assert re.findall(r"\sstyle\s*=", text) == []
    assert re.findall(r"<[^>%]*\son[a-z]+\s*=", text) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if " src=" not in tag] == []
    assert "<style" not in text and "javascript:" not in text


def test_nothing_is_left_for_later_and_nothing_tells_of_the_workshop() -> None:
    own = {"tests/test_hygiene.py"}
    later = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    workshop = re.compile(
        r"/work/|/tmp/brief|\bsubagent|\bClaude\b|\bAnthropic\b|\bLLM\b|\bhelper [A-K]\b|\bBRIEF\b|\bAI assistant",
        re.IGNORECASE,
    )
    wrong = []
    for path in tracked():
        if short(path) in own or short(path).startswith("requirements/"):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if later.search(line) or workshop.search(line):
                wrong.append(f"{short(path)}:{number} {line.strip()[:100]}")
    assert wrong == []


def test_exclamation_marks_stay_out_of_what_people_read() -> None:
    wrong = [
        f"{short(path)}:{number}"
        for path in [*TEMPLATES, *modules()]
        for number, line in enumerate(read(path).splitlines(), 1)
        if "！" in line
    ]
    assert wrong == []


def test_no_secret_and_no_data_is_in_the_repository() -> None:
    names = {short(path) for path in tracked()}
    assert not {name for name in names if name.startswith("var/") or name in (".env", "db.sqlite3")}
    assert not {name for name in names if re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----", read(ROOT / name))} - {
        "tests/test_hygiene.py"
    }


def test_the_commands_of_the_readme_exist() -> None:
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README yet")
    known = set(get_commands()) | {"start", "test", "lint", "help"}
    found = re.findall(r"manage\.py +([a-z_]+)(.*)", read(path))
    assert {verb for verb, _ in found} <= known
    assert {"start", "test"} <= {verb for verb, _ in found}
    options = {
        word
        for _, rest in found
        for word in shlex.split(rest.partition("`")[0].partition("#")[0].partition("|")[0], posix=False)
        if word.startswith("--")
    }
    text = "\n".join(read(path) for path in [*modules("config"), ROOT / "tests" / "postgres.py"])
    assert {word for word in options if f'"{word.split("=")[0]}"' not in text} == set()


def test_files_that_the_readme_shows_exist() -> None:
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README yet")
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(path))
    assert [name for name in linked if not (ROOT / name).exists()] == []
