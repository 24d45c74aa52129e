import type { ControllerRevision, DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { View } from '../core/action.ts';
import { hashOf, templateOf } from '../core/history.ts';
import { type Limits, limitsOf, rolloutFor } from '../rollout/limits.ts';
import { generationAnnotation } from './template.ts';

/** Limits of a Rollout, and the revision that it keeps. */
export interface Governed {
  readonly limits: Limits;
  readonly stable: ControllerRevision;
}

/** The Rollout's say over a set whose template is not the stable one; undefined where the set goes by its own strategy. */
export function governedBy(
  set: DaemonSet,
  current: ControllerRevision,
  all: readonly ControllerRevision[],
  view: View,
): Governed | undefined {
  const limits = limitsOf(rolloutFor(set, view), hashOf(current));
  if (limits?.canary === undefined) return undefined;
  const stable = all.find((revision) => hashOf(revision) === limits.stable);
  return stable === undefined ? undefined : { limits, stable };
}

/** The set with the template of an earlier revision. The number of the present template is none of its pods'. */
export function withTemplate(set: DaemonSet, revision: ControllerRevision): DaemonSet {
  const { [generationAnnotation]: _number, ...annotations } = set.metadata.annotations ?? {};
  return { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, template: templateOf(revision) } };
}
