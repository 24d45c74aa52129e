/** The outcome of one check. */
export interface CheckOutcome {
  /** `warning` counts as a success; `unknown` (the check could not be run) counts as nothing. */
  readonly result: 'success' | 'warning' | 'failure' | 'unknown';
  /** The reason of anything but a success, in Kubernetes' words. */
  readonly message: string;
}

/** Nothing is wrong. */
export const success: CheckOutcome = { result: 'success', message: '' };
