import { baselineRules } from './baseline.ts';
import type { PodLike, Rule, Violation } from './check.ts';
import { restrictedRules } from './restricted.ts';

/** How much pods may do: everything, nothing by which they easily become more than a pod, or no more than they must. */
export type Level = 'privileged' | 'baseline' | 'restricted';

/** A level as one version of Kubernetes had it. */
export interface Standard {
  readonly level: Level;
  /** Minor version; of Infinity the newest. */
  readonly minor: number;
}

type Checks = readonly ((pod: PodLike) => Violation | undefined)[];

/** The newest version that changed any rule; later ones have the same. */
const newestMinor = Math.max(
  ...[...baselineRules, ...restrictedRules].flatMap(({ versions }) => versions.map(({ since }) => since)),
);
const known = new Map<string, Checks>();

/** The rules of a standard that a pod breaks. */
export function violationsOf({ level, minor }: Standard, pod: PodLike): Violation[] {
  if (level === 'privileged') return [];
  return checksOf(level, Math.min(minor, newestMinor))
    .map((check) => check(pod))
    .filter((violation) => violation !== undefined);
}

/** All violations in one line: reasons with details. */
export function describe(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}

/** `restricted:latest`, `baseline:v1.24`. */
export function nameOf({ level, minor }: Standard): string {
  return `${level}:${minor === Number.POSITIVE_INFINITY ? 'latest' : `v1.${minor}`}`;
}

/** Positive where `a` is stricter than `b`, negative where it is laxer. */
export function compareLevels(a: Level, b: Level): number {
  const order: readonly Level[] = ['privileged', 'baseline', 'restricted'];
  return order.indexOf(a) - order.indexOf(b);
}

function checksOf(level: Level, minor: number): Checks {
  const key = `${level} ${minor}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const stricter = level === 'restricted' ? restrictedRules.flatMap((rule) => versionOf(rule, minor) ?? []) : [];
  const overridden = new Set(stricter.flatMap(({ overrides = [] }) => overrides));
  const base = baselineRules.filter(({ id }) => !overridden.has(id)).flatMap((rule) => versionOf(rule, minor) ?? []);
  const checks = [...base, ...stricter].map(({ check }) => check);
  known.set(key, checks);
  return checks;
}

function versionOf({ versions }: Rule, minor: number): Rule['versions'][number] | undefined {
  return versions.findLast(({ since }) => since <= minor);
}
