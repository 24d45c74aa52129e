import { builtIn } from '@gantry/model/built-in.ts';
import { type CapacityLedger, withTopology } from '../scheduling/ledger.ts';
import type { AdmissionStep } from './chain.ts';

const podKind = builtIn.kindOf('', 'Pod')!;

/** PodTopologyLabels: a pod that is made for a node has the labels of where that is. All others get them when they are bound. */
export function topologyStep(nodes: Pick<CapacityLedger, 'account'>): AdmissionStep {
  return {
    name: 'PodTopologyLabels',
    handles: ({ kind, operation, request: { subresource }, object }) =>
      kind === podKind && operation === 'CREATE' && subresource === '' && Boolean(object?.spec?.nodeName),
    mutate: (attempt) => {
      const node = nodes.account(String(attempt.object!.spec!.nodeName));
      if (node !== undefined) attempt.object = withTopology(attempt.object!, node);
    },
  };
}
