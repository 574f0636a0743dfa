# syntax=docker/dockerfile:1
# Two targets: `cpu` (the default, last) and `gpu` (CUDA runtime). Neither has a compiler, npm or a shell script to start.

ARG NODE_IMAGE=node:22-bookworm-slim
ARG CUDA_IMAGE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu22.04

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY services services
COPY bench bench
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json && rm -rf dist/bench

FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has the right Node: the one that package.json brings for other machines, an optional package, stays out.
RUN npm ci --no-fund --no-audit --omit=dev --omit=optional --ignore-scripts \
 && find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 2 -type d \( -name darwin -o -name win32 \) -exec rm -rf {} +
# Owned by the user that runs; a volume mounted here keeps this owner on first use.
RUN mkdir -p /var/lib/vigil && chown 1000:1000 /var/lib/vigil

FROM ${CUDA_IMAGE} AS gpu
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=modules /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=modules --chown=1000:1000 /var/lib/vigil /var/lib/vigil
COPY package.json LICENSE README.md /app/
COPY examples /app/examples
ENV NODE_ENV=production \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    VIGIL_GRPC_ADDRESS=0.0.0.0:50051 \
    VIGIL_HTTP_ADDRESS=0.0.0.0:9464 \
    VIGIL_DATA_DIR=/var/lib/vigil
WORKDIR /app
USER 1000:1000
VOLUME /var/lib/vigil
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning"]
CMD ["/app/dist/services/main.js"]

FROM ${NODE_IMAGE} AS cpu
# What only a build needs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
COPY --from=modules /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=modules --chown=1000:1000 /var/lib/vigil /var/lib/vigil
COPY package.json LICENSE README.md /app/
COPY examples /app/examples
ENV NODE_ENV=production \
    VIGIL_GRPC_ADDRESS=0.0.0.0:50051 \
    VIGIL_HTTP_ADDRESS=0.0.0.0:9464 \
    VIGIL_DATA_DIR=/var/lib/vigil
WORKDIR /app
USER 1000:1000
VOLUME /var/lib/vigil
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning"]
CMD ["/app/dist/services/main.js"]
