import { type EvictionSettings, evictionRateOf, type ZoneState, zoneStateOf } from './zones.ts';

/** A node as the limiter sees it. */
export interface LimitedNode {
  readonly name: string;
  readonly zone: string;
  readonly isReady: boolean;
  /** True where it has a NoExecute taint for its state already. */
  readonly isTainted: boolean;
  /** False where its loss says nothing of its zone. */
  readonly isCounted: boolean;
}

interface Zone {
  state: ZoneState;
  /** Nodes a second. */
  rate: number;
  /** Time of its last permit, or of the last fall of its rate: the next permit is due one interval later. */
  sinceMs: number;
}

/**
 * Permits by which nodes that are not ready get the taint that evicts their pods: one at once, then at the rate of their
 * zone. Where most of a zone is gone, the cause is rather a cut in the network than that many dead nodes; permits of such
 * a zone are taken back, so that a node which was among the first to be missed keeps its pods as well (Kubernetes leaves
 * its taint), and where every zone is wholly gone nobody has one.
 */
export class EvictionLimiter {
  readonly #settings: EvictionSettings;
  readonly #recoveryMs: number;
  readonly #zones = new Map<string, Zone>();
  readonly #permits = new Set<string>();
  /** Nodes that are not ready, longest first. */
  readonly #unready = new Set<string>();
  #allDisrupted = false;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #isFirst = true;

  /** @param recoveryMs Milliseconds without permits after all zones were gone: nodes must have time to be heard again. */
  constructor(settings: EvictionSettings, recoveryMs: number) {
    this.#settings = settings;
    this.#recoveryMs = recoveryMs;
  }

  /** True where a node's pods may be evicted because of its state. */
  mayEvict(nodeName: string): boolean {
    return this.#permits.has(nodeName);
  }

  /** States by zone, as of the last observation. */
  states(): ReadonlyMap<string, ZoneState> {
    return new Map([...this.#zones].map(([name, { state }]) => [name, state]));
  }

  /**
   * Takes in the state of all nodes.
   * @param nowMs Of the monotonic clock.
   * @returns Names of the nodes that got a permit or lost theirs.
   */
  observe(nodes: readonly LimitedNode[], nowMs: number): string[] {
    const before = new Set(this.#permits);
    const byName = new Map(nodes.map((node) => [node.name, node]));
    this.#noteUnready(byName);
    const slowed = this.#updateZones(nodes, nowMs);
    for (const name of this.#permits) {
      const node = byName.get(name);
      if (node === undefined || node.isReady || slowed.has(node.zone)) this.#permits.delete(name);
    }
    if (this.#isFirst) this.#adopt(nodes);
    // An informer that was not read yet shows no nodes.
    if (nodes.length > 0) this.#isFirst = false;
    for (const name of this.#unready) this.#grant(byName.get(name)!, nowMs);
    return [...new Set([...before, ...this.#permits])].filter((name) => before.has(name) !== this.#permits.has(name));
  }

  #noteUnready(byName: ReadonlyMap<string, LimitedNode>): void {
    for (const name of this.#unready) if (byName.get(name)?.isReady ?? true) this.#unready.delete(name);
    for (const { name, isReady } of byName.values()) if (!isReady) this.#unready.add(name);
  }

  /** Returns the zones whose rate fell. */
  #updateZones(nodes: readonly LimitedNode[], nowMs: number): ReadonlySet<string> {
    const byZone = Map.groupBy(nodes, ({ zone }) => zone);
    for (const name of this.#zones.keys()) if (!byZone.has(name)) this.#zones.delete(name);
    const states = new Map(
      [...byZone].map(([name, members]) => {
        const counted = members.filter(({ isCounted }) => isCounted);
        const ready = counted.filter(({ isReady }) => isReady).length;
        return [name, zoneStateOf(ready, counted.length - ready, this.#settings)] as const;
      }),
    );
    const allDisrupted = states.size > 0 && [...states.values()].every((state) => state === 'FullDisruption');
    if (this.#allDisrupted && !allDisrupted) this.#heldUntilMs = nowMs + this.#recoveryMs;
    this.#allDisrupted = allDisrupted;
    const slowed = new Set<string>();
    for (const [name, state] of states) {
      const rate = allDisrupted ? 0 : evictionRateOf(state, byZone.get(name)!.length, this.#settings);
      if (this.#setZone(name, state, rate, nowMs)) slowed.add(name);
    }
    return slowed;
  }

  /** Returns true where the zone's rate fell; one that was not known counts as one that was well. */
  #setZone(name: string, state: ZoneState, rate: number, nowMs: number): boolean {
    const { rate: rateBefore, sinceMs } = this.#zones.get(name) ?? {
      rate: this.#settings.nodeEvictionRate,
      sinceMs: Number.NEGATIVE_INFINITY,
    };
    const isSlower = rate < rateBefore;
    this.#zones.set(name, { state, rate, sinceMs: isSlower ? nowMs : sinceMs });
    return isSlower;
  }

  /** Whoever led before gave permits to the nodes that are tainted. */
  #adopt(nodes: readonly LimitedNode[]): void {
    for (const node of nodes) {
      if (node.isTainted && !node.isReady && this.#rateOf(node) > 0) this.#permits.add(node.name);
    }
  }

  #grant({ name, zone: zoneName }: LimitedNode, nowMs: number): void {
    const zone = this.#zones.get(zoneName)!;
    if (this.#permits.has(name) || zone.rate === 0 || nowMs < this.#heldUntilMs) return;
    if (nowMs - zone.sinceMs < 1_000 / zone.rate) return;
    this.#permits.add(name);
    zone.sinceMs = nowMs;
  }

  #rateOf({ zone }: LimitedNode): number {
    return this.#zones.get(zone)?.rate ?? 0;
  }
}
