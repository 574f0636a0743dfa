/** The rows of each id, ids ascending: `ids` `[rows]` says what a row belongs to. */
export function rowsById(ids: ArrayLike<number>): [id: number, rows: number[]][] {
  const found = new Map<number, number[]>();
  for (let row = 0; row < ids.length; row++) {
    const rows = found.get(ids[row]!);
    if (rows) rows.push(row);
    else found.set(ids[row]!, [row]);
  }
  return [...found].sort(([a], [b]) => a - b);
}
