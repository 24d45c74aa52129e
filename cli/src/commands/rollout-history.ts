import type { ControllerRevision, Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { canonicalJson } from '@gantry/model/hash.ts';
import { type Context, refusal } from '../context.ts';
import { listAll } from '../listing.ts';
import type { Rolled, RolledTarget } from './rollout-targets.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const causeAnnotation = 'kubernetes.io/change-cause';
const hashLabel = 'pod-template-hash';
/** Annotations of a Deployment that say nothing about a revision: they stay where it goes back to one. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

/** A state that a workload's template had. */
export interface Revision {
  readonly number: number;
  /** Why it was changed then, as the user said. */
  readonly cause: string | undefined;
  readonly template: PodTemplateSpec;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A workload's revisions, oldest first: those of a Deployment are its ReplicaSets, those of others ControllerRevisions. */
export async function revisionsOf(context: Context, workload: Rolled): Promise<Revision[]> {
  const { namespace } = context;
  const isOwn = ({ metadata }: ReplicaSet | ControllerRevision): boolean =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === workload.metadata.uid) ?? false;
  const revisions =
    workload.kind === 'Deployment'
      ? (await listAll(context, 'ReplicaSet', { namespace })).items.filter(isOwn).map(ofSet)
      : (await listAll(context, 'ControllerRevision', { namespace })).items.filter(isOwn).map(ofRevision);
  return revisions.filter(({ number }) => number > 0).sort((a, b) => a.number - b.number);
}

/**
 * Gives a workload the template of an earlier revision.
 *
 * @param asked the revision, 0 for the last one before the present.
 * @returns the end of the line that tells of it.
 */
export async function restore(context: Context, target: RolledTarget, asked: number): Promise<string> {
  const { client, signal } = context;
  const { kind, name } = target;
  const workload: Rolled = await client.get(kind, target, { signal });
  const revisions = await revisionsOf(context, workload);
  const revision = asked > 0 ? revisions.find(({ number }) => number === asked) : revisions.at(-2);
  if (revision === undefined) {
    if (asked > 0) throw refusal(`unable to find specified revision ${asked} in history`);
    const isDeployment = kind === 'Deployment';
    throw refusal(
      isDeployment ? `no rollout history found for deployment "${name}"` : 'no last revision to roll back to',
    );
  }
  if (kind === 'Deployment' && (workload as Deployment).spec.paused) {
    const command = `gantry rollout resume deployment/${name}`;
    throw refusal(`you cannot rollback a paused deployment; resume it first with '${command}' and try again`);
  }
  if (canonicalJson(revision.template) === canonicalJson(workload.spec.template)) {
    return `skipped rollback (current template already matches revision ${asked})`;
  }
  const body = [
    { op: 'replace', path: '/spec/template', value: revision.template },
    ...(kind === 'Deployment' ? [annotationsPatch(workload as Deployment, revision)] : []),
  ];
  await client.patch(kind, target, { type: 'json', body }, { signal });
  return 'rolled back';
}

/** A Deployment that goes back gets what people wrote on it then, such as the cause of the change. */
function annotationsPatch({ metadata }: Deployment, { annotations }: Revision) {
  const kept = Object.entries(metadata.annotations ?? {}).filter(([name]) => ownAnnotations.has(name));
  const then = Object.entries(annotations).filter(([name]) => !ownAnnotations.has(name));
  return { op: 'add', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...then]) };
}

function ofSet({ metadata, spec }: ReplicaSet): Revision {
  const template = structuredClone(spec.template);
  delete template.metadata?.labels?.[hashLabel];
  const { annotations = {} } = metadata;
  return {
    number: Number(annotations[revisionAnnotation] ?? 0),
    cause: annotations[causeAnnotation],
    template,
    annotations,
  };
}

function ofRevision({ metadata, data, revision = 0 }: ControllerRevision): Revision {
  const { annotations = {} } = metadata;
  const { spec } = data as { readonly spec: { readonly template: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _patch, ...template } = spec.template;
  return { number: Number(revision), cause: annotations[causeAnnotation], template, annotations };
}
