# One image for every service: they share their packages, and differ in the command.
#   docker build -t gantry .
#   docker run gantry services/api/src/main.ts --listen 0.0.0.0:7443
FROM node:24-bookworm-slim AS dependencies
WORKDIR /gantry
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
COPY packages/envoy-control-plane-ts/package.json packages/envoy-control-plane-ts/
COPY packages/events/package.json packages/events/
COPY packages/model/package.json packages/model/
COPY packages/runtime/package.json packages/runtime/
COPY packages/store/package.json packages/store/
COPY services/api/package.json services/api/
COPY services/controllers/package.json services/controllers/
COPY services/node-agent/package.json services/node-agent/
COPY services/scheduler/package.json services/scheduler/
COPY services/xds-lb/package.json services/xds-lb/
COPY cli/package.json cli/
COPY bench/package.json bench/
COPY test/package.json test/
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-bookworm-slim AS control-plane
WORKDIR /gantry
ENV NODE_ENV=production
COPY --from=dependencies /gantry/node_modules node_modules
COPY . .
USER node
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]

# The node agent drives the containerd of its host and programs its network: it needs the tools, and root.
FROM control-plane AS node-agent
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends containerd containernetworking-plugins crun iproute2 iptables nftables util-linux \
  && rm -rf /var/lib/apt/lists/*
CMD ["services/node-agent/src/main.ts"]
