FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements/base.txt requirements/base.txt
RUN /venv/bin/pip install --no-cache-dir -r requirements/base.txt
# What the pages say in other languages, compiled by what only compiles.
COPY requirements/dev.txt requirements/dev.txt
RUN python -m venv /babel \
    && /babel/bin/pip install --no-cache-dir "$(grep -o '^babel==[0-9.]*' requirements/dev.txt)"
COPY tools/__init__.py tools/languages.py tools/
COPY locale locale
RUN /babel/bin/python -m tools.languages

FROM python:3.11-slim
RUN useradd --system --home /app openbook
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBOOK_ENV=production
COPY --from=build /venv /venv
COPY manage.py ./
COPY config config
COPY accounts accounts
COPY resources resources
COPY availability availability
COPY billing billing
COPY bookings bookings
COPY templates templates
COPY static static
COPY --from=build /app/locale locale
RUN SECRET_KEY=only-to-collect-the-static-files-and-nothing-else-at-all ALLOWED_HOSTS=none \
    python manage.py collectstatic --noinput
USER openbook
ENV PROMETHEUS_MULTIPROC_DIR=/tmp/openbook-metrics
EXPOSE 8000
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "config.wsgi:application"]
