# One image for every role: its arguments are those of `itilnext`, as in `docker run itilnext-engine worker ticket`.
#
# The first stage installs what uv.lock pins, each package by its hash; the second takes the environment and nothing of
# the tools. It runs as a user without a name, on a read-only root, and starts no shell. A mirror is named with
# --build-arg PIP_INDEX_URL=... and --build-arg UV_DEFAULT_INDEX=...

FROM python:3.11.14-slim-bookworm AS build
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
RUN ["python3", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--root-user-action=ignore", "uv==0.13.9"]
ENV UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /build
COPY pyproject.toml uv.lock ./
RUN ["uv", "venv", "--quiet", "/app"]
RUN ["uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--output-file", "requirements.txt"]
RUN ["uv", "pip", "install", "--quiet", "--python", "/app", "--require-hashes", "--requirement", "requirements.txt"]
COPY README.md LICENSE NOTICE ./
COPY contracts contracts
COPY services services
COPY producers producers
COPY consumers consumers
COPY ops ops
RUN ["uv", "pip", "install", "--quiet", "--python", "/app", "--no-deps", "."]

FROM python:3.11.14-slim-bookworm
COPY --from=build /app /app
# Nothing can be written here, byte code included; it was compiled at the build.
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ITILNEXT_LOG__FORMAT=json
USER 65532:65532
# Drains a worker: it finishes its transaction and leaves its group. Give it 30 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["itilnext"]
CMD ["--help"]
