import { grownIntegers, sharedIntegers } from './shared.ts';

/** Number of a label's value in its column; 0 stands for "no such label". For topology keys it is the domain. */
export type ValueId = number;

/** The values of one label of all nodes, as numbers, so that a rule on it is one array lookup a node. */
export class LabelColumn {
  readonly key: string;
  /** By node index. */
  ids: Int32Array<SharedArrayBuffer>;
  /** Values by their number; the first stands for absence. */
  readonly values: (string | undefined)[] = [undefined];
  readonly #numbers = new Map<string, ValueId>();
  /** How many nodes have each value; of absence nothing is counted. */
  readonly population: number[] = [0];
  /** How many values are those of more than one node. */
  #crowded = 0;

  constructor(key: string, capacity: number) {
    this.key = key;
    this.ids = sharedIntegers(capacity);
  }

  /** Numbers given out, with 0. */
  get size(): number {
    return this.values.length;
  }

  /** True where no two nodes have the same value, as of host names. */
  get isUnique(): boolean {
    return this.#crowded === 0;
  }

  /** The number of a value; 0 where no node ever had it. */
  idOf(value: string): ValueId {
    return this.#numbers.get(value) ?? 0;
  }

  /** Sets a node's value. */
  set(node: number, value: string | undefined): void {
    const old = this.ids[node]!;
    if (old !== 0 && --this.population[old]! === 1) this.#crowded--;
    const id = value === undefined ? 0 : this.#number(value);
    this.ids[node] = id;
    if (id !== 0 && ++this.population[id]! === 2) this.#crowded++;
  }

  grow(capacity: number): void {
    this.ids = grownIntegers(this.ids, capacity);
  }

  #number(value: string): ValueId {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    const id = this.values.length;
    this.values.push(value);
    this.population.push(0);
    this.#numbers.set(value, id);
    return id;
  }
}
