/** docs/results/faults.md from the result beside it. */
import type { FaultsResult } from '../faults/faults.ts';
import { standsOn, table } from './markdown.ts';

/** The page; nothing on it is written by hand. */
export function renderFaults(result: FaultsResult): string {
  const rows = result.rows.map(({ fault, times, traffic, lost, recoveryMs }) => [
    fault,
    String(times),
    traffic ? String(traffic.requests) : '',
    traffic ? failures(traffic.failed) : '',
    String(lost),
    recoveryMs ? `${recoveryMs.median}` : '',
    recoveryMs ? `${recoveryMs.longest}` : '',
  ]);
  const header = ['fault', 'times', 'calls meanwhile', 'failed', 'lost', 'median ms back', 'longest ms back'];
  return `${[
    '# What faults cost',
    `A server of its own for each fault, a small model, callers that classify without a break and never retry. ${standsOn(result)}`,
    table(header, rows),
    '"Lost" is what was acknowledged or asked for in good time and did not come: calls without their one right answer, runs, checkpoints, aliases. "Back" is from the fault to the next answer.',
    ...result.rows.map(({ fault, checked }) => `- **${fault}**: ${checked}.`),
    ...Object.entries(result.untried).map(([name, why]) => `- **${name}** was not tried: ${why}.`),
  ].join('\n\n')}\n`;
}

const failures = (failed: Readonly<Record<string, number>>): string =>
  Object.entries(failed)
    .map(([status, calls]) => `${calls} ${status}`)
    .join(', ') || '0';
