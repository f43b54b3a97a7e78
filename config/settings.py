"""One settings module. What differs between machines is an environment variable (.env.example)."""

from pathlib import Path

from celery.schedules import schedule

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
MODE = env.mode()
IS_PRODUCTION = MODE == "production"
IS_TEST = MODE == "test"
DEBUG = env.flag("DEBUG", MODE == "development")

DEFAULT_SECRET = "not-a-secret-" + "only-for-development-and-tests-" * 2
SECRET_KEY = env.text("SECRET_KEY", DEFAULT_SECRET)
JWT_SECRET = env.text("JWT_SECRET", SECRET_KEY)
if IS_PRODUCTION and (SECRET_KEY == DEFAULT_SECRET or len(SECRET_KEY) < 50):
    raise env.BadSetting(
        "SECRET_KEY", "production needs a secret of its own, 50 characters or more."
    )
if IS_PRODUCTION and DEBUG:
    raise env.BadSetting("DEBUG", "must be off in production.")

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if IS_PRODUCTION else "*")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "resources",
    "availability",
    "billing",
    "bookings",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
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
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

DATABASES = {"default": env.database("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/openbook")}
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")

# What Openbook itself is told.
DEFAULT_PLAN = env.text("DEFAULT_PLAN", "scale")
SANDBOX_UNLOCKS_DYNAMIC = env.flag("SANDBOX_UNLOCKS_DYNAMIC", False)
DOORBELL = env.flag("DOORBELL", not IS_TEST)
WEBHOOKS_ALLOW_PRIVATE = env.flag("WEBHOOKS_ALLOW_PRIVATE", False)
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "")

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "expire-holds": {"task": "bookings.tasks.expire_holds", "schedule": schedule(30)},
    "deliver-outbox": {"task": "bookings.tasks.deliver_outbox", "schedule": schedule(5)},
    "housekeeping": {"task": "bookings.tasks.housekeeping", "schedule": schedule(60)},
}

SPECTACULAR_SETTINGS = {"TITLE": "Openbook", "VERSION": "1.0.0", "OAS_VERSION": "3.1.1"}
