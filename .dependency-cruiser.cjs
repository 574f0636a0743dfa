/** The arrows of docs/architecture.md. Type-only imports count too, where a rule does not say otherwise. */
const TENSOR_LIBRARIES = '^node_modules/(@tensorflow|onnxruntime-)';

/** What is not part of the product: tests, and what they share. */
const TESTS = '\\.test\\.ts$|/testing/';

/** A room of src may import itself, the errors, and the rooms listed. */
const ROOMS = {
  batching: [],
  data: ['random'],
  drift: ['random'],
  evaluation: ['models', 'random'],
  experiments: ['training', 'evaluation', 'data', 'models', 'synthesis', 'tensor', 'random'],
  losses: ['models', 'tensor'],
  models: ['tensor', 'random'],
  registry: ['models', 'data', 'drift', 'evaluation'],
  wasm: ['random'],
  streaming: [],
  synthesis: ['models', 'tensor', 'random'],
  tensor: ['wasm'],
  training: ['wasm', 'losses', 'models', 'tensor', 'data', 'evaluation', 'random'],
};

const rooms = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `src-${room}`,
  comment: `src/${room} imports only ${['itself', 'errors', ...allowed].join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: TESTS },
  to: {
    path: '^(src|services)/',
    pathNot: [`^src/${room}/`, '^src/errors', ...allowed.map((name) => `^src/${name}[./]`)],
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-knows-no-services',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services|bench|test)/' },
    },
    {
      name: 'src-knows-no-transport',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^node_modules/(@grpc|pino|prom-client|@opentelemetry|commander)' },
    },
    {
      name: 'tensor-libraries-in-tensor',
      comment: 'Values of TensorFlow.js and onnxruntime are imported in src/tensor alone; types may travel.',
      severity: 'error',
      from: { path: '^(src|services|bench)/', pathNot: ['^src/tensor/', '\\.test\\.ts$'] },
      to: { path: TENSOR_LIBRARIES, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'engine-process-alone',
      comment: 'worker.ts is forked, never imported.',
      severity: 'error',
      from: {
        path: '^services/',
        pathNot:
          '^services/engine/(worker|handlers|instances|instance-thread|open-engine|hosted-models|training-job|model-host|explain-step|export-job|held-out-job)',
      },
      to: {
        path: '^services/engine/(worker|handlers|instances|instance-thread|open-engine|hosted-models|training-job|model-host|explain-step|export-job|held-out-job)\\.ts$',
        pathNot: '\\.test\\.ts$',
      },
    },
    {
      name: 'client-stands-alone',
      comment:
        'Programs import services/client: it loads grpc-js, protobuf and the errors, and nothing of the server.',
      severity: 'error',
      from: { path: '^services/client/', pathNot: TESTS },
      to: {
        path: '^(src|services|node_modules)/',
        pathNot: '^(src/errors|services/(client|gen)/|node_modules/(@grpc/grpc-js|@bufbuild/protobuf)/)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'environment-in-config',
      comment: 'The composition root is imported by what serves, and by nothing else.',
      severity: 'error',
      from: { path: '^services/', pathNot: '^services/(serve|main)\\.ts$' },
      to: { path: '^services/app\\.ts$' },
    },
    {
      name: 'testing-in-tests',
      comment: 'testing/ is what tests share; it is not built.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: '/testing/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.test\\.ts$', '/gen/', '\\.d\\.ts$'] },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...rooms,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
