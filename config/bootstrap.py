"""What happens before the environment is there: build `.venv` from the hashed locks, then go on inside it.

Standard library only, and a syntax that Pythons too old for us still read, so that they can say so in one line.
"""

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "houqin-locks.json")
WINDOWS = os.name == "nt"
VENV_PYTHON = os.path.join(VENV, "Scripts", "python.exe") if WINDOWS else os.path.join(VENV, "bin", "python")
OLDEST = (3, 11)

USAGE = """用法 / usage: python3 manage.py <命令>
  start   安装并启动，打开 http://127.0.0.1:8000 （start --help 看选项） / install and serve
  test    运行全部测试 / run every test
  lint    检查代码 / check the code
  help    其他命令（先 start 一次） / the other commands, once started"""


class Refused(Exception):
    """Something that the person at the keyboard has to change; its text is the one line he sees."""


def say(text):
    """Print at once, also into a pipe and on a console that lacks some of the characters."""
    coding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(coding, "replace").decode(coding), flush=True)


def main(words):
    """Run `manage.py` with these words; the return value is the exit code."""
    try:
        check_python(sys.version_info)
        return dispatch(words)
    except Refused as refusal:
        say("✗ {}".format(refusal))
        return 1
    except KeyboardInterrupt:
        return 130


def check_python(version):
    """Refuse a Python that is too old, naming a better one if the machine has it."""
    if tuple(version[:2]) >= OLDEST:
        return
    better = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    hint = "，本机可用 {}".format(better[0]) if better else ""
    raise Refused(
        "需要 Python 3.11 或更新版本，当前是 {}.{}{}。(Python 3.11+ is needed{})".format(
            version[0], version[1], hint, ", use " + better[0] if better else ""
        )
    )


def dispatch(words):
    """Send a verb where it belongs."""
    verb = words[0] if words else ""
    if verb in ("", "-h", "--help"):
        say(USAGE)
        return 0 if verb else 1
    if verb == "start":
        options = start_options(words[1:])
        if not inside():
            check_port(options.host, options.port)
            install("base")
            return enter(words)
        from config import serve

        return serve.start(options)
    if verb == "test":
        install("base", "dev")
        return run([VENV_PYTHON, "-m", "pytest"] + spread(words[1:]) + words[1:])
    if verb == "lint":
        install("base", "dev", "lint")
        return lint()
    if not inside():
        if not works():
            raise Refused("还没有运行环境，请先运行一次 python3 manage.py start。(run `python3 manage.py start` first)")
        return enter(words)
    return django(words)


def django(words):
    """Run a command of Django's or of ours, inside the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["manage.py"] + words)
    except ImproperlyConfigured as error:
        raise Refused(error) from None
    return 0


def start_options(words):
    """The options of `start`."""
    parser = argparse.ArgumentParser(prog="manage.py start", description="安装（首次）并启动后勤台 / install and serve")
    parser.add_argument("--port", type=int, default=8000, help="端口，默认 8000 / port")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机 / address to listen on")
    parser.add_argument("--no-demo", action="store_true", help="不装演示数据，从空库开始 / start with an empty school")
    parser.add_argument("--demo", action="store_true", help="允许演示库监听其他地址 / let the demo listen elsewhere")
    options = parser.parse_args(words)
    if not 0 < options.port < 65536:
        raise Refused("端口须在 1 到 65535 之间。(no such port)")
    if options.demo and options.no_demo:
        raise Refused("--demo 与 --no-demo 只能选一个。(choose one)")
    return options


def check_port(host, port):
    """Refuse a port that somebody else listens on, before minutes are spent on anything."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if not WINDOWS:  # there the option means "take it anyway"
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise Refused("本机没有地址 {}。(this machine has no address {})".format(host, host)) from None
        except PermissionError:
            raise Refused("没有权限使用端口 {}，请用 --port 8000。(no right to port {})".format(port, port)) from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Refused("本机没有地址 {}。(this machine has no address {})".format(host, host)) from None
            raise Refused(
                "端口 {} 已被占用，请用 --port {} 换一个。(port {} is taken)".format(port, port + 1, port)
            ) from None


def inside():
    """Do we run in our own environment?"""
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def works():
    """Is there an environment that a complete installation has left?"""
    return os.path.exists(VENV_PYTHON) and "base" in stamps()


def run(command):
    """Run a command in the project's folder in our place: the same process where the system can do that."""
    os.chdir(ROOT)
    if WINDOWS:
        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(command[0], command)
    return 1


def enter(words):
    """Go on inside the environment."""
    return run([VENV_PYTHON, os.path.join(ROOT, "manage.py")] + words)


