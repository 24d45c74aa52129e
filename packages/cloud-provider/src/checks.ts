/** Answers of a provider are held to what they may say, before anything is decided by them. Pure; problems are sentences. */
import { parseQuantity, quantityProblem } from '@gantry/model/quantity.ts';
import type { GroupOptions, Instance, NodeGroup, NodeTemplate } from './provider.ts';

/** Groups and machines that a provider may have, at most. */
export const maxGroups = 1_000;
export const maxInstances = 20_000;
/** Shown of a provider's own words, at most. */
const maxShown = 120;

/** The groups that make sense, and a sentence about each other one. */
export interface CheckedGroups {
  readonly groups: readonly NodeGroup[];
  readonly problems: readonly string[];
}

/** Leaves out the groups that no decision can go by: without an id, with an id that comes twice, or with sizes that cannot be. */
export function checkGroups(answered: readonly NodeGroup[]): CheckedGroups {
  const count = Map.groupBy(answered, ({ id }) => id);
  const problems: string[] = [];
  const groups: NodeGroup[] = [];
  for (const [id, same] of count) {
    const problem = id === '' ? 'has no id' : same.length > 1 ? `comes ${same.length} times` : sizeProblem(same[0]!);
    if (problem !== undefined) problems.push(`node group ${shown(id)} ${problem}`);
    else if (groups.length < maxGroups) groups.push(same[0]!);
  }
  if (count.size > maxGroups) problems.push(`there are ${count.size} node groups; the first ${maxGroups} are taken`);
  return { groups, problems };
}

function sizeProblem({ minSize, maxSize }: NodeGroup): string | undefined {
  if (minSize < 0) return `has a least size of ${minSize}`;
  return maxSize < minSize ? `has a greatest size of ${maxSize}, below its least, ${minSize}` : undefined;
}

/** Problem of a group's size; undefined if there is none. */
export function targetSizeProblem(size: number): string | undefined {
  return size < 0 ? `a target size of ${size}` : undefined;
}

/** Problem of a group's machines; undefined if there is none. */
export function instancesProblem(instances: readonly Instance[]): string | undefined {
  if (instances.length > maxInstances) return `${instances.length} machines, more than ${maxInstances}`;
  if (instances.some(({ id }) => id === '')) return 'a machine without an id';
  const seen = new Set<string>();
  for (const { id } of instances) {
    if (seen.has(id)) return `the machine ${shown(id)} twice`;
    seen.add(id);
  }
  return undefined;
}

/** Problem of a template; undefined if there is none. Its node has allocatable amounts, none below zero. */
export function templateProblem({ node }: NodeTemplate): string | undefined {
  const allocatable = Object.entries(node.status?.allocatable ?? {});
  if (allocatable.length === 0) return 'a template without capacity';
  for (const [resource, amount] of allocatable) {
    if (quantityProblem(amount) !== undefined || parseQuantity(amount).value < 0n) {
      return `a template with ${shown(amount)} of ${shown(resource)}`;
    }
  }
  return undefined;
}

/** Problem of a price; undefined if there is none. */
export function priceProblem(price: number): string | undefined {
  return Number.isFinite(price) && price >= 0 ? undefined : `a price of ${price}`;
}

/** Problem of a group's settings; undefined if there is none. */
export function optionsProblem(options: GroupOptions): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(Number.isFinite(value) && value >= 0)) return `the setting ${name} of ${value}`;
  }
  return undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);
}
