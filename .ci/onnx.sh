#!/usr/bin/env bash
# An exported model in Python: the standard's own checker, and onnxruntime against Classify. Trains a model of a moment in a server
# of its own. The Python packages (some 60 MB) come into a virtual environment in the user's cache, outside the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

packages=(onnx==1.23.2 onnxruntime==1.32.0)
environment="${XDG_CACHE_HOME:-$HOME/.cache}/vigil/onnx-check"
work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

if [ "$(cat "$environment/complete" 2>/dev/null)" != "${packages[*]}" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" 2>/dev/null || { apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null && python3 -m venv "$environment"; }
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >"$environment/complete"
fi

port=50951
export VIGIL_ADDRESS="127.0.0.1:$port" VIGIL_LOG_LEVEL=error
vigil() { node dist/services/cli/main.js "$@"; }
VIGIL_GRPC_ADDRESS="$VIGIL_ADDRESS" VIGIL_HTTP_ADDRESS=127.0.0.1:0 VIGIL_DATA_DIR="$work/data" node dist/services/main.js &
server=$!
until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 "$server"
  sleep 0.2
done

# The second has another shape, and kernels over all channels.
for model in "paper 18 16" "all 18 33"; do
  read -r kernels channels steps <<<"$model"
  vigil train -d "simulated:small?rows=60&steps=$steps" -r classifier_only -s epochs=1 -s "kernelHeight=$kernels" >/dev/null 2>&1
  vigil models export candidate --out "$work/model.onnx"
  "$environment/bin/python" .ci/check_onnx.py --sample "$channels" "$steps" | vigil --json classify - -m candidate >"$work/answers.json"
  "$environment/bin/python" .ci/check_onnx.py "$work/model.onnx" "$work/answers.json"
done