def spread(words):
    """The whole suite runs on all cores, up to four; what somebody picks runs in one process, easier to read."""
    picked = any(os.path.exists(os.path.join(ROOT, word.split("::")[0])) for word in words if word[:1] != "-")
    if picked or any(re.match(r"-n|--numprocesses|--pdb|-s$|-x$|--collect-only|--co$", word) for word in words):
        return []
    return ["-n", "auto", "--maxprocesses", "4"]


def lint():
    """Run all code checks, say which failed."""
    typed = ["core"]
    for name in sorted(os.listdir(ROOT)):
        parts = (
            [os.path.join(name, part) for part in ("rules.py", "services.py", "services", "plan.py")]
            if name != "core"
            else []
        )
        typed += [part for part in parts if os.path.exists(os.path.join(ROOT, part))]
    checks = (
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "djlint", "--lint", "--quiet", "templates"],
        ["-m", "mypy"] + typed,
    )
    failed = []
    for check in checks:
        say("$ " + " ".join(check[1:]))
        if subprocess.call([VENV_PYTHON] + check, cwd=ROOT):
            failed.append(check[1])
    if failed:
        raise Refused("未通过：{} (failed)".format("、".join(failed)))
    say("✓ lint")
    return 0


def digest(lock):
    """What identifies an installed lock: its text and the Python it was installed for."""
    with open(os.path.join(ROOT, "requirements", lock + ".txt"), "rb") as file:
        text = file.read().replace(b"\r\n", b"\n")
    version = "{}.{}".format(*sys.version_info[:2])
    return hashlib.sha256(text + version.encode("ascii")).hexdigest()


def stamps():
    """Which locks the environment holds: {name: digest}."""
    try:
        with open(STAMP, encoding="ascii") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def install(*locks):
    """See that `.venv` holds these locks; costs nothing when it does."""
    have = stamps()
    missing = [lock for lock in locks if have.get(lock) != digest(lock)]
    if not missing and os.path.exists(VENV_PYTHON):
        return
    if inside():
        own = VENV_PYTHON  # pip replaces packages under a running Python without harm: none of them is loaded yet
    else:
        own = build()
    pip(own, missing)
    have = stamps()
    have.update((lock, digest(lock)) for lock in missing)
    with open(STAMP + ".new", "w", encoding="ascii") as file:
        json.dump(have, file)
    os.replace(STAMP + ".new", STAMP)


def build():
    """Make `.venv` unless a Python of this version answers in it."""
    version = "{}.{}".format(*sys.version_info[:2])
    if os.path.exists(VENV_PYTHON):
        probe = [VENV_PYTHON, "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
        found = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if found.returncode == 0 and found.stdout.decode("ascii").strip() == version:
            return VENV_PYTHON
    say("▸ 建立运行环境 .venv（Python {}）… / building the environment".format(version))
    if not os.access(ROOT, os.W_OK):
        raise Refused("没有权限写入 {}，请换一个文件夹或用户。(no write permission in {})".format(ROOT, ROOT))
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode:
        text = made.stdout.decode("utf-8", "replace").strip()
        if "ensurepip" in text:
            raise Refused(
                "这台机器的 Python 缺少 venv 组件，请先安装，如 apt install python3-venv。(install python3-venv first)"
            )
        raise Refused("不能建立 .venv：{} (cannot build .venv)".format(text.splitlines()[-1] if text else "?"))
    return VENV_PYTHON


def pip(python, locks):
    """Install locks with a line of progress a package; a folder `wheelhouse` takes the place of the network."""
    command = [python, "-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off"]
    house = os.path.join(ROOT, "wheelhouse")
    if os.path.isdir(house):
        command += ["--no-index", "--find-links", house]
    total = 0
    for lock in locks:
        path = os.path.join(ROOT, "requirements", lock + ".txt")
        command += ["-r", path]
        with open(path, encoding="utf-8") as file:
            total += sum("==" in line for line in file)
    say("▸ 安装 {} 个组件{}… / installing".format(total, "（离线 wheelhouse）" if os.path.isdir(house) else ""))
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, PYTHONUTF8="1")
    )
    count, last = 0, []
    for raw in process.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        last = (last + [line])[-12:]
        name = re.match(r"(?:Collecting|Requirement already satisfied:) ([^=<>~! ]+)", line)
        if name:
            count += 1
            say("  {:>2}/{} {}".format(min(count, total), total, name.group(1)))
        elif line.startswith("Installing collected packages"):
            say("  写入文件… / unpacking")
    if process.wait():
        for line in last:
            say("    " + line)
        raise Refused(
            "组件没有装好，原因见上；没有网络时请按 README 准备 wheelhouse 文件夹，然后再运行一次。"
            "(installation failed, see above; offline: prepare a wheelhouse folder)"
        )
