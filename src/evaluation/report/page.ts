/** One self-contained page: no script, no request, light and dark by the reader's preference. */

const STYLE = `
:root { color-scheme: light dark; --page: #fcfcfb; --card: #ffffff; --text: #1b1c1e; --muted: #63666b; --line: #dddfe2;
  --series-1: #2a6fdb; --series-2: #c2571a; --series-3: #2e8b57; --good: #1f7a45;
  --series-4: #8e44ad; --series-5: #a8801a; --series-6: #c0395b; }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --card: #1d2024; --text: #e8e9eb; --muted: #a0a4aa;
  --line: #34383e; --series-1: #7aa8f5; --series-2: #f0a06a; --series-3: #6fcf97; --good: #6fcf97;
  --series-4: #c39be0; --series-5: #dcc06a; --series-6: #f08aa5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; } h1.said { font-size: 20px; line-height: 1.4; margin: 0 0 12px; } * + h1.said { margin-top: 64px; } h2 { font-size: 19px; margin: 40px 0 8px; } h3 { font-size: 14px; margin: 0 0 4px; }
p { margin: 4px 0 12px; color: var(--muted); max-width: 75ch; } p strong { color: var(--text); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tile, .chart { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; }
.tile b { display: block; font-size: 26px; font-weight: 600; } .tile span { color: var(--muted); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 12px; }
.charts.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); }
.chart svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 16px; margin: 0 0 10px; font-size: 13px; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-size: 13px; color: var(--muted); font-weight: 600; } th:first-child, td:first-child, td.name, th.name { text-align: left; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
footer { margin-top: 48px; color: var(--muted); font-size: 13px; }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML: names come from data files. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

export function page(title: string, body: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
</body>
</html>
`;
}

export const section = (title: string, text: string, ...parts: readonly string[]): string =>
  `<section>\n<h2>${escapeHtml(title)}</h2>\n<p>${text}</p>\n${parts.join('\n')}\n</section>`;

export const tiles = (entries: readonly { value: string; label: string }[]): string =>
  `<div class="tiles">${entries
    .map(
      ({ value, label }) =>
        `<div class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`,
    )
    .join('')}</div>`;

/** Side by side as far as the page is wide; `wide` ones at most two. */
export const charts = (entries: readonly { title: string; svg: string }[], wide = false): string =>
  `<div class="charts${wide ? ' wide' : ''}">${entries
    .map(({ title, svg }) => `<div class="chart"><h3>${escapeHtml(title)}</h3>${svg}</div>`)
    .join('')}</div>`;

export const legend = (names: readonly string[]): string =>
  `<div class="legend">${names
    .map((name, at) => `<span><i style="background:var(--series-${at + 1})"></i>${escapeHtml(name)}</span>`)
    .join('')}</div>`;

/** The first `names` columns are text, the others numbers. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], names = 1): string {
  const cell = (tag: 'th' | 'td') => (text: string, column: number) =>
    `<${tag}${column < names ? ' class="name"' : ''}>${escapeHtml(text)}</${tag}>`;
  const head = header.map(cell('th')).join('');
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
