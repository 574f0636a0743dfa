// Regenerates what is generated and fails when that differs from what is committed.
import { execSync } from 'node:child_process';

const run = (command) => execSync(command, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
run('buf generate');
run('buf generate --template buf.gen.onnx.yaml');
run('node services/observability/dashboard/generate.ts');
run('node src/wasm/generate.ts');
const generated = ['services/gen', 'src/tensor/compile/gen', 'src/wasm/gen', 'charts/vigil/dashboards'];
const drift = run(`git status --porcelain -- ${generated.join(' ')}`);
if (drift) {
  process.stderr.write(`generated files differ from their sources:\n${drift}`);
  process.exit(1);
}
