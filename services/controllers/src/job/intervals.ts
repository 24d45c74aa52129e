/** A run of indexes, both ends included. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

/** Sets of indexes as ordered runs with a gap between neighbours: 10,000 indexes that are done are one run. */
export type Intervals = readonly Interval[];

/** The set of indexes that are in ascending order. */
export function intervalsOf(indexes: Iterable<number>): Intervals {
  const runs: { first: number; last: number }[] = [];
  for (const index of indexes) append(runs, { first: index, last: index });
  return runs;
}

/** The union of two sets. */
export function union(left: Intervals, right: Intervals): Intervals {
  const runs: { first: number; last: number }[] = [];
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const takesLeft = r >= right.length || (l < left.length && left[l]!.first < right[r]!.first);
    append(runs, takesLeft ? left[l++]! : right[r++]!);
  }
  return runs;
}

function append(runs: { first: number; last: number }[], { first, last }: Interval): void {
  const previous = runs.at(-1);
  if (previous === undefined || first > previous.last + 1) runs.push({ first, last });
  else previous.last = Math.max(previous.last, last);
}

/** Number of indexes in the set. */
export function sizeOf(intervals: Intervals): number {
  return intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** True where the index is in the set. */
export function includes(intervals: Intervals, index: number): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (intervals[middle]!.last >= index) high = middle;
    else low = middle + 1;
  }
  return low < intervals.length && intervals[low]!.first <= index;
}

/** Number of indexes that are in both sets. */
export function sizeOfCommon(left: Intervals, right: Intervals): number {
  let common = 0;
  for (let l = 0, r = 0; l < left.length && r < right.length; ) {
    const [a, b] = [left[l]!, right[r]!];
    common += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
    if (a.last <= b.last) l++;
    if (b.last <= a.last) r++;
  }
  return common;
}

/** The lowest indexes below a bound that are not in the set, as many as are asked for. */
export function firstMissing(intervals: Intervals, below: number, count: number): number[] {
  const missing: number[] = [];
  let next = 0;
  for (const { first, last } of [...intervals, { first: below, last: below }]) {
    for (; next < first && next < below && missing.length < count; next++) missing.push(next);
    next = Math.max(next, last + 1);
  }
  return missing;
}

/** The text of a set in a Job's status, such as `1,3-5,7`; two neighbours are written one by one. */
export function textOf(intervals: Intervals): string {
  return intervals
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',');
}

/** The set that a text names; indexes from the bound on and parts that are no indexes are left out. */
export function parseIntervals(text: string, below: number): Intervals {
  const runs: { first: number; last: number }[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    if (first >= below) break;
    append(runs, { first, last: Math.min(Number(match[2] ?? first), below - 1) });
  }
  return runs;
}
