# Sourced by ../clients.sh: clients that know nothing of us but what reflection and health tell.

stage grpcurl
record grpcurl grpcurl -plaintext "$VIGIL_ADDRESS" list
services="$(cat "$work/answer")"
for service in $services; do record grpcurl grpcurl -plaintext "$VIGIL_ADDRESS" describe "$service"; done
for message in vigil.v1.TrainingRun vigil.v1.EpochRecord google.longrunning.Operation google.rpc.ErrorInfo; do
  record grpcurl grpcurl -plaintext "$VIGIL_ADDRESS" describe "$message"
done
request="$(cat "$work/request.json")"
record grpcurl grpcurl -plaintext -max-time 30 -d "$request" "$VIGIL_ADDRESS" vigil.v1.ClassifierService/Classify
same "$work/classified"
refused TENSOR_INVALID grpcurl grpcurl -plaintext -d '{"samples":{"shape":[3],"raw":"AAAA"}}' "$VIGIL_ADDRESS" vigil.v1.ClassifierService/Classify

stage buf curl, both versions of reflection
curl=(buf curl --http2-prior-knowledge --protocol grpc)
for version in grpc-v1 grpc-v1alpha; do
  record buf-curl "${curl[@]}" --reflect-protocol "$version" "http://$VIGIL_ADDRESS" --list-methods
  record buf-curl "${curl[@]}" --reflect-protocol "$version" -d "$request" "http://$VIGIL_ADDRESS/vigil.v1.ClassifierService/Classify"
  same "$work/classified"
done

stage ghz
calls=2000
record ghz ghz --insecure --call vigil.v1.ClassifierService.Classify -n "$calls" -c 16 --timeout 30s -D "$work/request.json" "$VIGIL_ADDRESS"
grep -Eq "\[OK\] +$calls responses" "$work/answer"
if grep -q 'Error distribution' "$work/answer"; then exit 1; fi

# Any spread counts as stable: how fast the server is, is not what is asked here.
stage perf_analyzer
analyze=(perf_analyzer -i grpc -u "$VIGIL_ADDRESS" -m stable --input-data zero --stability-percentage 999 --measurement-interval 1000)
for load in "--concurrency-range 1:17:16" "--concurrency-range 4 -b 8 --async"; do
  # shellcheck disable=SC2086
  record perf_analyzer "${analyze[@]}" $load
  grep -q '^Concurrency: ' "$work/answer"
  grep -q 'Successful request count: [1-9]' "$work/answer"
done

stage grpc-health-probe
for name in '' liveness stable; do record grpc-health-probe grpc-health-probe -addr="$VIGIL_ADDRESS" -service="$name"; done
refused 'no service \\*"nobody\\*"' grpc-health-probe grpc-health-probe -addr="$VIGIL_ADDRESS" -service=nobody

stage Python reflection and health
record grpcio-reflection "$python" .ci/clients/reflection.py "$VIGIL_ADDRESS"
record grpcio-health-checking "$python" .ci/clients/health.py "$VIGIL_ADDRESS" "$work/python/gen"
