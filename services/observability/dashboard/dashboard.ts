import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelSpec } from './panel.ts';
import { ROWS } from './panels.ts';

const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };

function panel({ title, description, kind, unit, queries }: PanelSpec): TimeseriesBuilder | StatBuilder {
  const builder = kind === 'stat' ? new StatBuilder() : new TimeseriesBuilder();
  builder.title(title).description(description).unit(unit).datasource(DATASOURCE);
  builder.height(kind === 'stat' ? 4 : 8).span(kind === 'stat' ? 6 : 12);
  queries.forEach(({ expr, legend }, at) => {
    const refId = String.fromCharCode('A'.charCodeAt(0) + at);
    builder.withTarget(
      new DataqueryBuilder().expr(expr).legendFormat(legend).refId(refId).datasource(DATASOURCE),
    );
  });
  return builder;
}

const labelVariable = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .includeAll(true)
    .multi(true)
    .allValue('.*')
    .refresh(2);

/** The Grafana dashboard for serving and training. */
export function buildDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Vigil')
    .uid('vigil')
    .description('Classify, Synthesize and Train: latency, batching, models, losses, engines.')
    .tags(['vigil'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('namespace', 'Namespace', 'label_values(vigil_engine_up, namespace)'))
    .withVariable(labelVariable('pod', 'Pod', 'label_values(vigil_engine_up{namespace=~"$namespace"}, pod)'));
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title));
    for (const each of panels) dashboard.withPanel(panel(each));
  }
  return dashboard.build();
}
