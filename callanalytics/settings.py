"""All settings: read from the environment, with defaults that run the embedded portal.

Secrets may be given as NAME or, for mounted secret files, as NAME_FILE holding a path.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

django_stubs_ext.monkeypatch()  # forms.ModelForm[User] and the like
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, with which no process may fork safely
BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
if (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))


def secret(name: str, default: str | None = None) -> str:
    """Return a secret from NAME, else from the file that NAME_FILE names, else the default."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return str(env.str(name, default) if default is not None else env.str(name))


def embedded_secret_key() -> str:
    """Return a random key kept beside the embedded data, so that no default key exists anywhere."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(os.urandom(48).hex(), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = secret("SECRET_KEY", "") or embedded_secret_key()
PIN_PEPPER = secret("PIN_PEPPER", "") or SECRET_KEY
"""Mixed into the PINs of Phone Lock before they are hashed; whoever changes it makes all PINs invalid."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
PORTAL_URL = env.str("PORTAL_URL", f"http://localhost:{env.int('PORT', 8000)}")
CALL_CONTROL_URL = env.str("CALL_CONTROL_URL", PORTAL_URL)
"""Where UCM asks about calls: the portal, or a web server of its own that has no pages to serve."""

INSTALLED_APPS = [
    "callanalytics",
    "accounting",
    "budget",
    "phonelock",
    "alarms",
    "reports",
    "xmlservices",
    "callanalytics.apps.SetUpConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "widget_tweaks",
    "csp",
    "callanalytics.apps.SignInProtectionConfig",
]

MIDDLEWARE = [
    "phonelock.middleware.CallControlMiddleware",
    "xmlservices.middleware.PhonesFirst",
    "callanalytics.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounting.gadget_middleware.GadgetsApart",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounting.gadget_middleware.GadgetSessions",
    "callanalytics.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounting.middleware.ActorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "callanalytics.urls"
WSGI_APPLICATION = "callanalytics.wsgi.application"
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
                "django.template.context_processors.i18n",
                "callanalytics.context_processors.portal",
            ],
            "builtins": ["callanalytics.templatetags.ui"],
        },
    }
]

# Database: SQLite embedded, PostgreSQL by DATABASE_URL.
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        secret("DATABASE_URL", f"sqlite:///{DATA_DIR / 'callanalytics.sqlite3'}"),
        conn_max_age=env.int("DATABASE_CONN_MAX_AGE", 60),
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    # WAL without IMMEDIATE fails with "database is locked" under two writers; measured, see ARCHITECTURE.md.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
        ),
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A server that has vanished is noticed within half a minute, not after a quarter of an hour; milliseconds last.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    } | DATABASES["default"].get("OPTIONS", {})  # fmt: skip
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Work in the background: Redis by REDIS_URL, else files in DATA_DIR.
REDIS_URL = secret("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "files://localhost"
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            # Another database than the broker's: clearing a cache empties its whole database.
            "LOCATION": secret("CACHE_URL", urlsplit(REDIS_URL)._replace(path="/1").geturl()),
        }
    }
else:
    QUEUE_DIR = DATA_DIR / "queue"
    for folder in ("messages", "processed", "control"):
        (QUEUE_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "polling_interval": 0.25,  # seconds; the default of 1 delays every task
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "processed_folder": str(QUEUE_DIR / "processed"),
        "control_folder": str(QUEUE_DIR / "control"),
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 1500
CELERY_TASK_SOFT_TIME_LIMIT = 1200
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Collecting
INBOX_DIR = Path(env.str("INBOX_DIR", str(DATA_DIR / "inbox")))
ARCHIVE_DIR = Path(env.str("ARCHIVE_DIR", str(DATA_DIR / "archive")))
SET_ASIDE_DIR = Path(env.str("SET_ASIDE_DIR", str(DATA_DIR / "set_aside")))

# The columnar copy of the call records, which answers reports: what each process may take for a question.
COLUMNS_THREADS = env.int("COLUMNS_THREADS", 2)
COLUMNS_MEMORY = env.str("COLUMNS_MEMORY", "512MB")
REPORT_SECONDS = env.float("REPORT_SECONDS", 30.0)
"""How long the page of a report may ask the copy; exports in the background may take longer."""

# Desk phones listen on port 80; simulated ones elsewhere.
PHONE_PORT = env.int("PHONE_PORT", 80)
DEMO_PHONES = env.str("DEMO_PHONES", "")
"""Where the demo's simulated phones are asked what they show; run_portal sets it for the demo organisation."""

# Sign-in: local accounts, and the directory of the set-up or, where that is not enabled, of these variables.
AUTH_USER_MODEL = "accounting.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    # Local accounts first: they must not wait for a directory that is away.
    "accounting.services.local_accounts.LocalBackend",
    "accounting.services.signing_in.DirectoryBackend",
]
LDAP_SERVER_URI = env.str("LDAP_SERVER_URI", "")
LDAP_BIND_DN = env.str("LDAP_BIND_DN", "")
LDAP_BIND_PASSWORD = secret("LDAP_BIND_PASSWORD", "")
LDAP_USER_BASE = env.str("LDAP_USER_BASE", "")
LDAP_USER_FILTER = env.str("LDAP_USER_FILTER", "(sAMAccountName=%(user)s)")
LDAP_START_TLS = env.bool("LDAP_START_TLS", False)
LDAP_CA_FILE = env.str("LDAP_CA_FILE", "")
LDAP_TIMEOUT = env.int("LDAP_TIMEOUT", 3)  # seconds for each step
LDAP_ADMINISTRATORS_GROUP = env.str("LDAP_ADMINISTRATORS_GROUP", "")
LDAP_SUPERVISORS_GROUP = env.str("LDAP_SUPERVISORS_GROUP", "")

