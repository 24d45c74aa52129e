/** Space between columns, as kubectl prints it. */
const gap = 3;

/** Lays rows out in columns as wide as their widest cell. The last column is not padded. */
export function formatTable(header: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const lines = header === undefined ? rows : [header, ...rows];
  const widths = columnWidths(lines);
  return lines.map((cells) => `${formatRow(cells, widths)}\n`).join('');
}

/** Widths of the columns of these rows. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  return widths;
}

/** One row, padded to these widths. */
export function formatRow(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => (index === cells.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + gap)))
    .join('')
    .trimEnd();
}
