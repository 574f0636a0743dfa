# Sourced by ../clients.sh: the programs of examples/, as their READMEs run them. Their answers are the command line's.

stage the Python example
mkdir -p "$work/python"
cp examples/python/*.py "$work/python"
mkdir "$work/python/gen" "$work/uta-rldd-blinks"
cp examples/uta-rldd-blinks/*.npz "$work/uta-rldd-blinks"
(cd examples/python && "$python" -m grpc_tools.protoc -I ../../proto --python_out="$work/python/gen" \
  --grpc_python_out="$work/python/gen" ../../proto/vigil/v1/*.proto)
record python "$python" "$work/python/classify.py" --row "$row"
same "$work/classified"
record python "$python" "$work/python/synthesize.py" --model candidate --rows 5 --seed 7
same "$work/synthesised"
record python "$python" "$work/python/watch_health.py" --until SERVING

stage the Go example
cp -r examples/go "$work/go"
rm -rf "$work/go/gen"
(cd examples/go && buf generate --output "$work/go")
(cd "$work/go" && nice go build -p 2 -mod=readonly -o client .)
record go "$work/go/client" classify -row "$row" -recordings examples/uta-rldd-blinks/uta_rldd_blinks.npz
same "$work/classified"
record go "$work/go/client" synthesize -model candidate -rows 5 -seed 7
same "$work/synthesised"
record go "$work/go/client" health -until SERVING
refused NotFound go "$work/go/client" classify -model nobody -row "$row" -recordings examples/uta-rldd-blinks/uta_rldd_blinks.npz

stage the package, packed, in TypeScript
cp -r examples/typescript "$work/typescript"
npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
mkdir -p "$work/typescript/node_modules/vigil"
tar xzf "$work"/vigil-*.tgz -C "$work/typescript/node_modules/vigil" --strip-components 1
# Nothing else of the clone is in reach: the client needs these two, and the compiler the types of Node.
for name in @grpc @bufbuild @types undici-types; do ln -s "$PWD/node_modules/$name" "$work/typescript/node_modules/$name"; done
tsc -p "$work/typescript"
record typescript node "$work/typescript/main.js" <"$work/request.json"
grep -q "$(sed -nE 's/.*"topClass": "(.*)".*/\1/p' "$work/classified")" "$work/answer"
grep -q "5 rows $(sed -nE 's/.*"sha256": "(.*)".*/\1/p' "$work/synthesised")" "$work/answer"
