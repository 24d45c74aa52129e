import type { PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import type { DemandSummary } from './demand.ts';

/** Seats of a priority level by its configuration. */
export interface LevelLimits {
  /** Its own share of the server's seats. */
  readonly nominal: number;
  /** Its seats when it lends all that it may. */
  readonly least: number;
  /** Its seats when it borrows all that it may. */
  readonly most: number;
  /** Seats of one request, at most; 0 where the level does not say. */
  readonly maxSeats: number;
}

/** Share of a level's seats that one request may take, at most. */
const maxSeatsShare = 0.15;

/** Divides the seats of a server among its priority levels, by their shares. */
export function limitsOf(
  levels: readonly PriorityLevelConfiguration[],
  serverSeats: number,
): ReadonlyMap<string, LevelLimits> {
  const all = levels.map((level) => ({ name: level.metadata.name ?? '', ...commonsOf(level) }));
  const sum = all.reduce((total, { shares }) => total + shares, 0);
  const found = all.map(({ name, shares, lends, borrows, handSize }): [string, LevelLimits] => {
    const nominal = sum === 0 ? 0 : Math.ceil((serverSeats * shares) / sum);
    const lendable = Math.round((nominal * lends) / 100);
    const borrowable = borrows === undefined ? serverSeats : Math.round((nominal * borrows) / 100);
    const maxSeats =
      handSize === 0 ? 0 : Math.max(1, Math.min(Math.ceil(nominal * maxSeatsShare), Math.floor(nominal / handSize)));
    return [name, { nominal, least: nominal - lendable, most: nominal + borrowable, maxSeats }];
  });
  return new Map(found);
}

function commonsOf({ spec }: PriorityLevelConfiguration) {
  const { limited, exempt } = spec ?? {};
  const { nominalConcurrencyShares = 0, lendablePercent = 0 } = limited ?? exempt ?? {};
  return {
    shares: nominalConcurrencyShares,
    lends: lendablePercent,
    borrows: limited?.borrowingLimitPercent,
    handSize: limited?.limitResponse?.queuing?.handSize ?? 0,
  };
}

/** The demand of a level as it is remembered. */
export interface SmoothDemand {
  readonly average: number;
  readonly deviation: number;
  readonly highest: number;
  /** Falls slowly, by half in five minutes, and rises at once. */
  readonly smoothed: number;
}

export const noDemand: SmoothDemand = { average: 0, deviation: 0, highest: 0, smoothed: 0 };

/** Part of the former demand that is kept at each look, which is every ten seconds. */
const kept = 0.977;

/** Takes what a level's demand was since the last look into what is known of it. */
export function smooth(known: SmoothDemand, { seconds, average, deviation, highest }: DemandSummary): SmoothDemand {
  if (seconds <= 0) return { ...known, highest };
  const envelope = average + deviation;
  const smoothed = Math.max(envelope, kept * known.smoothed + (1 - kept) * envelope);
  return { average, deviation, highest, smoothed };
}

/** A priority level when seats are lent and borrowed. */
export interface Borrower {
  readonly limits: LevelLimits;
  readonly demand: SmoothDemand;
  readonly isExempt: boolean;
}

/** Seats that levels have for now. */
export interface Lending {
  readonly seats: ReadonlyMap<string, number>;
  /** Seats that each level wants, by which they are divided. */
  readonly targets: ReadonlyMap<string, number>;
  /** Part of its target that each level gets whose bounds allow it. */
  readonly fairFraction: number;
}

/**
 * Lends the seats that levels do not use to those that want more: each level has no less than what it keeps and uses, no more than what
 * it may borrow, and between these a part of its demand that is the same for all. Exempt levels get what they use.
 */
export function lend(levels: ReadonlyMap<string, Borrower>): Lending {
  const seats = new Map<string, number>();
  const targets = new Map<string, number>();
  const items: (Range & { readonly name: string; readonly least: number })[] = [];
  let whole = 0;
  let left = 0;
  for (const [name, { limits, demand, isExempt }] of levels) {
    whole += limits.nominal;
    if (isExempt) {
      const used = Math.max(limits.least, demand.highest);
      seats.set(name, used);
      targets.set(name, used);
      left -= used;
      continue;
    }
    const low = Math.max(limits.least, Math.min(limits.nominal, demand.highest));
    const target = Math.max(low, demand.smoothed);
    targets.set(name, target);
    items.push({ name, low, high: limits.most, target, least: limits.least });
  }
  left += whole;
  const leastSum = items.reduce((sum, { least }) => sum + least, 0);
  const lowSum = items.reduce((sum, { low }) => sum + low, 0);
  if (left <= leastSum) {
    for (const { name, least } of items) seats.set(name, least);
    return { seats, targets, fairFraction: 0 };
  }
  if (left <= lowSum) {
    const part = (left - leastSum) / (lowSum - leastSum);
    for (const { name, least, low } of items) seats.set(name, least + Math.round((low - least) * part));
    return { seats, targets, fairFraction: 0 };
  }
  const { amounts, fraction } = divide(whole, items);
  for (const [index, { name }] of items.entries()) seats.set(name, Math.round(amounts[index]!));
  return { seats, targets, fairFraction: fraction };
}

/** One of several that get a part of an amount. */
export interface Range {
  readonly low: number;
  readonly high: number;
  /** Between them, or above. */
  readonly target: number;
}

/** A target that is none would never get anything. */
const leastTarget = 0.001;
const steps = 100;

/**
 * Divides an amount so that each gets the same fraction of its target, or the bound that keeps it from that. Where the bounds
 * do not allow the amount, all get their lower, or all their upper bound.
 */
export function divide(amount: number, items: readonly Range[]): { amounts: number[]; fraction: number } {
  const at = (fraction: number): number[] =>
    items.map(({ low, high, target }) => Math.max(low, Math.min(high, fraction * Math.max(target, leastTarget))));
  const total = (fraction: number): number => at(fraction).reduce((sum, each) => sum + each, 0);
  // The total rises with the fraction: bisection finds where it is the amount.
  let low = 0;
  let high = Math.max(1, ...items.map((each) => each.high / Math.max(each.target, leastTarget)));
  for (let step = 0; step < steps; step++) {
    const middle = (low + high) / 2;
    if (total(middle) < amount) low = middle;
    else high = middle;
  }
  return { amounts: at(high), fraction: high };
}
