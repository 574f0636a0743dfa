/** What a panel of the dashboard is, and the queries that panels share. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat';
  /** Grafana's unit id. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** Chosen at the top of the dashboard. */
export const ON = '{namespace=~"$namespace",pod=~"$pod"}';
export const on = (labels: string): string => `{namespace=~"$namespace",pod=~"$pod",${labels}}`;
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`;

export const quantiles = (family: string, labels = ON, shares = [0.5, 0.99]): Query[] =>
  shares.map((share) => ({
    expr: `histogram_quantile(${share}, sum by (le) (${rate(`${family}_bucket${labels}`)}))`,
    legend: `p${share * 100}`,
  }));

export const series = (
  title: string,
  description: string,
  unit: string,
  queries: readonly Query[],
): PanelSpec => ({
  title,
  description,
  kind: 'timeseries',
  unit,
  queries,
});

export const stat = (
  title: string,
  description: string,
  unit: string,
  expr: string,
  legend = '',
): PanelSpec => ({
  title,
  description,
  kind: 'stat',
  unit,
  queries: [{ expr, legend }],
});
