# One image for every service: they share their packages, and differ in the command.
#   docker build -t gantry .
#   docker run --volume certs:/certs --volume authority:/authority gantry cli/src/main.ts certs /certs --authority /authority
#   docker run --network host --env GANTRY_CERTS=/certs/api --volume certs:/certs:ro --volume gantry:/var/lib/gantry gantry services/api/src/main.ts
# The api then answers on 127.0.0.1:7443 of this machine by TLS to who has a certificate, such as that in /certs/admin, and keeps its objects in
# the volume.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /gantry
COPY package.json package-lock.json .npmrc ./
COPY packages/cel/package.json packages/cel/
COPY packages/client/package.json packages/client/
COPY packages/cloud-provider/package.json packages/cloud-provider/
COPY packages/envoy-control-plane-ts/package.json packages/envoy-control-plane-ts/
COPY packages/events/package.json packages/events/
COPY packages/fieldsets/package.json packages/fieldsets/
COPY packages/model/package.json packages/model/
COPY packages/pki/package.json packages/pki/
COPY packages/runtime/package.json packages/runtime/
COPY packages/spdy/package.json packages/spdy/
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
# The whole folder: npm also puts packages below the workspaces that need another version than the others.
COPY --from=dependencies /gantry ./
COPY . .
# Volumes begin as these folders: owned by the user that the services run as.
RUN mkdir --mode=0700 /var/lib/gantry /run/gantry /certs /authority && chown node:node /var/lib/gantry /run/gantry /certs /authority
VOLUME /var/lib/gantry
ENV GANTRY_STORE=sqlite:/var/lib/gantry/state.db
USER node
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]

# The node agent drives the containerd of its host and programs its network: it needs the tools, and root.
FROM control-plane AS node-agent
USER root
RUN apt-get update \
  && apt-get install -y --no-install-recommends conntrack containerd containernetworking-plugins crun iproute2 iptables nftables util-linux \
  && rm -rf /var/lib/apt/lists/*
CMD ["services/node-agent/src/main.ts"]
