# One image for every service; which one runs is said by the command: apps/<name>/dist/main.js.

# Only what decides about the dependencies, so that they are installed again only when it changes.
FROM node:22-slim AS manifests
WORKDIR /ledger
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete

FROM node:22-slim AS build
WORKDIR /ledger
COPY --from=manifests /ledger .
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
  && npm prune --ignore-scripts --omit=dev --omit=optional \
  && rm -rf apps/*/src libs/*/src .nx

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /ledger
COPY --from=build /ledger/package.json .
COPY --from=build /ledger/node_modules node_modules
COPY --from=build /ledger/libs libs
COPY --from=build /ledger/apps apps
# Where a volume is mounted over it, the files of a service stay.
RUN install -d -o node -g node -m 700 /var/lib/deal-ledger
# Owned by root and run by somebody else: a service cannot change its own code.
USER node
EXPOSE 3000
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["apps/front-door/dist/main.js"]
