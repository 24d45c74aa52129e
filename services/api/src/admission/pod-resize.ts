import { podRequests } from '@gantry/model/amounts.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import type { PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import type { CapacityLedger } from '../scheduling/ledger.ts';
import type { AdmissionStep } from './chain.ts';
import { forbiddenBy } from './refusals.ts';

const podKind = builtIn.kindOf('', 'Pod')!;
const resizable = ['cpu', 'memory'] as const;

/**
 * PodResizeValidator: a pod that has a node asks for no more than that node could ever give. Whether there is room for it now is the node's to
 * say, which defers a resize until there is. The node's fence goes up with the write (capacity.ts).
 */
export function podResizeStep(nodes: Pick<CapacityLedger, 'account'>): AdmissionStep {
  return {
    name: 'PodResizeValidator',
    handles: ({ kind, operation, request: { subresource }, object }) =>
      kind === podKind && operation === 'UPDATE' && subresource === 'resize' && Boolean(object?.spec?.nodeName),
    validate: (attempt) => {
      const spec = attempt.object!.spec as unknown as PodSpec;
      if (sameJson(spec, attempt.stored?.spec)) return;
      const node = nodes.account(String(spec.nodeName));
      if (node === undefined) throw forbiddenBy(attempt, `node ${JSON.stringify(spec.nodeName)} not found`);
      const requests = podRequests(spec);
      const lacking = resizable.flatMap((name) => {
        const [requested, allocatable] = [requests.get(name) ?? 0, node.allocatable.get(name) ?? 0];
        return requested > allocatable ? [`${name}, requested: ${requested}, allocatable: ${allocatable}`] : [];
      });
      if (lacking.length === 0) return;
      const problem = `node didn't have enough allocatable resources: ${lacking.join('; ')}`;
      throw forbiddenBy(attempt, problem, { causes: [{ reason: 'NodeCapacity' }] });
    },
  };
}
