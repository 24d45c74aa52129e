/** The next thing to do for a pod. Each action has a key, and at most one action a key is under way; only a stop may be replaced by a shorter one. */
export type Action =
  | { readonly kind: 'prepareVolumes' }
  | { readonly kind: 'startSandbox'; readonly attempt: number }
  /** Frees its network; what still runs in it is killed. */
  | { readonly kind: 'stopSandbox'; readonly sandboxId: string }
  | { readonly kind: 'removeSandbox'; readonly sandboxId: string }
  | {
      readonly kind: 'startContainer';
      readonly name: string;
      readonly sandboxId: string;
      readonly attempt: number;
      /** Waited since the instance before it exited, in milliseconds; undefined for the first. */
      readonly delayMs: number | undefined;
      /** An instance of this attempt that was made and not started. */
      readonly createdId: string | undefined;
    }
  | {
      readonly kind: 'stopContainer';
      readonly name: string;
      readonly containerId: string;
      /** After this it is killed, in milliseconds; its preStop hook runs within that time. */
      readonly graceMs: number;
      readonly why: StopReason;
    }
  | { readonly kind: 'removeContainer'; readonly containerId: string }
  /** Ends a start (or pull) that is under way. */
  | { readonly kind: 'abort'; readonly key: string }
  /** Gives running containers, and the pod as a whole, the size that is set aside for them; `generation` is the pod's that asked for it. */
  | { readonly kind: 'resize'; readonly generation: number }
  /** Takes the pod's volumes down, and with `everything` its logs and directory. */
  | { readonly kind: 'cleanUp'; readonly everything: boolean }
  /** Remembers that the pod is over, for the status; `event` is the text of its event. */
  | {
      readonly kind: 'markFailed';
      readonly reason: string;
      readonly message: string;
      readonly event: { readonly type: 'Normal' | 'Warning'; readonly message: string };
    };

/** Why a container is stopped, for its event. */
export type StopReason =
  | { readonly kind: 'podEnds' }
  | { readonly kind: 'probe'; readonly probe: 'Liveness' | 'Startup' }
  | { readonly kind: 'specChanged' }
  /** Its resize policy has it restart for another size. */
  | { readonly kind: 'resize' }
  | { readonly kind: 'postStartFailed' }
  /** A second instance of the same container, or one in a sandbox that is not the pod's any more. */
  | { readonly kind: 'surplus' };

/** The outcome of one step of the state machine. */
export interface Decision {
  readonly actions: readonly Action[];
  /** Time of the next decision if nothing happens before, in milliseconds of the monotonic clock; Infinity for none. */
  readonly wakeAtMs: number;
}

/** The action's key among operations under way. */
export function keyOf(action: Action): string {
  switch (action.kind) {
    case 'startSandbox':
      return 'sandbox';
    case 'stopSandbox':
    case 'removeSandbox':
      return `sandbox/${action.sandboxId}`;
    case 'startContainer':
      return containerKey(action.name);
    case 'stopContainer':
      return `stop/${action.containerId}`;
    case 'removeContainer':
      return `remove/${action.containerId}`;
    case 'prepareVolumes':
      return 'volumes';
    case 'abort':
      return `abort/${action.key}`;
    case 'resize':
      return `${resizeKey}${action.generation}`;
    case 'cleanUp':
    case 'markFailed':
      return action.kind;
  }
}

/** Start of the keys of resizes: each generation has one of its own, so that a new size waits for no backoff of the one before. */
export const resizeKey = 'resize/';

/** Key of a container's start. */
export function containerKey(name: string): string {
  return `container/${name}`;
}
