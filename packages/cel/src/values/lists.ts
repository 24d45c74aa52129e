/** Lists that are not held as elements: two after one another. */
import { ListValue, type Value } from './value.ts';

/** Two lists after one another. Adding lists costs next to nothing, so that it must not copy them. */
class JoinedList extends ListValue {
  readonly #first: ListValue;
  readonly #second: ListValue;
  readonly size: number;

  constructor(first: ListValue, second: ListValue) {
    super();
    this.#first = first;
    this.#second = second;
    this.size = first.size + second.size;
  }

  at(index: number): Value {
    const rest = index - this.#first.size;
    return rest < 0 ? this.#first.at(index) : this.#second.at(rest);
  }
}

/** The two lists as one: merged where the first says so (sets, lists with keys), one after the other elsewhere. */
export function addLists(first: ListValue, second: ListValue): ListValue {
  const merged = first.mergedWith(second);
  if (merged !== undefined) return merged;
  if (second.size === 0) return first;
  return first.size === 0 ? second : new JoinedList(first, second);
}
/** 0 to size-1. */
export class RangeList extends ListValue {
  readonly size: number;
  constructor(size: number) {
    super();
    this.size = size;
  }
  at(index: number): Value {
    return index;
  }
}
