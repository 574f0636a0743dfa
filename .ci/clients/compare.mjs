// Fails unless two files hold the same JSON. The command line also asks for the names of the classes; numbers are float32, which clients write with more or fewer digits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const read = (path) =>
  JSON.parse(readFileSync(path, 'utf8'), (_, value) =>
    typeof value === 'number' ? Math.fround(value) : value,
  );
const { classNames: _, ...answer } = read(process.argv[2]);
assert.deepEqual(read(process.argv[3]), answer);
