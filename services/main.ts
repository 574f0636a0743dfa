/** The server as a process of its own: what the container runs. */
import { serve, startError } from './serve.ts';

try {
  process.exit(await serve(process.env));
} catch (error) {
  process.stderr.write(`vigil: ${startError(error)}\n`);
  process.exit(1);
}
