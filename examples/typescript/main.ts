/** Classifies one row and draws five. The request comes as proto JSON on stdin, as for grpcurl and buf curl. */
import { text } from 'node:stream/consumers';
import { createVigilClient, VigilCallError } from 'vigil/client';

await using client = createVigilClient({ address: process.env.VIGIL_ADDRESS ?? '127.0.0.1:50051' });
const { samples } = JSON.parse(await text(process.stdin)) as { samples: { shape: number[]; raw: string } };
const values = new Float32Array(Uint8Array.from(Buffer.from(samples.raw, 'base64')).buffer);
try {
  const { modelVersion, predictions } = await client.classify({ shape: samples.shape, values });
  console.log('version', modelVersion, 'says', predictions[0]!.topClass, predictions[0]!.probabilities);
  let rows = 0;
  const counts = [{ className: 'alert', rows: 5n }];
  for await (const event of client.synthesize({ model: 'candidate', counts, seed: 7n })) {
    if (event.kind === 'chunk') rows += event.rows;
    if (event.kind === 'summary') console.log(rows, 'rows', event.summary.sha256);
  }
} catch (error) {
  if (!(error instanceof VigilCallError)) throw error;
  console.error(error.status, error.reason, error.message, error.fields, error.retryAfterMs);
  process.exitCode = 1;
}
