# syntax=docker/dockerfile:1
# Two targets: `cpu` (the default, last) and `gpu`. Neither has a compiler, npm or a shell script to start.

ARG NODE_IMAGE=node:22-bookworm-slim

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

# TensorFlow and its CUDA libraries, as `vigil engine install tensorflow --gpu` stages them anywhere: docs/engines.md.
FROM ${NODE_IMAGE} AS staged
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-pip g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-linux-* node_modules/node-bin-* node_modules/.bin/node \
 && find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 2 -type d \( -name darwin -o -name win32 \) -exec rm -rf {} +
COPY --from=build /app/dist dist
RUN node dist/services/cli/main.js engine install tensorflow --gpu --cache /opt/vigil \
 && rm -rf /opt/vigil/*/include

# No CUDA base image: the CUDA libraries of this TensorFlow are staged with it, the driver comes from the node.
FROM ${NODE_IMAGE} AS gpu
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
COPY --from=staged /opt/vigil /opt/vigil
COPY --from=staged /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=modules --chown=1000:1000 /var/lib/vigil /var/lib/vigil
COPY package.json LICENSE README.md /app/
COPY examples /app/examples
# Listening on every address, it starts with VIGIL_TLS_CERT and VIGIL_TLS_KEY, or when VIGIL_PLAINTEXT allows plaintext.
# A container of this image serves on a GPU, or does not start and says why. What the driver compiles for a GPU that the
# libraries have no code for is kept with the data.
ENV NODE_ENV=production \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    CUDA_CACHE_PATH=/var/lib/vigil/cuda-cache \
    CUDA_CACHE_MAXSIZE=4294967296 \
    VIGIL_ENGINE_DEVICE=gpu \
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
