import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, NodeSelectorTerm, PodSpec, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { meets, nodeRequirement } from '@gantry/model/selectors.ts';
import { tolerates } from '@gantry/model/taints.ts';
import { withDaemonTolerations } from './template.ts';

/**
 * Whether a node has a pod of a DaemonSet: `runs` where it should have one, `keeps` where it may keep the one that it has and gets no new
 * one, `refuses` where it must have none.
 */
export type Verdict = 'runs' | 'keeps' | 'refuses';

type Labels = Readonly<Record<string, string>>;

/** The judge of nodes for a DaemonSet's present template. What does not depend on the node is derived once. */
export function eligibilityOf({ spec }: DaemonSet): (node: Node) => Verdict {
  const pod = withDaemonTolerations(spec.template!.spec!);
  const { tolerations = [] } = pod;
  const fits = fitsAffinity(pod);
  const bears = (taint: Taint): boolean => tolerations.some((toleration) => tolerates(toleration, taint));
  return (node) => {
    if (!fits(node)) return 'refuses';
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute' || effect === 'NoSchedule');
    const unborne = taints.filter((taint) => !bears(taint));
    if (unborne.length === 0) return 'runs';
    return unborne.some(({ effect }) => effect === 'NoExecute') ? 'refuses' : 'keeps';
  };
}

function fitsAffinity({ nodeName, nodeSelector, affinity }: PodSpec): (node: Node) => boolean {
  const selector = Object.entries(nodeSelector ?? {});
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const tests = terms?.map(matchesTerm);
  return ({ metadata }) => {
    if (nodeName && nodeName !== metadata.name) return false;
    const { labels = {} } = metadata;
    if (!selector.every(([key, value]) => labels[key] === value)) return false;
    return tests === undefined || tests.some((matches) => matches(labels, metadata.name));
  };
}

/** A term without conditions matches no node. */
function matchesTerm({
  matchExpressions = [],
  matchFields = [],
}: NodeSelectorTerm): (labels: Labels, name: string) => boolean {
  const onLabels = matchExpressions.map(nodeRequirement);
  const onName = matchFields.map(nodeRequirement);
  if (onLabels.length + onName.length === 0) return () => false;
  return (labels, name) =>
    onLabels.every((requirement) => meets(labels, requirement)) &&
    onName.every((requirement) => meets({ 'metadata.name': name }, requirement));
}
