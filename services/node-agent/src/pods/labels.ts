import { createHash } from 'node:crypto';
import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';

/**
 * Labels and annotations of sandboxes and containers, by which an agent that was restarted recognizes them. The pod's uid, the
 * container's name and the attempt are part of the runtime interface; these are the rest.
 */
export const keys = {
  /** Label: hash of what cannot be changed in a running container. */
  containerHash: 'gantry.dev/container-hash',
  /** Label: `init`, `sidecar` or `main`. */
  role: 'gantry.dev/container-role',
  /** Annotation: milliseconds that this instance waited for after the one before it exited. */
  restartDelayMs: 'gantry.dev/restart-delay-ms',
  /** Annotation: requests and limits of CPU and memory that it was made with, as JSON. */
  share: 'gantry.dev/share',
  /** Annotation of a sandbox: grace period of its pod in seconds, for when the pod's object is gone. */
  graceSeconds: 'gantry.dev/termination-grace-seconds',
} as const;

/** Hash of what only a new container can change: its name and image (all else of a bound pod's containers is immutable). */
export function containerHash(spec: Container): string {
  const known = hashes.get(spec);
  if (known !== undefined) return known;
  const content = JSON.stringify([spec.name, spec.image ?? '']);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  hashes.set(spec, hash);
  return hash;
}

/** Every decision about a pod asks for those of its containers. */
const hashes = new WeakMap<Container, string>();
