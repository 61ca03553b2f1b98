# syntax=docker/dockerfile:1
# Three stages: browser libraries by Node, packages by Python, and what runs, without compilers, as a plain user.

FROM node:22-bookworm-slim AS browser
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt constraints.txt ./
RUN /venv/bin/pip install -r requirements.txt -c constraints.txt
COPY . .
COPY --from=browser /app/node_modules node_modules
# Static files carry their content's hash in their name. The secret is for this step, and thrown away with it.
RUN set -eu; \
    /venv/bin/python -m crm.vendor; \
    for catalogue in locale/*/LC_MESSAGES/*.po; do \
        [ -e "$catalogue" ] || continue; \
        /venv/bin/pybabel --quiet compile --input-file "$catalogue" --output-file "${catalogue%.po}.mo"; \
    done; \
    DOSSIER_MODE=production DATABASE_URL=postgres://build@localhost/build REDIS_URL=redis://localhost/0 \
    DOSSIER_VAR=/tmp/build SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_hex(64))')" \
    /venv/bin/python manage.py collectstatic --noinput; \
    rm -rf node_modules static/vendor tests bench .ci

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DOSSIER_MODE=production DOSSIER_VAR=/data DJANGO_SETTINGS_MODULE=crm.settings
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin dossier \
    && install --directory --owner dossier --group dossier --mode 750 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER dossier
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "crm.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=3", "--threads=8", "--max-requests=5000", "--max-requests-jitter=500"]
