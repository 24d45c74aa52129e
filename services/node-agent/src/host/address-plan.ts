import { assert } from '@gantry/runtime/assert.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { overlaps, parseRange } from '../ipv4.ts';

/** Addresses of a cluster whose nodes are network namespaces of one machine. */
export interface AddressPlan {
  /** All pods: a /16, of which every node gets a /24. */
  readonly podCidr: string;
  /** The nodes: a /24 on one bridge. */
  readonly nodeCidr: string;
  /** The machine's own address on that bridge, where nodes and pods reach what runs outside of them. */
  readonly gateway: string;
}

/** Addresses of one node. */
export interface NodeAddresses {
  readonly address: string;
  readonly podCidr: string;
}

/** How many nodes one plan has addresses for. */
export const maxNodes = 200;
/** Pairs of /16 blocks below 10.96.0.0/12, which Kubernetes uses for services by default. */
const firstBlock = 64;
const planCount = 16;

/** The plan of the given number: 10.64 and 10.65 for the first, 10.66 and 10.67 for the second, and so on. */
export function addressPlan(number: number): AddressPlan {
  const block = firstBlock + 2 * number;
  assert(Number.isInteger(number) && number >= 0 && number < planCount, `address plan ${number}`);
  return { podCidr: `10.${block}.0.0/16`, nodeCidr: `10.${block + 1}.0.0/24`, gateway: `10.${block + 1}.0.1` };
}

/** Numbers of the plans that no route of the machine leads into. `routes` are destinations, such as 10.1.0.0/16 or 10.1.2.3. */
export function freePlanNumbers(routes: readonly string[]): number[] {
  const used = routes.map(parseRange).filter((each) => each !== undefined);
  return Array.from({ length: planCount }, (_, number) => number).filter((number) => {
    const plan = addressPlan(number);
    const blocks = [parseRange(plan.podCidr)!, parseRange(plan.nodeCidr)!];
    return !used.some((route) => blocks.some((block) => overlaps(route, block)));
  });
}

/** Addresses of the node with the given index, from 0. */
export function nodeAddresses(plan: AddressPlan, index: number): NodeAddresses {
  if (index >= maxNodes)
    throw new GantryError('Invalid', `${index + 1} nodes: at most ${maxNodes} nodes can be on one machine`);
  const prefix = (cidr: string, octets: number) => cidr.split('.').slice(0, octets).join('.');
  return { address: `${prefix(plan.nodeCidr, 3)}.${index + 2}`, podCidr: `${prefix(plan.podCidr, 2)}.${index}.0/24` };
}
