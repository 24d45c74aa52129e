/** Changes of stored jobs. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Job, JobSpec } from '../../gen/gantry.batch.v1.ts';
import type { Container, PodTemplateSpec } from '../../gen/gantry.core.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { immutable, invalidValue } from '../../validation/causes.ts';

const fixed = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

/** Validates a change of a job: its pods stay those that it had. */
export function validateJobUpdate({ spec }: Job, stored: Job): FieldCause[] {
  return [
    ...validateCompletions(spec, stored.spec),
    ...fixed.flatMap((name) =>
      isSame(spec[name], stored.spec[name]) ? [] : [immutable(`spec.${name}`, spec[name] ?? null)],
    ),
    ...validateTemplateUpdate(spec.template, stored),
  ];
}

/** The indexes of an indexed job may become more or fewer as long as all of them may run at once. */
function validateCompletions(spec: JobSpec, stored: JobSpec): FieldCause[] {
  const field = 'spec.completions';
  const { completions, parallelism } = spec;
  if (isSame(completions, stored.completions)) return [];
  if (spec.completionMode !== 'Indexed') return [immutable(field, completions ?? null)];
  if (completions === undefined || completions === parallelism) return [];
  return [invalidValue(field, completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While a job is suspended and none of its pods run, what places them and what they get may change. */
function validateTemplateUpdate(template: PodTemplateSpec, { spec, status = {} }: Job): FieldCause[] {
  const isSuspended = spec.suspend === true;
  const isIdle = status.startTime === undefined || isTrue(status.conditions ?? [], 'Suspended');
  const isOpen = isSuspended && isIdle && (status.active ?? 0) === 0;
  if (!isOpen) {
    return isSame(template, spec.template) ? [] : [immutable('spec.template', template)];
  }
  const allowed = withResources(withPlacement(spec.template, template), template);
  return isSame(template.spec, allowed.spec) ? [] : [immutable('spec.template.spec', template.spec)];
}

/** A condition of a job, as far as it matters here. */
interface Condition {
  readonly type: string;
  readonly status: string;
}

/** True where the condition is there and holds. */
export function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditions.some((each) => each.type === type && each.status === 'True');
}

/** The stored template with the other one's placement, labels and annotations. */
function withPlacement(stored: PodTemplateSpec, wanted: PodTemplateSpec): PodTemplateSpec {
  const placement = ['nodeSelector', 'tolerations', 'schedulingGates'] as const;
  const spec = { ...stored.spec };
  for (const name of placement) delete spec[name];
  for (const name of placement) if (wanted.spec[name] !== undefined) Object.assign(spec, { [name]: wanted.spec[name] });
  const { nodeAffinity: _stored, ...others } = spec.affinity ?? {};
  const nodeAffinity = wanted.spec.affinity?.nodeAffinity;
  const affinity = nodeAffinity === undefined ? others : { ...others, nodeAffinity };
  const isEmpty = Object.keys(affinity).length === 0 && wanted.spec.affinity === undefined;
  if (isEmpty) delete spec.affinity;
  else spec.affinity = affinity;
  return { ...stored, spec };
}

/** The template with the other one's resources, container by container. */
function withResources(template: PodTemplateSpec, wanted: PodTemplateSpec): PodTemplateSpec {
  const spec = { ...template.spec };
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = spec[list];
    const others = wanted.spec[list] ?? [];
    if (containers === undefined || containers.length !== others.length) continue;
    spec[list] = containers.map((container, index) => withResourcesOf(container, others[index]!));
  }
  return { ...template, spec };
}

function withResourcesOf(container: Container, { name, resources }: Container): Container {
  if (container.name !== name) return container;
  const { resources: _stored, ...others } = container;
  return resources === undefined ? others : { ...others, resources };
}

function isSame(left: unknown, right: unknown): boolean {
  return canonicalJson(left ?? null) === canonicalJson(right ?? null);
}
