import type { Container, EphemeralContainer, PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';

/** The part of a pod, or of a pod's template, that the standards look at. */
export interface PodLike {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** A rule that a pod breaks. */
export interface Violation {
  /** A few words, such as `host namespaces`. */
  readonly reason: string;
  /** The parts of the pod that break it. */
  readonly detail: string;
}

/** Judges a pod by one rule; undefined where it is kept. */
export type Check = (pod: PodLike) => Violation | undefined;

/** A rule of the Pod Security Standards, as it came to be over Kubernetes' versions. */
export interface Rule {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** From the minor version of Kubernetes on, in ascending order. */
  readonly versions: readonly {
    readonly since: number;
    readonly check: Check;
    /** Rules of the baseline that this one is stricter than: they are not asked beside it. */
    readonly overrides?: readonly string[];
  }[];
}

type AnyContainer = Container | EphemeralContainer;

/** All containers of a pod: those that prepare it first. */
export function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): AnyContainer[] {
  return [...initContainers, ...(containers ?? []), ...ephemeralContainers];
}

/** Names of the containers for which a test is true. */
export function namesOf(spec: PodSpec, isBad: (container: AnyContainer) => boolean): string[] {
  return containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name);
}

/** The word for one, or for several. */
export function word(singular: string, count: number): string {
  return count === 1 ? singular : `${singular}s`;
}

/** `"a", "b"`. */
export function quoted(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ');
}

/** `container "a"`, `containers "a", "b"`. */
export function containersNamed(names: readonly string[]): string {
  return `${word('container', names.length)} ${quoted(names)}`;
}

/** Each once, in order. */
export function sorted(items: Iterable<string>): string[] {
  return [...new Set(items)].sort();
}

/** `pod and container "a"`: the pod as a whole, and containers, that set something. */
export function setters(pod: boolean, names: readonly string[]): string[] {
  return [...(pod ? ['pod'] : []), ...(names.length > 0 ? [containersNamed(names)] : [])];
}

/** A violation of containers, if there are any. */
export function byContainers(
  names: readonly string[],
  reason: string,
  say: (named: string) => string,
): Violation | undefined {
  return names.length === 0 ? undefined : { reason, detail: say(containersNamed(names)) };
}

/** Kept by pods for Windows, where Linux' rule says nothing. */
export function butWindows(check: Check): Check {
  return (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod));
}

/** Kept by pods whose users are none of the node's. */
export function butOwnUsers(check: Check): Check {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
