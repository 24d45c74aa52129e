/** Pieces that the cells of several kinds' columns are made of. */

/** Labels as `a=1,b=2`, in order of name; `<none>` where there are none. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const parts = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return parts.sort().join(',') || '<none>';
}

/** The first entries of a list and how many more there are: `a,b,c + 2 more...`; `<unset>` for an empty one. */
export function formatFirst(entries: readonly string[], shown = 3): string {
  const text = entries.slice(0, shown).join(',');
  return entries.length > shown ? `${text} + ${entries.length - shown} more...` : text || '<unset>';
}
