import type { NodeFilter } from '../plugin.ts';
import type { HostPort } from '../requirement.ts';

const reasons = ["node(s) didn't have free ports for the requested pod ports"];

/** True where two ports of one node cannot both be had: all addresses overlap with each. */
export function collide(left: HostPort, right: HostPort): boolean {
  if (left.port !== right.port || left.protocol !== right.protocol) return false;
  return left.ip === right.ip || left.ip === '0.0.0.0' || right.ip === '0.0.0.0';
}

/** Keeps pods off nodes whose ports that they ask for are taken. */
export const nodePorts: NodeFilter = {
  name: 'NodePorts',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'podGone'],
  prepare({ requirement: { hostPorts } }, cluster) {
    if (hostPorts.length === 0) return undefined;
    const passes = (node: number): boolean => {
      const taken = cluster.hostPortsOn(node);
      return !hostPorts.some((wanted) => taken.some((port) => collide(wanted, port)));
    };
    return { passes, reasons: () => reasons, helpedByPreemption: () => true };
  },
};
