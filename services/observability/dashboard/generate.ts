/** Writes the dashboard into the chart: `npm run generate`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildDashboard } from './dashboard.ts';

const directory = new URL('../../../charts/vigil/dashboards/', import.meta.url);
mkdirSync(directory, { recursive: true });
writeFileSync(new URL('vigil.json', directory), `${JSON.stringify(buildDashboard(), null, 2)}\n`);
