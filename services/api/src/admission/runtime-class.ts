import { isDeepStrictEqual } from 'node:util';
import { builtIn } from '@gantry/model/built-in.ts';
import type { Pod, Toleration } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RuntimeClass } from '@gantry/model/gen/gantry.node.v1.ts';
import { readAmounts, sameAmounts } from '@gantry/model/quota/amounts.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from './chain.ts';
import type { KindView } from './kind-view.ts';
import { forbidden } from './refusal.ts';

const podKind = builtIn.kindOf('', 'Pod')!;

/** RuntimeClass: gives new pods what their class costs, and sends them where it runs. @param classes All runtime classes. */
export function runtimeClassStep(classes: KindView): AdmissionStep {
  const classOf = async (attempt: AdmissionAttempt): Promise<RuntimeClass | undefined> => {
    const { runtimeClassName } = (attempt.object as unknown as Pod).spec;
    if (runtimeClassName === undefined) return undefined;
    const found = await classes.find(undefined, runtimeClassName);
    if (found !== undefined) return found as unknown as RuntimeClass;
    throw forbidden(attempt, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`);
  };
  return {
    name: 'RuntimeClass',
    handles: ({ kind, operation, request, object }) =>
      kind === podKind &&
      operation === 'CREATE' &&
      request.subresource === '' &&
      (object?.spec?.runtimeClassName !== undefined || object?.spec?.overhead !== undefined),
    mutate: async (attempt) => {
      const runtimeClass = await classOf(attempt);
      if (runtimeClass === undefined) return;
      const { spec } = attempt.object as unknown as Pod;
      const { overhead, scheduling } = runtimeClass;
      const next: Pod['spec'] = { ...spec };
      if (overhead !== undefined) {
        if (Object.keys(spec.overhead ?? {}).length > 0 && !isSame(spec.overhead, overhead.podFixed)) {
          throw forbidden(attempt, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }
        if (overhead.podFixed !== undefined) next.overhead = { ...overhead.podFixed };
      }
      if (scheduling?.nodeSelector !== undefined) next.nodeSelector = selected(attempt, spec, scheduling.nodeSelector);
      const tolerations = merged(spec.tolerations, scheduling?.tolerations);
      if (tolerations.length > 0) next.tolerations = tolerations;
      attempt.object = { ...attempt.object!, spec: next as unknown as NonNullable<AnyObject['spec']> };
    },
    validate: async (attempt) => {
      const overhead = (await classOf(attempt))?.overhead;
      const own = (attempt.object as unknown as Pod).spec.overhead;
      if (overhead === undefined && own !== undefined) {
        throw forbidden(attempt, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
      if (overhead !== undefined && !isSame(own, overhead.podFixed)) {
        throw forbidden(attempt, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      }
    },
  };
}

type Written = Readonly<Record<string, string>>;

function isSame(left: Written | undefined, right: Written | undefined): boolean {
  return sameAmounts(readAmounts(left), readAmounts(right));
}

function selected(
  attempt: AdmissionAttempt,
  { nodeSelector = {} }: Pod['spec'],
  wanted: Written,
): Record<string, string> {
  for (const [key, value] of Object.entries(wanted)) {
    const own = nodeSelector[key];
    if (own === undefined || own === value) continue;
    const where = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
    throw forbidden(attempt, `conflict: ${where}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  return { ...nodeSelector, ...wanted };
}

/** All tolerations, without those that another one says at least as much as; of equal ones the first. */
function merged(own: readonly Toleration[] = [], added: readonly Toleration[] = []): Toleration[] {
  const all = [...own, ...added];
  return all.filter((toleration, index) => {
    const isMoreThan = (other: Toleration, at: number): boolean =>
      at !== index && covers(other, toleration) && (at < index || !isDeepStrictEqual(other, toleration));
    return !all.some(isMoreThan);
  });
}

/** Whether the first tolerates all that the second does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (isDeepStrictEqual(wide, narrow)) return true;
  const [{ key = '', operator = '', value = '', effect = '' }, other] = [wide, narrow];
  // An empty key stands for all of them, and an empty effect likewise.
  if (key !== (other.key ?? '') && !(key === '' && operator === 'Exists')) return false;
  if (effect !== (other.effect ?? '') && effect !== '') return false;
  if (effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if ((other.tolerationSeconds ?? Number.POSITIVE_INFINITY) > wide.tolerationSeconds) return false;
  }
  if (operator === 'Exists') return true;
  return (
    ['', 'Equal'].includes(operator) && ['', 'Equal'].includes(other.operator ?? '') && value === (other.value ?? '')
  );
}
