import { builtIn } from '@gantry/model/built-in.ts';
import type { LimitRange, PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import type { KindView } from '../kind-view.ts';
import { forbidden } from '../refusal.ts';
import { claimProblems, joined, podProblems, withDefaults } from './decide.ts';

const podKind = builtIn.kindOf('', 'Pod')!;
const claimKind = builtIn.kindOf('', 'PersistentVolumeClaim')!;

/** LimitRanger: gives containers their namespace's default requests and limits, and holds pods and claims to its bounds. @param ranges All limit ranges. */
export function limitRangeStep(ranges: KindView): AdmissionStep {
  /** In the order of their names, so that the same pod comes out the same. */
  const rangesOf = (namespace: string): LimitRange[] =>
    [...ranges.in(namespace)]
      .sort((left, right) => (left.key < right.key ? -1 : 1))
      .map(({ object }) => object as unknown as LimitRange);
  return {
    name: 'LimitRanger',
    handles: ({ kind, operation, request: { subresource }, stored, namespace }) => {
      if (kind !== podKind && kind !== claimKind) return false;
      if (stored?.metadata.deletionTimestamp !== undefined || isEmpty(ranges.in(namespace))) return false;
      if (operation === 'CREATE') return subresource === '';
      // The containers of a pod change by a resize alone.
      return operation === 'UPDATE' && subresource === (kind === podKind ? 'resize' : '');
    },
    mutate: (attempt) => {
      if (attempt.kind !== podKind) return;
      const pod = withDefaults(attempt.object as unknown as Pod, rangesOf(attempt.namespace));
      attempt.object = pod as unknown as AnyObject;
    },
    validate: (attempt) => check(attempt, rangesOf(attempt.namespace)),
  };
}

function check(attempt: AdmissionAttempt, ranges: readonly LimitRange[]): void {
  const object: unknown = attempt.object;
  for (const range of ranges) {
    const problems =
      attempt.kind === podKind
        ? podProblems(object as Pod, range)
        : claimProblems(object as PersistentVolumeClaim, range);
    const problem = joined(problems);
    if (problem !== undefined) throw forbidden(attempt, problem);
  }
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}
