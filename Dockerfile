# syntax=docker/dockerfile:1
# One image for every process of Ebbtide: docker run ebbtide run lifecycle, docker run ebbtide serve token, …
ARG NODE_IMAGE=node:24.11.1-bookworm

FROM ${NODE_IMAGE} AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends libcurl4-openssl-dev libssl-dev libsasl2-dev zlib1g-dev libzstd-dev liblz4-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json ./
RUN ONNXRUNTIME_NODE_INSTALL=skip npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Compiles, bundles the console, checks the API and packs what runs
RUN node infra/setup/setup.mjs --without openbao \
 && npm pack --silent --pack-destination /tmp

# What runs, and the packages that it needs, with the Kafka client built for this image's libraries
FROM build AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN ONNXRUNTIME_NODE_INSTALL=skip npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN tar -xzf /tmp/ebbtide-*.tgz --strip-components=1 \
 && rm package-lock.json \
 && EBBTIDE_BUILD_ADDON=1 node infra/setup/setup.mjs --without openbao
# 1 keeps the embedded ClickHouse engine (half a gigabyte), for "up" without servers of one's own
ARG EMBEDDED=0
RUN if [ "$EMBEDDED" = 0 ]; then rm -rf node_modules/@chdb node_modules/chdb; fi

FROM ${NODE_IMAGE}-slim AS runtime
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends ca-certificates libcurl4 libssl3 libsasl2-2 libsasl2-modules zlib1g libzstd1 liblz4-1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 ebbtide \
 && useradd --uid 10001 --gid ebbtide --no-create-home --home-dir /var/lib/ebbtide --shell /usr/sbin/nologin ebbtide \
 && install -d -o ebbtide -g ebbtide -m 0700 /var/lib/ebbtide /run/ebbtide/admin /run/ebbtide/vault
COPY --from=install /app /app
ENV NODE_ENV=production \
    EBBTIDE_SKIP_SETUP=1 \
    EBBTIDE_DATA=/var/lib/ebbtide
WORKDIR /var/lib/ebbtide
VOLUME /var/lib/ebbtide
USER 10001:10001
# Health and metrics, console, token service, gateway (HTTP and gRPC), signals, delivery, key host
EXPOSE 9464 7070 7071 7072 7073 7074 7075 7079
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "/app/deploy/docker/healthcheck.mjs"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/infra/cli/ebbtide.mjs"]
CMD ["--help"]
