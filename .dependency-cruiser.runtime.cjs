/** What is loaded at run time: type-only imports do not count here. */
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'gateway-without-tensors',
      comment:
        'Nothing that the gateway or the command line loads may reach a tensor library; the engine process does.',
      severity: 'error',
      from: { path: '^services/(main|cli/main)\\.ts$' },
      to: { path: '^node_modules/(@tensorflow|onnxruntime-)', reachable: true },
    },
  ],
  options: { ...options, tsPreCompilationDeps: false },
};
