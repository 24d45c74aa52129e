import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Rejection } from './admission.ts';
import { podUid } from './spec.ts';

/** A port of the node that a pod takes. */
interface Claim {
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
}

/** Kubernetes' words for a pod whose ports are taken. */
const rejection: Rejection = {
  reason: 'NodePorts',
  message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
};

/**
 * The ports of the node that its pods take. Whoever comes second is rejected, as the kubelet does: the scheduler sees to it that there
 * is none, but pods that name their node do not pass it. The first answer about a pod stands until it is forgotten.
 */
export class HostPorts {
  readonly #held = new Map<string, readonly Claim[]>();
  readonly #refused = new Set<string>();
  readonly #over = new Set<string>();

  /**
   * Takes the ports of a pod that is to run. Returns the reason to reject it; undefined if it may run.
   * @param started Pods that have something running on the node, in any order: their ports are theirs, whoever is asked about first.
   */
  admit(pod: Pod, started: Iterable<Pod>): Rejection | undefined {
    const uid = podUid(pod);
    if (this.#refused.has(uid)) return rejection;
    const claims = claimsOf(pod);
    if (claims.length === 0 || this.#held.has(uid) || this.#over.has(uid) || isTerminal(pod)) return undefined;
    const running = [...started];
    const others = running.filter((other) => podUid(other) !== uid);
    const isRunning = others.length < running.length;
    const taken = [...[...this.#held.values()].flat(), ...others.flatMap(claimsOf)];
    if (!isRunning && claims.some((claim) => taken.some((other) => conflict(claim, other)))) {
      this.#refused.add(uid);
      return rejection;
    }
    this.#held.set(uid, claims);
    return undefined;
  }

  /** A pod is over: its ports are free, and it takes none any more. */
  release(uid: string): void {
    this.#held.delete(uid);
    this.#over.add(uid);
  }

  /** A pod is gone. */
  forget(uid: string): void {
    this.#held.delete(uid);
    this.#refused.delete(uid);
    this.#over.delete(uid);
  }
}

/** Ports of the node that a pod's containers ask for; those of init containers count where they go on running. */
function claimsOf({ spec }: Pod): Claim[] {
  const lasting = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec.containers ?? []), ...lasting]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ hostPort = 0, hostIP, protocol }) => ({
      protocol: protocol || 'TCP',
      ip: hostIP || anyAddress,
      port: hostPort,
    }));
}

const anyAddress = '0.0.0.0';

function conflict(left: Claim, right: Claim): boolean {
  if (left.port !== right.port || left.protocol !== right.protocol) return false;
  return left.ip === right.ip || left.ip === anyAddress || right.ip === anyAddress;
}

function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
