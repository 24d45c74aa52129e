/** Lists of indexes of a job as text, such as `1,3-5`. */

/** A run of indexes, both ends included. */
interface Interval {
  readonly first: number;
  readonly last: number;
}

/** A text that is no list of indexes; the message says why. */
export class IndexesError extends Error {}

/** How many indexes a text names. Throws an IndexesError. @param completions Indexes are below it. */
export function countIndexes(text: string, completions: number): number {
  let total = 0;
  let previous = -1;
  for (const part of text === '' ? [] : text.split(',')) {
    const { first, last } = intervalOf(part, completions);
    if (previous >= first) throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${first}`);
    total += last - first + 1;
    previous = last;
  }
  return total;
}

/** The first index that both texts name; parts that are no indexes are left out. */
export function commonIndex(left: string, right: string, completions: number): number | undefined {
  const lefts = readableIntervals(left, completions);
  for (const { first, last } of readableIntervals(right, completions)) {
    const other = lefts.find((each) => each.first <= last && first <= each.last);
    if (other !== undefined) return Math.max(first, other.first);
  }
  return undefined;
}

function readableIntervals(text: string, completions: number): Interval[] {
  return text.split(',').flatMap((part) => {
    try {
      return [intervalOf(part, completions)];
    } catch (error) {
      if (error instanceof IndexesError) return [];
      throw error;
    }
  });
}

function intervalOf(text: string, completions: number): Interval {
  const parts = text.split('-');
  if (parts.length > 2) {
    const why = "violates the requirement that an index interval can have at most two parts separated by '-'";
    throw new IndexesError(`the fragment ${JSON.stringify(text)} ${why}`);
  }
  const first = indexOf(parts[0]!, completions);
  if (parts.length === 1) return { first, last: first };
  const last = indexOf(parts[1]!, completions);
  if (first >= last) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  return { first, last };
}

function indexOf(text: string, completions: number): number {
  if (!/^\+?\d+$/.test(text)) {
    throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  }
  if (Number(text) >= completions) throw new IndexesError(`too large index: ${JSON.stringify(text)}`);
  return Number(text);
}
