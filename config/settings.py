"""One settings module. What differs between machines is an environment variable (.env.example)."""

from pathlib import Path

from celery.schedules import schedule

from config import env
from config.backoffice import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
MODE = env.mode()
IS_PRODUCTION = MODE == "production"
IS_TEST = MODE == "test"
DEBUG = env.flag("DEBUG", MODE == "development")

# --- secrets -------------------------------------------------------------------------------------

DEFAULT_SECRET = "only-for-development-and-tests-" * 2
SECRET_KEY = env.text("SECRET_KEY", DEFAULT_SECRET)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
JWT_SECRET = env.text("JWT_SECRET", SECRET_KEY)
for _name, _secret, _least in (("SECRET_KEY", SECRET_KEY, 50), ("JWT_SECRET", JWT_SECRET, 32)):
    if IS_PRODUCTION and (_secret == DEFAULT_SECRET or len(_secret) < _least):
        raise env.BadSetting(_name, f"production needs its own, of {_least} characters or more.")
if IS_PRODUCTION and DEBUG:
    raise env.BadSetting("DEBUG", "must be off in production.")

# --- the web -------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if IS_PRODUCTION else "*")
if IS_PRODUCTION and not ALLOWED_HOSTS:
    raise env.BadSetting("ALLOWED_HOSTS", "production must name its hosts.")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
# A widget on any site may ask the APIs; what it may do is said by its key, never by a cookie.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_ALL_ORIGINS = not CORS_ALLOWED_ORIGINS
CORS_URLS_REGEX = r"^/(?:api/)?v1/"
CORS_ALLOW_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "x-business-id",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "idempotency-replayed",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)
PUBLIC_URL = env.url("PUBLIC_URL", "http://127.0.0.1:8000", ("https", "http")).rstrip("/")
# Where pages hear that something changed: the next port, or the same host behind a proxy.
LIVE_URL = env.url("LIVE_URL", env.beside(PUBLIC_URL, "/live/"), ("https", "http"))
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", IS_PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|health|metrics)/?$"]
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000 if IS_PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SESSION_COOKIE_SECURE = IS_PRODUCTION
CSRF_COOKIE_SECURE = IS_PRODUCTION
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "lucide",
    "config",
    "accounts",
    "resources",
    "availability",
    "billing",
    "bookings",
]
MIDDLEWARE = [
    "config.observing.Observe",
    "config.cors.Cors",
    "django.middleware.security.SecurityMiddleware",
    "config.health.ForWatchers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # a redirect would lose a POST's body; both forms are routed instead
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
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "admin:index"
LOGIN_URL = "desk:sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if IS_TEST:  # a slow hash is the point of it, and not of a test
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
# Pages speak these (bookings/web/languages.py); the APIs speak what their protocols say.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles" if IS_PRODUCTION else None  # else served where they lie
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG or IS_TEST  # else each client in a test lists every file anew
if IS_PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "config.static.Storage"},
    }

# --- where things are kept -----------------------------------------------------------------------

DATABASES = {
    "default": env.database(
        "DATABASE_URL", "postgres://postgres@127.0.0.1:5432/openbook", pooled=not IS_TEST
    )
}
# A transaction pooler hands every transaction another connection, so nothing may outlive one.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.flag("DATABASE_BEHIND_PGBOUNCER", False)
# The live stream listens, which nobody can through a pooler.
LIVE_DATABASE = env.database(
    "LIVE_DATABASE_URL",
    env.text("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/openbook"),
    pooled=False,
)
REDIS_URL = env.url("REDIS_URL", "redis://127.0.0.1:6379/0", ("redis", "rediss"))

# --- Openbook itself -----------------------------------------------------------------------------

DEMO = env.flag("OPENBOOK_DEMO", False)
if IS_PRODUCTION and DEMO:
    raise env.BadSetting("OPENBOOK_DEMO", "must be off in production: it shows mails to anybody.")
DEFAULT_PLAN = env.text("DEFAULT_PLAN", "scale")
SANDBOX_UNLOCKS_DYNAMIC = env.flag("SANDBOX_UNLOCKS_DYNAMIC", False)
DOORBELL = env.flag("DOORBELL", not IS_TEST)
WEBHOOKS_ALLOW_PRIVATE = env.flag("WEBHOOKS_ALLOW_PRIVATE", False)
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "")
STRIPE_PUBLISHABLE_KEY = env.text("STRIPE_PUBLISHABLE_KEY", "")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = env.url("STRIPE_API_BASE", "", ("https", "http"))  # empty: Stripe's own
if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRET:
    raise env.BadSetting(
        "STRIPE_WEBHOOK_SECRET", "must be set: else anybody could call in payments."
    )
# Without an EMAIL_URL guests are not written to.
_mail = env.mail("EMAIL_URL", "memorymail://" if IS_TEST else "")
SENDS_MAIL = bool(_mail)
vars().update(_mail)
MAIL_FOLDER: str = _mail.get("EMAIL_FILE_PATH", "")  # where the mails are, if they are files
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 15, least=1)  # seconds for each step of sending
DEFAULT_FROM_EMAIL = env.address("EMAIL_FROM", "bookings@localhost")
if IS_PRODUCTION and SENDS_MAIL and not env.text("EMAIL_FROM", ""):
    raise env.BadSetting("EMAIL_FROM", "must be set: an address that your mail server lets us use.")

# --- Google Actions Center -----------------------------------------------------------------------