# Throttle of wrong passwords: by user name and address, and by address alone; counted in the database.
PROXY_COUNT = env.int("PROXY_COUNT", 1) if env.bool("BEHIND_PROXY", False) else 0
AXES_HANDLER = "accounting.services.throttling.Throttle"
AXES_ENABLE_ADMIN = False  # the set-up shows what administrators need of it
AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURE_LIMIT", 8)
SIGN_IN_ADDRESS_LIMIT = env.int("SIGN_IN_ADDRESS_LIMIT", 50)  # a whole office may share an address
AXES_COOLOFF_TIME = timedelta(minutes=env.int("SIGN_IN_COOLOFF_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "accounting.views.gadgets.locked_out"
AXES_USERNAME_CALLABLE = "accounting.views.signing_in.throttled_name"
AXES_CLIENT_IP_CALLABLE = "callanalytics.web.requests.client_address"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True  # the log lines tell; a table would grow for ever
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "menu"
LOGOUT_REDIRECT_URL = "sign_in"

API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 120)
"""Of each access token; more are answered with 429."""

# Languages and formats
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("ar", _("Arabic")),
    ("pl", _("Polish")),
    ("it", _("Italian")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["callanalytics.formats"]
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = env.str("TIME_ZONE", "Europe/Berlin")  # the organisation's default zone: days of totals, start pages

# Files served
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "callanalytics.static_files.NamedFiles"
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "woff2", "png", "ico"]

# Security (ASVS 5.0, chapter 3)
HTTPS = env.bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "accounting.views.gadgets.out_of_date"
GADGET_SESSION_COOKIE_NAME = "__Secure-gadget" if HTTPS else "gadget"
GADGET_CSRF_COOKIE_NAME = "__Secure-gadget-csrf" if HTTPS else "gadget-csrf"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", 12) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db" if REDIS_URL else "django.contrib.sessions.backends.db"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # load balancers ask from inside, without HTTPS
# Subdomains and preload lists are a decision of the domain's owner.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Mail: the server of the set-up, else this one.
EMAIL_BACKEND = "accounting.services.mailing.MailBackend"
EMAIL_HOST = env.str("SMTP_HOST", "localhost")
EMAIL_PORT = env.int("SMTP_PORT", 25)
EMAIL_HOST_USER = env.str("SMTP_USER", "")
EMAIL_HOST_PASSWORD = secret("SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.bool("SMTP_STARTTLS", False)
EMAIL_TIMEOUT = 10
MAIL_ATTACHMENT_MB = env.int("MAIL_ATTACHMENT_MB", 20)  # larger files are refused; most mail servers take no more
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "callanalytics@localhost")

# Logs: one JSON object a line where LOG_FORMAT=json.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "callanalytics.logs.formatter", "as_json": env.str("LOG_FORMAT", "text") == "json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "filters": {
        "refusals": {"()": "callanalytics.logs.RefusalsInOneLine"},
        "no_queries": {"()": "callanalytics.logs.WithoutQueries"},
    },
    "loggers": {
        "celery": {"level": "WARNING"},
        # Both name the whole address of each request, and whoever knows that of a webhook can post there.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "django_auth_ldap": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},
        "django.request": {"filters": ["refusals"]},
        "django.server": {"filters": ["no_queries"]},
    },
}
