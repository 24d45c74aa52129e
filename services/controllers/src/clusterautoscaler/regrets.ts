import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';

/** Annotation of the status ConfigMap with the regrets of groups, as JSON; times are milliseconds since the epoch. */
export const regretsAnnotation = 'gantry.dev/scale-down-regrets';
/** The most that the unneeded time of a group is multiplied by. */
export const mostPatience = 8;
/** Unneeded times after a removal within which a need for nodes makes it one to regret. */
const windowTimes = 3;
/** Unneeded times, times the multiple, without a regret after which the multiple is halved: longer than demand takes to come and go. */
const quietTimes = 6;
/** Groups that are remembered, and owners of moved pods for each. */
const maxGroups = 200;
const maxOwners = 20;

/** A moment by the clock that never steps, and as it is written down. */
interface Moment {
  readonly atMs: number;
  readonly wallMs: number;
}

interface Regret {
  /** The multiple at the time of the last regret: 1, 2, 4 or 8. */
  readonly factor: number;
  readonly since: Moment;
  /** The last removal that has not been regretted, with the uids of the owners of the pods that it moved. */
  readonly removal?: Moment & { readonly owners: readonly string[] };
}

/**
 * Removals that proved wrong: nodes of the group, or for the pods that were moved, were needed again soon. Each doubles the time for which
 * nodes of the group must be unneeded; a quiet time, which is the longer the higher the multiple is, halves it again.
 */
export class Regrets {
  #groups = new Map<string, Regret>();

  /** Takes what an earlier process has written. Times that have not come yet by this wall clock are taken for now. */
  adopt(configMap: ConfigMap | undefined, wallMs: number, nowMs: number): void {
    const moment = (writtenMs: number): Moment => {
      return { atMs: nowMs - Math.max(0, wallMs - writtenMs), wallMs: writtenMs };
    };
    for (const { group, factor, sinceMs, removedMs, owners = [] } of read(configMap)) {
      const removal = removedMs === undefined ? {} : { removal: { ...moment(removedMs), owners } };
      this.#groups.set(group, { factor, since: moment(sinceMs), ...removal });
    }
  }

  /** A node of the group is removed. @param owners Uids of the owners of its pods. */
  removed(group: string, owners: readonly string[], wallMs: number, nowMs: number): void {
    const moment = { atMs: nowMs, wallMs };
    const known = this.#groups.get(group);
    const all = new Set([...(known?.removal?.owners ?? []), ...owners]);
    this.#groups.delete(group);
    this.#groups.set(group, {
      factor: known?.factor ?? 1,
      since: known?.since ?? moment,
      removal: { ...moment, owners: [...all].slice(-maxOwners) },
    });
    for (const oldest of this.#groups.keys()) {
      if (this.#groups.size <= maxGroups) break;
      this.#groups.delete(oldest);
    }
  }

  /**
   * Groups grow, for pods of these owners. Returns the groups whose last removal is to be regretted; each removal is regretted once.
   * @param unneededMs The time for which nodes of a group are to be unneeded.
   */
  grew(
    groups: ReadonlySet<string>,
    owners: ReadonlySet<string>,
    unneededMs: (group: string) => number,
    wallMs: number,
    nowMs: number,
  ): string[] {
    const found = [...this.#groups].filter(
      ([group, { removal }]) =>
        removal !== undefined &&
        nowMs - removal.atMs < windowTimes * unneededMs(group) &&
        (groups.has(group) || removal.owners.some((owner) => owners.has(owner))),
    );
    for (const [group] of found) {
      const factor = Math.min(mostPatience, 2 * this.patience(group, unneededMs(group), nowMs));
      this.#groups.set(group, { factor, since: { atMs: nowMs, wallMs } });
    }
    return found.map(([group]) => group);
  }

  /** The multiple of the unneeded time for which nodes of the group are to be unneeded. */
  patience(group: string, unneededMs: number, nowMs: number): number {
    const regret = this.#groups.get(group);
    let factor = regret?.factor ?? 1;
    let quietMs = nowMs - (regret?.since.atMs ?? nowMs);
    for (; factor > 1 && quietMs >= quietTimes * unneededMs * factor; factor /= 2)
      quietMs -= quietTimes * unneededMs * factor;
    return factor;
  }

  /** The annotation's text. */
  get text(): string {
    const all = [...this.#groups].map(([group, { factor, since, removal }]): Written => {
      const removed = removal === undefined ? {} : { removedMs: removal.wallMs, owners: removal.owners };
      return { group, factor, sinceMs: since.wallMs, ...removed };
    });
    return JSON.stringify(all);
  }
}

interface Written {
  readonly group: string;
  readonly factor: number;
  readonly sinceMs: number;
  readonly removedMs?: number;
  readonly owners?: readonly string[];
}

function read(configMap: ConfigMap | undefined): Written[] {
  try {
    const parsed: unknown = JSON.parse(configMap?.metadata.annotations?.[regretsAnnotation] ?? '[]');
    return Array.isArray(parsed) ? parsed.filter(isWritten).slice(-maxGroups) : [];
  } catch {
    return [];
  }
}

function isWritten(value: unknown): value is Written {
  const { group, factor, sinceMs, removedMs, owners } = (value ?? {}) as Partial<Written>;
  return (
    typeof group === 'string' &&
    [1, 2, 4, mostPatience].includes(factor!) &&
    Number.isSafeInteger(sinceMs) &&
    (removedMs === undefined || Number.isSafeInteger(removedMs)) &&
    (owners === undefined || (Array.isArray(owners) && owners.length <= maxOwners))
  );
}
