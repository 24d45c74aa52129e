/** Nodes that may be removed in a time: the larger of a number and a share of the cluster. */
export interface ChurnBudget {
  readonly nodes: number;
  /** Percent of the cluster's nodes, rounded up. */
  readonly percent: number;
  readonly periodMs: number;
}

/** Nodes that the budget leaves. @param removedAtMs Times of earlier removals, of the same clock as `nowMs`. */
export function leftOf(
  budget: ChurnBudget,
  clusterSize: number,
  removedAtMs: readonly number[],
  nowMs: number,
): number {
  const { nodes, percent, periodMs } = budget;
  const allowed = Math.max(nodes, Math.ceil((clusterSize * percent) / 100));
  return Math.max(0, allowed - removedAtMs.filter((atMs) => nowMs - atMs < periodMs).length);
}

const durations: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads a budget such as `5/10m`, `10%/1h` or `5|10%/10m` (the larger of both); undefined where the text is none. */
export function parseChurnBudget(text: string): ChurnBudget | undefined {
  const match = /^(?:(\d{1,6})(?:\|(\d{1,3})%)?|(\d{1,3})%)\/(\d{1,6})([smh])$/.exec(text);
  if (match === null) return undefined;
  const [, nodes = '0', both = '0', alone = both, amount, unit] = match;
  const percent = Number(alone);
  const periodMs = Number(amount) * durations[unit!]!;
  return percent <= 100 && periodMs > 0 ? { nodes: Number(nodes), percent, periodMs } : undefined;
}
