// Fails unless out/quickstart holds what quickstart promises.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const summary = JSON.parse(readFileSync('out/quickstart/summary.json', 'utf8'));
assert.deepEqual(Object.keys(summary).sort(), ['engine', 'models', 'seconds', 'synthesised']);
for (const regime of ['classifier_only', 'joint_scratch']) {
  const { version, accuracy, macroAccuracy, macroAuc, perClass } = summary.models[regime];
  assert.match(version, /^\d+$/);
  for (const score of [accuracy, macroAccuracy, macroAuc])
    assert.ok(score > 0 && score <= 1, `${regime}: ${score}`);
  const chance = 1 / perClass.length;
  assert.ok(
    macroAccuracy > chance + 0.05,
    `${regime}: macro accuracy ${macroAccuracy} is no better than chance ${chance}`,
  );
  assert.ok(macroAuc > 0.6, `${regime}: macro AUC ${macroAuc}`);
}
const { rows, finite, channelStd } = summary.synthesised;
assert.ok(rows >= 64 && finite === true);
for (const deviation of channelStd)
  assert.ok(Number.isFinite(deviation) && deviation > 0, `channelStd ${channelStd}`);
const report = readFileSync('out/quickstart/report.html', 'utf8');
assert.ok((report.match(/<svg/g) ?? []).length >= 15, 'the report has too few charts');
assert.ok(!/\b(src|href)="http|<script/.test(report), 'the report is not self-contained');
assert.ok(!/NaN|undefined|Infinity/.test(report), 'the report shows a value that is none');
process.stdout.write('quickstart: summary and report are whole\n');
