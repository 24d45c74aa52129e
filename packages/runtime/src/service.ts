/** What every service's start function returns: the running service. Disposing of it stops it and waits until it stopped. */
export interface Running extends AsyncDisposable {
  /** Rejects when the service fails for good, resolves when it was stopped. */
  readonly done: Promise<void>;
}

/** A signal that fires on SIGTERM, SIGINT, or SIGHUP (the terminal is gone); for main.ts files. A second signal ends the process at once. */
export function terminationSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', stop);
  return controller.signal;
}
