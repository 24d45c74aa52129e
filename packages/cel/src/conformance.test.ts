import { describe, expect, it } from 'vitest';
import { isForeign, problemOf, specCases } from './testing/spec.ts';

/** Answers of cel-go as Kubernetes uses it, where the specification says otherwise. */
const asKubernetes: readonly (readonly [case_: RegExp, reason: string])[] = [
  [/map_value_repeat_key$/, 'the last entry of a key counts'],
  [/optionals\/(?:map_null_entry_no_such_key|map_present_key_invalid_field)$/, 'fields of what has none are absent'],
  [/string_ext\/format\//, 'version 2 of the strings library writes these in another way'],
  [/string_ext\/value_errors\/(?:last)?indexof_out_of_range$/, 'nothing is found beyond the end'],
];

describe('the specification of CEL', () => {
  const cases = specCases().filter((each) => !isForeign(each));
  const problems = cases.flatMap((each) => {
    const problem = problemOf(each);
    return problem === undefined ? [] : [{ name: each.name, problem }];
  });
  // Kubernetes wants the elements of a literal to have one type.
  const [mixed, others] = [true, false].map((isMixed) =>
    problems.filter(({ problem }) => /expected type '.*' but found/.test(problem) === isMixed),
  );

  it('has cases for us', () => {
    expect({ all: specCases().length, ours: cases.length, passed: cases.length - problems.length }).toEqual({
      all: 2344,
      ours: 1259,
      passed: 1197,
    });
  });

  it('is held but for literals of mixed types, which Kubernetes refuses', () => {
    expect(mixed).toHaveLength(40);
    expect(others!.filter(({ name }) => !asKubernetes.some(([pattern]) => pattern.test(name)))).toEqual([]);
  });
});
