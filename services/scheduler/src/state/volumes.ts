import type { Requirement } from '@gantry/model/selectors.ts';
import type { NodeTerm } from '../requirement.ts';

/** A claim as the scheduler sees it. */
export interface ClaimInfo {
  /** The volume that it is bound to; empty where it is bound to none. */
  readonly volumeName: string;
  readonly storageClassName: string;
  readonly sizeBytes: number;
  readonly accessModes: readonly string[];
  readonly volumeMode: string;
  /** Labels of the volumes that will do. */
  readonly selector: readonly Requirement[];
  /** True once its end was asked for. */
  readonly terminating: boolean;
}

/** A volume as the scheduler sees it. */
export interface VolumeInfo {
  readonly name: string;
  /** The claim that it is meant for or bound to, as namespace/name; empty where it is free. */
  readonly claim: string;
  readonly storageClassName: string;
  readonly sizeBytes: number;
  readonly accessModes: readonly string[];
  readonly volumeMode: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Nodes from which it can be reached; undefined where that is all of them. */
  readonly nodeTerms: readonly NodeTerm[] | undefined;
  /** Zones and regions that its labels name: on nodes that say where they are. */
  readonly zones: readonly ZoneDemand[];
}

/** A label by which nodes say where they are, with the places that will do. */
export interface ZoneDemand {
  readonly key: string;
  readonly values: readonly string[];
}

/** A storage class as the scheduler sees it. */
export interface StorageClassInfo {
  /** True where claims are bound when their first pod is placed. */
  readonly waitsForConsumer: boolean;
  /** True where somebody makes volumes on demand. */
  readonly makesVolumes: boolean;
  /** Alternatives of where volumes may be made; empty where that is everywhere. */
  readonly topologies: readonly (readonly ZoneDemand[])[];
}

/** Claims, volumes and storage classes, and which pods on nodes use which claim. */
export class Volumes {
  readonly claims = new Map<string, ClaimInfo>();
  readonly volumes = new Map<string, VolumeInfo>();
  readonly classes = new Map<string, StorageClassInfo>();
  /** Nodes of the pods that use a claim, each with their number. */
  readonly #users = new Map<string, Map<number, number>>();

  /** A pod that uses claims has come to a node, or with -1 has left it. */
  use(claims: readonly string[], node: number, sign: 1 | -1): void {
    for (const claim of claims) {
      const nodes = this.#users.get(claim) ?? new Map<number, number>();
      this.#users.set(claim, nodes);
      const count = (nodes.get(node) ?? 0) + sign;
      if (count > 0) nodes.set(node, count);
      else nodes.delete(node);
      if (nodes.size === 0) this.#users.delete(claim);
    }
  }

  /** Nodes with pods that use a claim. */
  nodesUsing(claim: string): Iterable<number> {
    return this.#users.get(claim)?.keys() ?? [];
  }

  /** Claims that pods on nodes use. */
  get claimsInUse(): Iterable<string> {
    return this.#users.keys();
  }
}

/** Puts what is new of a thing into a map; undefined takes it out. */
export function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
