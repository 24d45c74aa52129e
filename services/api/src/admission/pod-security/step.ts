import { builtIn } from '@gantry/model/built-in.ts';
import type { Container, EphemeralContainer, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { invalid } from '@gantry/model/validation/causes.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Store } from '@gantry/store/store.ts';
import type { ObjectCache } from '../../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import type { KindView } from '../kind-view.ts';
import { forbidden } from '../refusal.ts';
import type { PodLike } from './check.ts';
import { warningsOfPods } from './existing.ts';
import { isFree, type Policy, policyOf } from './policy.ts';
import { compareLevels, describe, nameOf, type Standard, violationsOf } from './standards.ts';

interface Deps {
  /** All namespaces. */
  readonly namespaces: KindView;
  readonly store: Pick<Store, 'list'>;
  readonly cache: ObjectCache;
  readonly clock: Pick<Clock, 'monotonic'>;
}

const podKind = builtIn.kindOf('', 'Pod')!;
const namespaceKind = builtIn.kindOf('', 'Namespace')!;
/** Subresources of pods whose bodies are pods. */
const podParts = ['', 'ephemeralcontainers', 'resize'];
/** Kinds with templates of pods, by the path of the template. */
const templates: Readonly<Record<string, readonly string[]>> = {
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};
const kindsOfTemplates = new Map(
  builtIn.kinds.flatMap((kind) => (templates[resourceOf(kind)] ? [[kind, templates[resourceOf(kind)]!] as const] : [])),
);

/**
 * PodSecurity: holds pods to the standards that the labels of their namespace name. Pods that break the enforced one are refused;
 * their authors, and those of templates, are warned of what else they break. Nobody is exempt.
 */
export function podSecurityStep(deps: Deps): AdmissionStep {
  return {
    name: 'PodSecurity',
    handles: ({ kind, operation, request: { subresource } }) => {
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      if (kind === podKind) return podParts.includes(subresource);
      return subresource === '' && (kind === namespaceKind || kindsOfTemplates.has(kind));
    },
    validate: async (attempt) => {
      if (attempt.kind === namespaceKind) return await checkNamespace(deps, attempt);
      const namespace = await deps.namespaces.find(undefined, attempt.namespace);
      const { policy, causes } = policyOf(namespace?.metadata.labels);
      if (isFree(policy) && causes.length === 0) {
        if (attempt.kind === podKind) attempt.request.annotate(`${prefix}enforce-policy`, nameOf(policy.enforce));
        return;
      }
      if (causes.length > 0) {
        const problems = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
        attempt.request.annotate(`${prefix}error`, `Failed to parse policy: ${problems}`);
      }
      checkPodLike(attempt, policy);
    },
  };
}

const prefix = 'pod-security.kubernetes.io/';

function checkPodLike(attempt: AdmissionAttempt, policy: Policy): void {
  const { kind, object, stored, request } = attempt;
  const isPod = kind === podKind;
  if (isPod && stored !== undefined && !changesImages(object as unknown as Pod, stored as unknown as Pod)) return;
  const pod = isPod ? (object as unknown as PodLike) : templateIn(object!, kindsOfTemplates.get(kind)!);
  if (pod?.spec === undefined) return;
  const known = new Map<string, string>();
  /** All that breaks a standard, in words; empty where nothing does. */
  const broken = (standard: Standard): string => {
    const name = nameOf(standard);
    if (!known.has(name)) known.set(name, describe(violationsOf(standard, pod)));
    return known.get(name)!;
  };
  const { enforce, audit, warn } = policy;
  if (isPod) request.annotate(`${prefix}enforce-policy`, nameOf(enforce));
  if (broken(audit) !== '') {
    request.annotate(`${prefix}audit-violations`, `would violate PodSecurity "${nameOf(audit)}": ${broken(audit)}`);
  }
  if (isPod && broken(enforce) !== '') {
    throw forbidden(attempt, `violates PodSecurity "${nameOf(enforce)}": ${broken(enforce)}`);
  }
  if (broken(warn) !== '') request.warn(`would violate PodSecurity "${nameOf(warn)}": ${broken(warn)}`);
}

function templateIn(object: object, path: readonly string[]): PodLike | undefined {
  let part: unknown = object;
  for (const name of path) part = (part as Record<string, unknown> | undefined)?.[name];
  return part as PodLike | undefined;
}

type AnyContainer = Container | EphemeralContainer;

/** Of all that can change in a pod, new containers and images can make it break a standard. */
function changesImages({ spec }: Pod, { spec: stored }: Pod): boolean {
  const differ = (after: readonly AnyContainer[] = [], before: readonly AnyContainer[] = []): boolean =>
    after.length !== before.length || after.some(({ image }, index) => image !== before[index]!.image);
  if (differ(spec.containers, stored.containers) || differ(spec.initContainers, stored.initContainers)) return true;
  return (spec.ephemeralContainers ?? []).some(({ name, image }) => {
    const before = (stored.ephemeralContainers ?? []).find((container) => container.name === name);
    return before === undefined || before.image !== image;
  });
}

/** Refuses labels that mean nothing, and warns of pods that would not be let in any more. */
async function checkNamespace(deps: Deps, { object, stored, name, request }: AdmissionAttempt): Promise<void> {
  const { policy, causes } = policyOf(object!.metadata.labels);
  const before = stored && policyOf(stored.metadata.labels);
  const sameFaults = before !== undefined && JSON.stringify(before.causes) === JSON.stringify(causes);
  if (causes.length > 0 && !sameFaults) {
    const error = invalid(namespaceKind, object!.metadata.name, causes);
    throw new GantryError('Invalid', error.message, { causes, resource: error.resource! });
  }
  if (before === undefined) return;
  const [wanted, had] = [policy.enforce, before.policy.enforce];
  const isSame = wanted.level === had.level && wanted.minor === had.minor;
  const isLaxer = wanted.minor === had.minor && compareLevels(wanted.level, had.level) < 0;
  if (isSame || isLaxer || wanted.level === 'privileged') return;
  for (const text of await warningsOfPods(deps, name, wanted)) request.warn(text);
}
