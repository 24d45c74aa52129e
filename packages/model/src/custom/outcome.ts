import type { FieldCause } from '@gantry/runtime/errors.ts';

/** A fault of a value. */
export interface Fault {
  readonly reason: FieldCause['reason'];
  /** Of the value; undefined where the fault is told of the object as a whole. */
  readonly path: string | undefined;
  readonly message: string;
}

/** Outcome of checks of one value. */
export class Outcome {
  /** Checks that were made. Of alternatives that all fail, the faults of the one with the most checks are told. */
  matches = 0;
  #faults: Fault[] = [];

  get isFine(): boolean {
    return this.#faults.length === 0;
  }

  /** Takes a fault in, unless it is known already. */
  add(fault: Fault): this {
    if (!this.#faults.some((one) => one.message === fault.message && one.path === fault.path)) this.#faults.push(fault);
    return this;
  }

  /** A fault that is told of the object as a whole. */
  say(text: string): void {
    this.add({ reason: 'FieldValueInvalid', path: undefined, message: `Invalid value: "": ${text}` });
  }

  invalid(path: string, value: unknown, text: string): void {
    this.add({ reason: 'FieldValueInvalid', path, message: `Invalid value: ${JSON.stringify(value)}: ${text}` });
  }

  tooMany(path: string, count: number, most: number): void {
    const text = `Too many: ${count}: must have at most ${most} item${most === 1 ? '' : 's'}`;
    this.add({ reason: 'FieldValueTooMany', path, message: text });
  }

  /** Takes over the outcome of a part. @param matches Checks that it counts for, beside its own. */
  take(other: Outcome | undefined, matches = 1): void {
    this.matches += matches;
    if (other === undefined) return;
    this.matches += other.matches;
    for (const fault of other.#faults) this.add(fault);
  }

  /** Counts checks. */
  matched(count: number): this {
    this.matches += count;
    return this;
  }

  /** The same without faults. */
  forgiven(): this {
    this.#faults = [];
    return this;
  }

  /** The faults as causes. @param prefix Path of the value within its object. */
  causes(prefix: string): FieldCause[] {
    return this.#faults.map(({ reason, path, message }) => ({ reason, field: fieldOf(prefix, path), message }));
  }
}

/** A path as Kubernetes writes it: a fault of the object as a whole has none. */
function fieldOf(prefix: string, path: string | undefined): string {
  const name = path?.replace(/^\./, '') ?? '';
  if (name === '') return prefix === '' ? '<nil>' : prefix;
  return prefix === '' ? name : `${prefix}.${name}`;
}

/** A value of another type or format than the schema's. @param found Its type, or the text that has another format. */
export function typeFault(path: string, wanted: string, found: string): Fault {
  const shown = JSON.stringify(found);
  const message = `Invalid value: ${shown}: ${path} in body must be of type ${wanted}: ${shown}`;
  return { reason: 'FieldValueTypeInvalid', path, message };
}
