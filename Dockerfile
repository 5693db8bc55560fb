# Rekindle in a container: docs/deployment.md. compose.yaml runs it with PostgreSQL.

# The Node of package.json, with which everything is tested
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that runs needs an install script.
RUN npm ci --omit=dev --ignore-scripts

FROM packages AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY .ci/build.ts .ci/
COPY generated generated
COPY src src
RUN node .ci/build.ts

FROM node:${NODE_VERSION}-bookworm-slim
# SQLite writes temporary files, and /tmp may be read-only.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8787 \
    DATABASE_URL=sqlite:/data/rekindle.db \
    SQLITE_TMPDIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE ./
RUN ln -s /app/dist/src/cli/rekindle.js /usr/local/bin/rekindle \
 && install -d -o 1000 -g 1000 -m 700 /data

# `node` of the base image. As a number, so that Kubernetes can check that it is not root.
USER 1000:1000
# The only directory that the service writes to. Everything else may be read-only.
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["rekindle", "health"]
# It ends DRAIN_SECONDS and at most 7 s after SIGTERM: give it 20 s (docker stop --time 20).
ENTRYPOINT ["rekindle"]
CMD ["serve"]
