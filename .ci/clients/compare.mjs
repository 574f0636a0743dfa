// Fails unless two files hold the same JSON; numbers are float32, which clients write with more or fewer digits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const read = (path) =>
  JSON.parse(readFileSync(path, 'utf8'), (_, value) =>
    typeof value === 'number' ? Math.fround(value) : value,
  );
const [wanted, found] = process.argv.slice(2);
assert.deepEqual(read(found), read(wanted));
