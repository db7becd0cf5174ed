# The base is an argument so that an installation, or a test, can bring its own: any image with Node.js, npm and a shell,
# on any architecture. Nothing here needs BuildKit.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts || npm install --ignore-scripts --no-save
COPY tsconfig.json ./
COPY scripts scripts
COPY simulator simulator
COPY src src
# Optional packages stay: the database has its program for this platform in one.
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
WORKDIR /app
# Package managers are not needed at run time, and an attacker cannot use what is missing.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && mkdir -p /data /usr/local/bin && chown 10001:10001 /data \
  && node -e "fs.symlinkSync('/app/bin/acefleet.mjs', '/usr/local/bin/acefleet')"
ENV NODE_ENV=production DATA_DIR=/data ENGINE_DRIVER=docker
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/simulator/dist simulator/dist
COPY --from=build /app/simulator/media simulator/media
COPY --from=build /app/simulator/package.json simulator/package.json
COPY docs/openapi.json docs/openapi.json
COPY bin bin
COPY scripts/acefleet.mjs scripts/acefleet.mjs
COPY scripts/cli scripts/cli
COPY scripts/lib scripts/lib
COPY docker/healthcheck.mjs docker/healthcheck.mjs
VOLUME /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Liveness only: a missing engine must not cause a restart of the container, which would cut all viewers.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "docker/healthcheck.mjs"]
# Last, because every build may have other values, and the layers above are then used again.
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="acefleet" \
  org.opencontainers.image.description="One address in front of a fleet of AceStream engines: MPEG-TS for every viewer from one engine session per content" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"
# Not with npm, which does not pass on signals.
CMD ["node", "dist/main.js"]
