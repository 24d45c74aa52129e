/** Folds over lists and maps: what macros such as all() and map() stand for. */
import { EntryMap, EvaluationError, fail, ListValue, MapValue, typeNameOf, type Value } from '../values/value.ts';
import type { Frame, Step } from './frame.ts';

/** A list that a fold adds to; nothing but the fold sees it until it is done. */
export class GrowingList extends ListValue {
  readonly values: Value[] = [];
  get size(): number {
    return this.values.length;
  }
  at(index: number): Value {
    return this.values[index]!;
  }
}

export interface FoldParts {
  readonly range: Step;
  readonly variable: number;
  readonly variable2: number | undefined;
  readonly accumulator: number;
  readonly init: Step;
  readonly condition: Step;
  readonly step: Step;
  readonly result: Step;
}

/** Names that cel-go's own types have in Go. */
const goTypes: Readonly<Record<string, string>> = {
  int: 'types.Int',
  uint: 'types.Uint',
  double: 'types.Double',
  bool: 'types.Bool',
  string: 'types.String',
  bytes: 'types.Bytes',
  null_type: 'types.Null',
  'google.protobuf.Timestamp': 'types.Timestamp',
  'google.protobuf.Duration': 'types.Duration',
};

export const newList: Step = () => new GrowingList();
export const newMap: Step = () => new EntryMap();

export function foldStep(parts: FoldParts): Step {
  return (frame) => {
    const range = parts.range(frame);
    frame.slots[parts.accumulator] = parts.init(frame);
    if (range instanceof ListValue) foldList(frame, parts, range);
    else if (range instanceof MapValue) foldMap(frame, parts, range);
    else fail(`got '${goTypes[typeNameOf(range)] ?? typeNameOf(range)}', expected iterable type`);
    return parts.result(frame);
  };
}

function foldList(frame: Frame, parts: FoldParts, range: ListValue): void {
  const { slots } = frame;
  for (let index = 0; index < range.size; index++) {
    if (parts.variable2 === undefined) slots[parts.variable] = range.at(index);
    else {
      slots[parts.variable] = index;
      slots[parts.variable2] = range.at(index);
    }
    if (!advance(frame, parts)) return;
  }
}

function foldMap(frame: Frame, parts: FoldParts, range: MapValue): void {
  for (const key of range.keys()) {
    frame.slots[parts.variable] = key;
    if (parts.variable2 !== undefined) frame.slots[parts.variable2] = range.get(key)!;
    if (!advance(frame, parts)) return;
  }
}

/** One more step, unless the fold is over. Errors of a step stay in the accumulator: a later element may decide without them. */
function advance(frame: Frame, parts: FoldParts): boolean {
  if (parts.condition(frame) === false) return false;
  try {
    frame.slots[parts.accumulator] = parts.step(frame);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    frame.slots[parts.accumulator] = error;
  }
  return true;
}
