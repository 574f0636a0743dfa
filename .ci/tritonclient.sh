#!/usr/bin/env bash
# Triton's own Python client against a server of this check's own, with a model of a moment. The Python packages (some 40 MB) come
# into a virtual environment in the user's cache, outside the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

packages=("tritonclient[grpc]==2.73.0")
environment="${XDG_CACHE_HOME:-$HOME/.cache}/vigil/tritonclient-check"
work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

if [ "$(cat "$environment/complete" 2>/dev/null)" != "${packages[*]}" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" 2>/dev/null || { apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null && python3 -m venv "$environment"; }
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >"$environment/complete"
fi

# A free port of the system's choice, which the server's log tells.
: >"$work/log"
VIGIL_GRPC_ADDRESS=127.0.0.1:0 VIGIL_HTTP_ADDRESS=127.0.0.1:0 VIGIL_DATA_DIR="$work/data" node dist/services/main.js 2>"$work/log" &
server=$!
began="$SECONDS"
until port="$(sed -n 's/.*"grpc":\([0-9]*\).*"msg":"serving".*/\1/p' "$work/log")" && [ -n "$port" ]; do
  kill -0 "$server"
  if [ $((SECONDS - began)) -gt 120 ]; then cat "$work/log" && exit 1; fi
  sleep 0.2
done

export VIGIL_ADDRESS="127.0.0.1:$port"
vigil() { node dist/services/cli/main.js "$@"; }
for seed in 1 2; do
  vigil train -d "simulated:small?rows=60&steps=16" -r classifier_only -s epochs=1 -s "seed=$seed" >/dev/null 2>&1
done
vigil models promote 1 >/dev/null
"$environment/bin/python" .ci/check_tritonclient.py "$VIGIL_ADDRESS"
