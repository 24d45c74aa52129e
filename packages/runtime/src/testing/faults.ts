/**
 * Faults on purpose: a dependency is wrapped so that one of its awaited calls fails, and a scenario is run once for each
 * call that it makes, so that no await of a service's loops is left out.
 */

/**
 * How a call fails.
 * - `reject`: it does nothing and its promise rejects.
 * - `throw`: it does nothing and throws before it returns.
 * - `lost`: it does all of its work and then rejects, as when the answer is lost on the way back.
 */
export type FaultMode = 'reject' | 'throw' | 'lost';

export const faultModes: readonly FaultMode[] = ['reject', 'throw', 'lost'];

/** Settings of one fault. */
export interface FaultOptions {
  /** `reject` by default. */
  readonly mode?: FaultMode;
  /** Makes the error; a plain Error by default. */
  readonly error?: (call: string) => unknown;
  /**
   * Names of the methods that return promises; every method by default. A call of any other method passes unharmed
   * and is not counted.
   */
  readonly methods?: ReadonlySet<string>;
}

type Method = (...args: unknown[]) => unknown;

/**
 * Counts the awaited calls of all objects that it wrapped, in the order in which they are made, and lets the n-th fail. The
 * steps of an async iterable that a method returned count too, as `<method>.next`.
 */
export class FaultInjector {
  /** Names of the calls that were counted, in order. */
  readonly calls: string[] = [];
  /** Names of the methods that returned a promise. */
  readonly awaited = new Set<string>();
  readonly #at: number;
  readonly #options: FaultOptions;

  /** @param at Number of the call that fails, from 1; 0 for none. */
  constructor(at: number, options: FaultOptions = {}) {
    this.#at = at;
    this.#options = options;
  }

  /** The call that failed; undefined where none has yet. */
  get failed(): string | undefined {
    return this.#at > 0 ? this.calls[this.#at - 1] : undefined;
  }

  /** The object as before, but for the fault. */
  wrap<T extends object>(target: T): T {
    // A proxy must answer with the very values of a frozen object, so that a frozen one stays behind a shadow.
    return new Proxy(Object.isFrozen(target) ? Object.create(target) : target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        // Methods run on the object itself, because private members do not pass through a proxy.
        if (typeof property === 'symbol') return value.bind(target);
        return (...args: unknown[]) => this.#call(property, () => Reflect.apply(value as Method, target, args));
      },
    });
  }

  #call(name: string, run: () => unknown): unknown {
    const { methods, mode = 'reject' } = this.#options;
    const isCounted = methods?.has(name) ?? true;
    if (isCounted && this.#at > 0 && this.calls.length + 1 === this.#at) {
      this.calls.push(name);
      return this.#fail(name, mode, run);
    }
    const result = run();
    if (isAsyncIterable(result)) return this.#iterate(name, result);
    if (!isThenable(result)) return result;
    this.awaited.add(name);
    if (isCounted) this.calls.push(name);
    return result;
  }

  #fail(name: string, mode: FaultMode, run: () => unknown): unknown {
    const error = this.#options.error?.(name) ?? new Error(`injected: ${mode} in ${name}, call ${this.#at}`);
    if (mode === 'throw') throw error;
    if (mode === 'reject') return Promise.reject(error);
    return Promise.resolve(run()).then(() => Promise.reject(error));
  }

  #iterate(name: string, iterable: AsyncIterable<unknown>): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = iterable[Symbol.asyncIterator]();
        return {
          next: async () => {
            try {
              return (await this.#call(`${name}.next`, () => iterator.next())) as IteratorResult<unknown>;
            } catch (error) {
              // A loop does not end an iterator that failed; the true one did not fail, so it is ended here.
              await iterator.return?.();
              throw error;
            }
          },
          return: async (value?: unknown) => (await iterator.return?.(value)) ?? { done: true, value },
        };
      },
    };
  }
}

/** The target, whose n-th awaited call (from 1) fails. Name the `methods` where it has some that return no promise. */
export function faultAt<T extends object>(n: number, target: T, options?: FaultOptions): T {
  return new FaultInjector(n, options).wrap(target);
}

/** The target, and the names of its awaited calls as they are made. */
export function countCalls<T extends object>(target: T): { readonly target: T; readonly calls: readonly string[] } {
  const injector = new FaultInjector(0);
  return { target: injector.wrap(target), calls: injector.calls };
}

/** Bound of the runs of one eachFault, so that a scenario that calls without end is noticed. */
const maxRuns = 2_000;

/**
 * Runs a scenario once without a fault, then once for each mode and each awaited call that it made on what it wrapped,
 * with that call failing. The scenario makes its dependencies anew, wraps them, and asserts what must hold in spite of a
 * fault. Rejects with the first failure, which names the call; resolves with the number of runs.
 */
export async function eachFault(
  scenario: (faults: FaultInjector) => Promise<void>,
  options: Pick<FaultOptions, 'error'> & { readonly modes?: readonly FaultMode[] } = {},
): Promise<number> {
  const { modes = faultModes, error } = options;
  const unharmed = new FaultInjector(0);
  await scenario(unharmed);
  const { calls, awaited } = unharmed;
  const runs = modes.length * calls.length;
  if (runs > maxRuns) throw new Error(`the scenario makes ${calls.length} calls, which is ${runs} runs`);
  const methods = new Set([...awaited, ...calls]);
  for (const mode of modes) {
    for (let at = 1; at <= calls.length; at += 1) {
      const faults = new FaultInjector(at, { mode, methods, ...(error && { error }) });
      await scenario(faults).catch((cause: unknown) => {
        const where = `${mode} at call ${at} of ${calls.length} (${faults.failed ?? 'not reached'})`;
        throw new Error(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      });
    }
  }
  return runs + 1;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
