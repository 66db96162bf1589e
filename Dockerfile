# One image for the four services and for the contract: the command says which. Node runs the TypeScript as it is, so there
# is nothing to build but the folder of dependencies.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY patches patches
COPY schemas/package.json schemas/
COPY packages/async/package.json packages/async/
COPY packages/dev-stack/package.json packages/dev-stack/
COPY packages/kafka/package.json packages/kafka/
COPY packages/service/package.json packages/service/
COPY packages/task-log/package.json packages/task-log/
COPY packages/testkit/package.json packages/testkit/
COPY services/executor/package.json services/executor/
COPY services/gateway/package.json services/gateway/
COPY services/notifier/package.json services/notifier/
COPY services/projector/package.json services/projector/
# The install scripts of dependencies are not run; the patches of ours are applied.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && npx --no-install patch-package \
    && rm -r package-lock.json patches

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="nask-task" \
      org.opencontainers.image.description="A task service on Kafka: POST a task, get an id at once, be told by webhook when it is done." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.2.0"
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    OPS_HOST=0.0.0.0 \
    OPS_PORT=8001 \
    LOG_FORMAT=json
WORKDIR /app
# All of it: npm also puts packages into the node_modules of a workspace, where two workspaces need different versions.
COPY --from=dependencies /app ./
# What .dockerignore lets through: sources without tests.
COPY package.json ./
COPY schemas schemas
COPY packages packages
COPY services services
# The user `node` of the base image, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 8000 8001
# Node gets the signals itself. It writes nothing: the root file system may be read-only.
ENTRYPOINT ["node"]
CMD ["services/gateway/src/main.ts"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.OPS_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
