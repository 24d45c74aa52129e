/** A running service, as every service's start function returns it. Disposing of it stops it and waits until it stopped. */
export interface Running extends AsyncDisposable {
  /** Rejects when the service fails for good, resolves when it was stopped. */
  readonly done: Promise<void>;
}

/** The end of a process, as its user asks for it. */
export interface Termination {
  /** Fires on the first SIGTERM, SIGINT, or SIGHUP (the terminal is gone). */
  readonly signal: AbortSignal;
  /** Called on each further one. Ends the process at once, unless it is set to something else. */
  onFurther: () => void;
}

/** Follows the signals that ask a process to end; for main.ts files. */
export function watchTermination(): Termination {
  const controller = new AbortController();
  const termination: Termination = { signal: controller.signal, onFurther: () => process.exit(130) };
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) termination.onFurther();
    else controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop);
  return termination;
}

/** A signal that fires on SIGTERM, SIGINT, or SIGHUP; for main.ts files. A second signal ends the process at once. */
export function terminationSignal(): AbortSignal {
  return watchTermination().signal;
}
