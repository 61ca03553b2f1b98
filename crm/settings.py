"""Every setting of Dossier, driven by the environment.

`DOSSIER_MODE` is one of
- `trial` (the default): one machine, local addresses only; what is missing – database, broker, secret – comes along;
- `test`: the same, for the test suite;
- `production`: nothing has a default that could be guessed, and what is missing stops the program.
"""

import os
from pathlib import Path

import environ
import pghistory
from django.core.exceptions import ImproperlyConfigured

from crm.core import logs, secrets

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODE = env.str("DOSSIER_MODE", default="test" if "PYTEST_VERSION" in os.environ else "trial")
if MODE not in {"trial", "test", "production"}:
    raise ImproperlyConfigured(f"DOSSIER_MODE is {MODE!r}; it must be trial, test or production.")
PRODUCTION = MODE == "production"
VAR_DIR = Path(env.str("DOSSIER_VAR", default=str(BASE_DIR / "var" / "test" if MODE == "test" else BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if PRODUCTION:
    secrets.refuse_unsafe(SECRET_KEY, debug=DEBUG, database=env.str("DATABASE_URL", default=""))
else:
    SECRET_KEY = SECRET_KEY or secrets.kept_in(VAR_DIR / "secret_key")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# What the company is.
BASE_CURRENCY = env.str("BASE_CURRENCY", default="CNY")
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")

INSTALLED_APPS = [
    "crm",
    "crm.core",
    "archives",
    "scoring",
    "credit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "tree_queries",
    "template_partials",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.core.middleware.CompressionMiddleware",
    "crm.core.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.core.middleware.LanguageMiddleware",
    "crm.core.middleware.SessionAgeMiddleware",
    "crm.core.middleware.AddressMiddleware",
    "crm.core.signing_in.SignInMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.views.errors.ExplainMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

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
                "crm.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "crm.core.templatetags.dossier",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# --- Database: PostgreSQL, the company's or the one that comes along ------------------------------------------------
if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db("DATABASE_URL", engine="django.db.backends.postgresql")}
else:
    DATABASES = {"default": {"ENGINE": "crm.core.embedded", "NAME": env.str("DATABASE_NAME", default="dossier")}}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["OPTIONS"].setdefault(
    "options",
    f"-c lock_timeout={env.str('DB_LOCK_TIMEOUT', default='10s')}"
    f" -c statement_timeout={env.str('DB_STATEMENT_TIMEOUT', default='0')}"
    " -c idle_in_transaction_session_timeout=60s",
)
PGHISTORY_CONTEXT_FIELD_TYPE = "pghistory.ContextForeignKey"
PGHISTORY_LEVEL = pghistory.Statement  # one trigger for ten thousand rows: seven times as fast

# --- Broker and cache: Redis, or files and the database -------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}

QUEUE_DIR = Path(env.str("DOSSIER_QUEUE", default=str(VAR_DIR / "queue")))
CELERY_BROKER_URL = REDIS_URL or "folder://localhost//"  # crm.core.file_broker
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 900,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": env.str("DOSSIER_QUEUE_PREFIX", default="dossier:"),
    }
    if REDIS_URL
    else {
        "data_folder_in": str(QUEUE_DIR),
        "data_folder_out": str(QUEUE_DIR),
        "control_folder": str(QUEUE_DIR.with_name(QUEUE_DIR.name + "-control")),
        "polling_interval": 0.1,
    }
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)

# --- What goes out, and how much may come in ------------------------------------------------------------------------
# On: webhooks may call addresses of the company's own network, also without TLS. Off: public addresses by https only.
WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = env.bool("WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS", default=False)
CHANGES_KEPT_DAYS = env.int("CHANGES_KEPT_DAYS", default=30)
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=60_000)  # of each token and each person; 0: no limit

# --- Signing in -----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "crm.core.signing_in.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"} if MODE != "test" else False
CSRF_FAILURE_VIEW = "crm.views.stale_form"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_day"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=2 * 3600)
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True

# --- Transport ------------------------------------------------------------------------------------------------------
# A proxy that speaks TLS in front says who is asking; without one, what a visitor claims is not believed.
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_TLS_PROXY)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    if BEHIND_TLS_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
BULK_FILE_MAX_BYTES = env.int("BULK_FILE_MAX_BYTES", default=1024 * 1024 * 1024)  # unpacked
FILE_UPLOAD_MAX_BYTES = 20 * 1024 * 1024

# --- Languages ------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_TZ = True
FORMAT_MODULE_PATH = ["crm.formats"]

# --- Files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "crm.static_files.HashedFiles"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

# --- REST -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.core.api.access.BearerAuthentication",
        "crm.core.api.access.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["crm.core.api.access.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["crm.core.api.formats.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["crm.core.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "crm.core.api.filters.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "crm.core.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["crm.core.api.quota.CallsPerMinute"],
    "EXCEPTION_HANDLER": "crm.core.api.problems.problem_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dossier REST interface",
    "DESCRIPTION": "Customer archives, scores, credit limits and order checks.",
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # nobody outside is asked
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "crm.api_examples.add_examples"],
    "ENUM_NAME_OVERRIDES": {
        "BulkModeEnum": ["partial", "atomic"],
        "SegmentEnum": "archives.choices.Segment",
        "RatingEnum": "scoring.rules.Rating",
        "CustomerStatusEnum": "archives.choices.CustomerStatus",
        "DocumentKindEnum": "archives.choices.DocumentKind",
        "OrderStatusEnum": "archives.choices.OrderStatus",
        "SyncDecisionEnum": "archives.choices.SyncDecision",
        "SyncStateEnum": "archives.choices.SyncState",
        "ReportKindEnum": "archives.choices.ReportKind",
        "VisitKindEnum": "archives.choices.VisitKind",
        "LimitModeEnum": "credit.models.LimitMode",
    },
}

# --- Logs: one JSON object a line, with the request's id ------------------------------------------------------------
LOGGING = logs.configuration(level=env.str("LOG_LEVEL", default="CRITICAL" if MODE == "test" else "INFO"))
DJANGO_STRUCTLOG_CELERY_ENABLED = False
