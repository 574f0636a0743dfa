import { validateServiceConfig } from '@grpc/grpc-js/build/src/service-config.js';
import { expect, test } from 'vitest';
import { serviceConfigOf } from './service-config.ts';

test('grpc-js accepts the service config, which repeats what is safe and nothing else', () => {
  const { methodConfig, loadBalancingConfig } = validateServiceConfig(
    JSON.parse(serviceConfigOf({ retry: true })),
  );
  expect(loadBalancingConfig).toEqual([{ round_robin: {} }]);
  const repeated = methodConfig.flatMap(({ name }) =>
    name.map(({ service, method }) => `${service}/${method}`),
  );
  expect(repeated).toContain('vigil.v1.TrainingService/Train');
  expect(repeated).toContain('google.longrunning.Operations/CancelOperation');
  for (const once of [
    'vigil.v1.ModelService/SetAlias',
    'vigil.v1.DatasetService/UploadDataset',
    'vigil.v1.DatasetService/DeleteDataset',
    'google.longrunning.Operations/DeleteOperation',
    'grpc.health.v1.Health/Check',
  ])
    expect(repeated).not.toContain(once);
  expect(methodConfig.map(({ retryPolicy }) => retryPolicy?.retryableStatusCodes)).toEqual([['UNAVAILABLE']]);
});

test('without retries there is no policy', () => {
  expect(validateServiceConfig(JSON.parse(serviceConfigOf({ retry: false }))).methodConfig).toEqual([]);
});
