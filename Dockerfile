# Two images: `portal` runs web server, worker and beat; `sftp` takes the call files of phone systems.

FROM debian:12-slim AS base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 libldap-2.5-0 libsasl2-2 postgresql-client \
       libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*

# Everything with a compiler or Node stays behind in this stage.
FROM base AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc python3-dev python3-venv libldap2-dev libsasl2-dev gettext npm
WORKDIR /srv/portal
COPY pyproject.toml constraints.txt package.json package-lock.json .npmrc ./
COPY scripts/vendor.py scripts/vendor.py
RUN npm ci --ignore-scripts && python3 -m venv .venv && python3 scripts/vendor.py
COPY . .
RUN .venv/bin/pip install --no-cache-dir --constraint constraints.txt --editable . \
    && DATA_DIR=/tmp/build .venv/bin/python manage.py compilemessages --verbosity 0 --ignore .venv --ignore node_modules \
    && DATA_DIR=/tmp/build .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf node_modules

FROM base AS portal
# The inbox belongs to this account here and in the sftp image.
RUN groupadd --gid 10001 portal && useradd --uid 10001 --gid portal --home-dir /srv/portal --no-create-home portal \
    && install --directory --owner portal --group portal /data /inbox
COPY --from=build /srv/portal /srv/portal
WORKDIR /srv/portal
ENV PATH=/srv/portal/.venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data INBOX_DIR=/inbox LOG_FORMAT=json
USER portal
EXPOSE 8000
CMD ["gunicorn", "callanalytics.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]

FROM debian:12-slim AS sftp
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssh-server \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
    && groupadd --gid 10001 portal && useradd --uid 10001 --gid portal --home-dir /inbox --no-create-home --shell /usr/sbin/nologin --password '*' cdr \
    && install --directory /run/sshd /srv/drop && install --directory --owner cdr --group portal /srv/drop/inbox
COPY deploy/sshd_config /etc/ssh/sshd_config
COPY --chmod=755 deploy/sftp.sh /usr/local/bin/sftp-drop
EXPOSE 22
CMD ["sftp-drop"]