GOOGLE_SANDBOX = env.flag("GOOGLE_SANDBOX", False)  # tell Google of sandboxes, and of nothing else
GOOGLE_CHECK_AVAILABILITY = env.flag("GOOGLE_CHECK_AVAILABILITY", False)
GOOGLE_FEEDS_FOLDER = env.folder("GOOGLE_FEEDS_FOLDER")
GOOGLE_FEED_DAYS = env.number("GOOGLE_FEED_DAYS", 30, least=30)
GOOGLE_PARTY_SIZES = env.number("GOOGLE_PARTY_SIZES", 10, least=1)
GOOGLE_SFTP_HOST = env.text("GOOGLE_SFTP_HOST", "")
GOOGLE_SFTP_PORT = env.number("GOOGLE_SFTP_PORT", 19321, least=1)
GOOGLE_SFTP_USERS = env.pairs(
    "GOOGLE_SFTP_USERS", ("merchants", "services", "availability", "generic")
)
GOOGLE_SFTP_KEY = env.text("GOOGLE_SFTP_KEY", "")
GOOGLE_SFTP_HOST_KEY = env.text("GOOGLE_SFTP_HOST_KEY", "")
if GOOGLE_SFTP_HOST and not (GOOGLE_SFTP_KEY and GOOGLE_SFTP_HOST_KEY):
    raise env.BadSetting("GOOGLE_SFTP_HOST", "needs GOOGLE_SFTP_KEY and GOOGLE_SFTP_HOST_KEY too.")
if GOOGLE_PARTY_SIZES > 20:
    raise env.BadSetting("GOOGLE_PARTY_SIZES", "must be at most 20.")
GOOGLE_PARTNER_ID = env.text("GOOGLE_PARTNER_ID", "")
GOOGLE_SERVICE_ACCOUNT = env.text("GOOGLE_SERVICE_ACCOUNT", "")
GOOGLE_API_BASE = env.url(
    "GOOGLE_API_BASE",
    f"https://{'partnerdev-' if GOOGLE_SANDBOX else ''}mapsbooking.googleapis.com",
    ("https", "http"),
)
GOOGLE_INVENTORY_UPDATES = env.flag("GOOGLE_INVENTORY_UPDATES", True)

# --- what others may see -------------------------------------------------------------------------

METRICS_TOKEN = env.text("METRICS_TOKEN", "")
# Where the workers of one server leave their figures, so that any of them can tell of all.
METRICS_FOLDER = env.folder("PROMETHEUS_MULTIPROC_DIR")

# --- Celery: a doorbell, not a mailbox -----------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_BEAT_SCHEDULE_FILENAME = env.text("CELERY_BEAT_SCHEDULE_FILENAME", "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # An undone run is worth nothing once the next is due, hence `expires`.
    "expire-holds": {
        "task": "bookings.tasks.expire_holds",
        "schedule": schedule(30),
        "options": {"expires": 30},
    },
    "deliver-outbox": {
        "task": "bookings.tasks.deliver_outbox",
        "schedule": schedule(5),
        "options": {"expires": 5},
    },
    "plan-reminders": {
        "task": "bookings.tasks.plan_reminders",
        "schedule": schedule(600),
        "options": {"expires": 600},
    },
    "send-sandbox-notices": {
        "task": "billing.tasks.send_sandbox_notices",
        "schedule": schedule(5),
        "options": {"expires": 5},
    },
    "end-trials": {
        "task": "billing.tasks.end_trials",
        "schedule": schedule(3600),
        "options": {"expires": 3600},
    },
    "promote-waitlist": {
        "task": "bookings.tasks.promote_waitlist",
        "schedule": schedule(15),
        "options": {"expires": 15},
    },
    "lay-out-schedules": {
        "task": "bookings.tasks.lay_out_schedules",
        "schedule": schedule(1800),
        "options": {"expires": 1800},
    },
    "send-google-updates": {
        "task": "bookings.api.google.tasks.send_updates",
        "schedule": schedule(5),
        "options": {"expires": 5},
    },
    "export-google-feeds": {
        "task": "bookings.api.google.tasks.export_feeds",
        "schedule": schedule(86_400),
        "options": {"expires": 86_400},
    },
    "housekeeping": {
        "task": "bookings.tasks.housekeeping",
        "schedule": schedule(60),
        "options": {"expires": 60},
    },
}

# --- what is told --------------------------------------------------------------------------------

LOG_LEVEL = env.choice(
    "LOG_LEVEL",
    "WARNING" if IS_TEST else "INFO",
    ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
)
LOG_REQUESTS = env.flag("LOG_REQUESTS", IS_PRODUCTION)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.observing.WithRequestId"},
        "without_data": {"()": "config.observing.WithoutData"},
    },
    "formatters": {
        "json": {"()": "config.observing.JsonFormatter"},
        "text": {
            "()": "config.observing.TextFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "without_data"],
            "formatter": env.choice(
                "LOG_FORMAT", "json" if IS_PRODUCTION else "text", ("json", "text")
            ),
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would write whole paths, and with them what people typed.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.template": {"level": "INFO"},  # tells of every variable that a page doesn't have
        "httpx": {"level": "WARNING"},
    },
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Openbook: AvailEngine",
    "DESCRIPTION": "Bookings over the AvailEngine protocol. Every path works with and without a"
    " slash at its end. Errors are `{error: {code, message}}`.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    # It would read all protocols as one document; each has its own, which its tests ask about.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "PREPROCESSING_HOOKS": [
        "bookings.api.documents.without_slash",
        "bookings.api.availengine.schema.without_gateways",
    ],
    "SECURITY": [{"bearer": []}],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key (avail_live_..., avail_test_...) or an access token.",
            }
        }
    },
    "DISABLE_ERRORS_AND_WARNINGS": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
