/** Machines of node groups, as the local provider keeps them: decided here, carried out by a MachineHost. */
import type { NodeGroupSpec } from './spec.ts';

/** Starts and ends machines. */
export interface MachineHost {
  /**
   * Starts a machine with its node, or adopts what an earlier run left of it; resolves once its node takes pods. What failed, or was
   * stopped by the signal, leaves nothing behind.
   */
  start(machine: Machine, signal: AbortSignal): Promise<void>;
  /** Ends a machine with everything on it, and its node's object; one that is not there is no error. */
  stop(name: string): Promise<void>;
}

/** A machine to be started. */
export interface Machine {
  /** Name of its node. */
  readonly name: string;
  readonly providerId: string;
  readonly group: NodeGroupSpec;
}

/** A machine in the provider's books. */
export interface MachineRecord {
  readonly name: string;
  readonly group: string;
  /** `deleting` until nothing is left of it. */
  readonly state: 'creating' | 'running' | 'deleting';
}

/** Provider's name of a machine. */
export function providerIdOf(name: string): string {
  return `local://${name}`;
}

/** Machines that count for a group's size. */
export function sizeOf(machines: Iterable<MachineRecord>, group: string): number {
  let size = 0;
  for (const machine of machines) if (machine.group === group && machine.state !== 'deleting') size++;
  return size;
}

/**
 * Machines whose start is to be taken back, the last that was asked for first; undefined where fewer than `count` are on their way.
 */
export function takenBack(
  machines: readonly MachineRecord[],
  group: string,
  count: number,
): readonly MachineRecord[] | undefined {
  const coming = machines.filter((machine) => machine.group === group && machine.state === 'creating');
  return coming.length < count ? undefined : coming.slice(-count).toReversed();
}

/** Characters of names that nobody confuses: Kubernetes' own choice for generated names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;

/** A name of a group's next machine that no machine has. */
export function newName(group: string, isTaken: (name: string) => boolean, random: () => number): string {
  for (;;) {
    const suffix = Array.from({ length: suffixLength }, () => alphabet[Math.floor(random() * alphabet.length)]).join(
      '',
    );
    if (!isTaken(`${group}-${suffix}`)) return `${group}-${suffix}`;
  }
}
