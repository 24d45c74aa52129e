import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';

type Test = (labels: Readonly<Record<string, string>>) => boolean;

/** The selectors of all autoscalers' targets, as they were last read: pods that several of them select would be counted twice. */
export class Selectors {
  readonly #byNamespace = new Map<string, Map<string, Test>>();

  /** Notes the selector of an autoscaler's target. */
  put(namespace: string, name: string, test: Test): void {
    const tests = this.#byNamespace.get(namespace) ?? new Map<string, Test>();
    tests.set(name, test);
    this.#byNamespace.set(namespace, tests);
  }

  delete(namespace: string, name: string): void {
    const tests = this.#byNamespace.get(namespace);
    tests?.delete(name);
    if (tests?.size === 0) this.#byNamespace.delete(namespace);
  }

  /** Names of the autoscalers that select any of the pods, in their order; no more than so many. */
  selecting(namespace: string, pods: readonly Pod[], most: number): string[] {
    // Pods of one workload have the same labels.
    const sets = new Map(pods.map(({ metadata }) => [JSON.stringify(metadata.labels ?? {}), metadata.labels ?? {}]));
    const tests = [...(this.#byNamespace.get(namespace) ?? [])];
    const names = tests.filter(([, test]) => sets.values().some((labels) => test(labels))).map(([name]) => name);
    return names.sort().slice(0, most);
  }
}
