"""Settings: everything comes from the environment or `.env`; without either, a school on one machine with SQLite."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules or os.environ.get("HOUQIN_TESTING") == "1"  # the variable: processes that tests start

env = environ.Env()
if TESTING:  # tests never touch real data, whatever stands in .env
    os.environ["HOUQIN_TESTING"] = "1"
    if "HOUQIN_VAR" not in os.environ:
        os.environ["HOUQIN_VAR"] = tempfile.mkdtemp(prefix="houqin-test-")
else:
    env.read_env(BASE_DIR / ".env")

VAR = Path(env.str("HOUQIN_VAR", "") or BASE_DIR / "var")

# --- Database -------------------------------------------------------------------------------------------------------

SQLITE_SYNCHRONOUS = "OFF" if TESTING else "FULL"  # what a page confirmed survives a power cut; tests need not


def database() -> dict[str, Any]:
    """The database by DATABASE_URL; without it an SQLite file in `var/`."""
    if env.str("DATABASE_URL", ""):
        found: dict[str, Any] = env.db_url("DATABASE_URL")
    else:
        found = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(VAR / "houqin.sqlite3")}
    options = found.setdefault("OPTIONS", {})
    if found["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE: a transaction that reads and then writes takes its turn at its start instead of failing as "locked".
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-16000;",  # 16 MB of pages a connection, instead of 2
        }
        found["TEST"] = {
            "NAME": str(VAR / "test.sqlite3")
        }  # a file: threads and processes meet in it as they really do
    else:
        options.setdefault("connect_timeout", 5)
        found |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", 600), "CONN_HEALTH_CHECKS": True}
    return found


DATABASES = {"default": database()}
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Safety ---------------------------------------------------------------------------------------------------------

HTTPS = env.bool("HOUQIN_HTTPS", False)  # the one switch: cookies, HSTS and redirects follow it
PRODUCTION = env.bool("HOUQIN_PRODUCTION", (HTTPS or not SQLITE) and not TESTING)
DEBUG = env.bool("DEBUG", False)
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=LOOPBACK)
PROXY_HOPS = env.int("PROXY_HOPS", 0)  # reverse proxies in front of us; 0: X-Forwarded-* is not believed

_KEY_NOT_ONE = ("change-me", "changeme", "django-insecure", "secret")


def weak(key: str) -> bool:
    """Is this no secret key: too short, too plain, or copied from an example?"""
    return len(key) < 40 or len(set(key)) < 10 or key.lower().startswith(_KEY_NOT_ONE)


def secret_key() -> str:
    """The key from SECRET_KEY; on one machine without it, a key made once and kept in `var/secret_key`."""
    key = env.str("SECRET_KEY", "")
    if PRODUCTION:
        if weak(key):
            raise ImproperlyConfigured(
                "SECRET_KEY 未设置或太弱：正式部署须在 .env 或环境变量中设置至少 50 位的随机密钥。"
                "(production needs a random SECRET_KEY of 50 characters)"
            )
        return key
    if key or TESTING:
        return key or "tests-only-0123456789abcdefghijklmnopqrstuvwxyz-never-served"
    path = VAR / "secret_key"
    try:
        if not path.exists():
            VAR.mkdir(parents=True, exist_ok=True)
            own = path.with_name(f"secret_key.{os.getpid()}")
            with open(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(50))
            if path.exists():  # another process was first by a moment
                own.unlink()
            else:
                own.replace(path)
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(f"不能读写 {path}：{error.strerror} (no write permission)") from error


SECRET_KEY = secret_key()

if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("正式部署不能打开 DEBUG。(DEBUG must be off in production)")
    if "*" in ALLOWED_HOSTS or not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS 须写明本站的域名，不能为空或 *。(name the hosts in ALLOWED_HOSTS)")

CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "core.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if HTTPS else None  # over plain http browsers only log a warning
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the machine itself, over plain http
# This host speaks for itself only: other hosts of the school's domain and browsers' preload lists are not its to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"] if HTTPS else []
if PROXY_HOPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # the longest; campus.sessions shortens it by role
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Parts ----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "workplan",
    "dormitory",
    "classrooms",
    "canteen",
    "inspections",
    "repairs",
    "assets",
    "stores",
    "finance",
    "campus",
    "core",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "lucide",
    "django_filters",
    "csp",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "core.middleware.RequestId",
    "core.middleware.DatabaseDown",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "campus.sessions.SessionLimits",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.frame",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

ROLE_TABLE = "config.roles.ROLES"
PANELS = "config.panels.PANELS"
MENU = "config.menu.MENU"
SCHOOL = "campus.profile.current"
TODAY_WORDS = "campus.calendar.today_words"
TICK_TASKS = "config.tick_tasks.TASKS"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- People ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "campus.User"
AUTHENTICATION_BACKENDS = ["core.rights.RoleBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "config:home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- Files ----------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"  # outside every served folder: core.files hands files out after asking for rights
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TESTING or DEBUG
FILE_UPLOAD_PERMISSIONS = 0o640
UPLOAD_LIMIT = env.int("UPLOAD_LIMIT_MB", 20) * 1024 * 1024  # one file
REQUEST_LIMIT = 256 * 1024 * 1024  # one request, refused before it is read
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # a form without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a whole floor in one grid
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Mail: off unless EMAIL_URL is set; every page works without it --------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", "houqin@localhost")
EMAIL_TIMEOUT = 10

# --- Log: one line an event, with the reference number that the error page shows -------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "core.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING"), "propagate": False},
        "houqin": {"level": env.str("LOG_LEVEL", "INFO")},
    },
}

if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
