/** Milliseconds that a node must be missing before its pods are orphans: Kubernetes' quarantine. */
const quarantineMs = 40_000;

/**
 * Nodes that pods are bound to and that the informer does not know. An informer may be behind, and a node may be about to be
 * registered again, so that its pods are orphans only after a while. All times are of the monotonic clock.
 */
export class Quarantine {
  readonly #sinceMs = new Map<string, number>();

  /** Notes that pods name a node that is not known, the first time counts; returns the milliseconds until they are orphans. */
  note(nodeName: string, nowMs: number): number {
    const sinceMs = this.#sinceMs.get(nodeName) ?? nowMs;
    this.#sinceMs.set(nodeName, sinceMs);
    return Math.max(0, sinceMs + quarantineMs - nowMs);
  }

  /** Notes that a node is known, or that no pods are left that name it. */
  end(nodeName: string): void {
    this.#sinceMs.delete(nodeName);
  }
}
