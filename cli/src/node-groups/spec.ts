/** Node groups as a user writes them: `NAME:MIN:MAX[:setting=value,…]`. */
import type { Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, quantityProblem } from '@gantry/model/quantity.ts';
import { parseTaint } from '@gantry/model/taints.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** A set of like nodes that the local provider starts and ends. */
export interface NodeGroupSpec {
  /** Name of the group, and the beginning of its nodes' names. */
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  /** `real` as the cluster's other nodes; `hollow` without containers, for load tests. */
  readonly runtime: 'real' | 'hollow';
  /** Amounts of a node, where they are not the machine's own; extended resources too. */
  readonly capacity: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Price of a node for an hour, in any unit; undefined where there is none. */
  readonly price: number | undefined;
  /** Milliseconds that a machine takes to come, beyond what starting it takes. */
  readonly startMs: number;
  /** Milliseconds that a node is unneeded before it may go; undefined where the autoscaler's own setting counts. */
  readonly unneededMs: number | undefined;
}

/** Text for `--help`. */
export const nodeGroupHelp =
  'group of nodes that come and go with the load, as NAME:MIN:MAX[:SETTING=VALUE,...]; may be repeated. Settings: cpu, memory, pods, ' +
  'ephemeral-storage, gpu, resource=NAME=AMOUNT, price (an hour), zone, region, label=KEY=VALUE, taint=KEY=VALUE:EFFECT, ' +
  'runtime=hollow, start=DURATION, unneeded=DURATION';

/** Nodes of one group, at most; as many hollow ones as a process has addresses for. */
const most = { real: 200, hollow: 65_536 } as const;
/** A name leaves room for a dash and five characters in the 63 of a host name. */
const namePattern = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;
/** Resources by the settings that tell their amounts. */
const amounts: Readonly<Record<string, string>> = {
  cpu: 'cpu',
  memory: 'memory',
  pods: 'pods',
  'ephemeral-storage': 'ephemeral-storage',
  gpu: 'nvidia.com/gpu',
};

/** Reads one group. Throws Invalid, naming the setting. */
export function parseNodeGroup(text: string): NodeGroupSpec {
  const [name = '', min = '', max = '', ...rest] = text.split(':');
  const refuse = (problem: string): GantryError =>
    new GantryError('Invalid', `node group ${JSON.stringify(text)}: ${problem}`);
  if (!namePattern.test(name)) {
    throw refuse(`the name ${JSON.stringify(name)} must be of lower-case letters, digits and dashes, at most 52`);
  }
  const [minSize, maxSize] = [min, max].map((size) => (/^\d{1,6}$/.test(size) ? Number(size) : Number.NaN));
  if (Number.isNaN(minSize) || Number.isNaN(maxSize)) throw refuse('must be NAME:MIN:MAX[:SETTING=VALUE,...]');
  if (maxSize! < 1 || minSize! > maxSize!) throw refuse(`MAX must be positive and not below MIN, ${minSize}`);
  const settings = new Settings(refuse);
  // Taints have colons, too.
  for (const setting of rest.join(':').split(',')) if (setting !== '') settings.read(setting);
  if (maxSize! > most[settings.runtime]) {
    throw refuse(`at most ${most[settings.runtime]} ${settings.runtime} nodes can be on one machine`);
  }
  const { runtime, capacity, labels, taints, price, startMs, unneededMs } = settings;
  const sizes = { name, minSize: minSize!, maxSize: maxSize! };
  return { ...sizes, runtime, capacity, labels, taints, price, startMs, unneededMs };
}

/** Throws Invalid where two groups have one name, or one is named like the cluster's own nodes. */
export function checkNodeGroups(groups: readonly NodeGroupSpec[]): readonly NodeGroupSpec[] {
  for (const [name, same] of Map.groupBy(groups, (group) => group.name)) {
    if (same.length > 1) throw new GantryError('Invalid', `node group "${name}": is there ${same.length} times`);
    if (name === 'node') throw new GantryError('Invalid', `node group "${name}": the cluster's own nodes are named so`);
  }
  return groups;
}

/** The settings of one group as they are read. */
class Settings {
  readonly capacity: Record<string, string> = {};
  readonly labels: Record<string, string> = {};
  readonly taints: Taint[] = [];
  runtime: NodeGroupSpec['runtime'] = 'real';
  price: number | undefined;
  startMs = 0;
  unneededMs: number | undefined;
  readonly #refuse: (problem: string) => GantryError;

  constructor(refuse: (problem: string) => GantryError) {
    this.#refuse = refuse;
  }

  read(setting: string): void {
    const [key, value] = pair(setting) ?? [setting, ''];
    if (value === '') throw this.#refuse(`${JSON.stringify(setting)} must be SETTING=VALUE`);
    const resource = amounts[key];
    if (resource !== undefined) this.#amount(resource, value);
    else this.#set(key, value);
  }

  #set(key: string, value: string): void {
    switch (key) {
      case 'resource':
        this.#amount(...this.#pair(key, value));
        break;
      case 'label': {
        const [name, text] = this.#pair(key, value);
        this.labels[name] = text;
        break;
      }
      case 'zone':
      case 'region':
        this.labels[`topology.kubernetes.io/${key}`] = value;
        break;
      case 'taint':
        this.taints.push(this.#taint(value));
        break;
      case 'price':
        this.price = this.#price(value);
        break;
      case 'runtime':
        this.runtime = this.#runtime(value);
        break;
      case 'start':
        this.startMs = this.#durationMs(key, value);
        break;
      case 'unneeded':
        this.unneededMs = this.#durationMs(key, value);
        break;
      default:
        throw this.#refuse(`there is no setting ${JSON.stringify(key)}`);
    }
  }

  #amount(resource: string, value: string): void {
    if (quantityProblem(value) !== undefined || parseQuantity(value).value <= 0n) {
      throw this.#refuse(`${resource} must be a positive quantity such as 2 or 4Gi, and is ${JSON.stringify(value)}`);
    }
    this.capacity[resource] = value;
  }

  #pair(key: string, value: string): readonly [string, string] {
    const found = pair(value);
    if (found === undefined || found[0] === '') throw this.#refuse(`${key} must be ${key}=KEY=VALUE`);
    return found;
  }

  #taint(value: string): Taint {
    const taint = parseTaint(value);
    if (taint === undefined) throw this.#refuse(`taint must be KEY=VALUE:EFFECT, and is ${JSON.stringify(value)}`);
    return taint;
  }

  #price(value: string): number {
    const price = Number(value);
    if (Number.isFinite(price) && price >= 0) return price;
    throw this.#refuse(`price must be a number, and is ${JSON.stringify(value)}`);
  }

  #runtime(value: string): NodeGroupSpec['runtime'] {
    if (value === 'hollow' || value === 'real') return value;
    throw this.#refuse(`runtime must be real or hollow, and is ${JSON.stringify(value)}`);
  }

  #durationMs(key: string, value: string): number {
    const [, amount, unit] = /^(\d{1,6})(ms|s|m)$/.exec(value) ?? [];
    if (amount === undefined)
      throw this.#refuse(`${key} must be a duration such as 30s, and is ${JSON.stringify(value)}`);
    return Number(amount) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
  }
}

function pair(text: string): readonly [string, string] | undefined {
  const at = text.indexOf('=');
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}
