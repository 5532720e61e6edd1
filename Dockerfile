# The service. Its steps are those of ./run on a person's machine: deploy/install.sh.
FROM debian:bookworm-slim

ENV LANG=C.UTF-8 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PATH=/opt/cuntu/.venv/bin:$PATH
WORKDIR /opt/cuntu

COPY deploy/install.sh deploy/install.sh
RUN deploy/install.sh packages python client && rm -rf /var/lib/apt/lists/*

COPY . .
RUN deploy/install.sh environment requirements.lock \
    && .venv/bin/python -m compileall -q api layers spatial \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin cuntu

USER 10001
ENV CUNTU_HOST=0.0.0.0 CUNTU_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["deploy/start.sh"]
CMD ["serve"]
