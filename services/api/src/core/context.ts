import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Store } from '@gantry/store/store.ts';
import type { Admission } from '../admission/admission.ts';
import type { Authorize, User } from './access.ts';
import type { DamagedObjects } from './damage.ts';
import type { Limits } from './limits.ts';
import type { Entropy } from './metadata.ts';
import type { ObjectCache } from './stored-object.ts';

/** Dependencies of every part of the pipeline. */
export interface CoreDeps {
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly damaged: DamagedObjects;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly limits: Limits;
  readonly authorize: Authorize;
  readonly admission: Admission;
  readonly log: Logger;
}

/** The user who asks, and a signal that fires when no answer is wanted any more. */
export interface RequestContext {
  readonly user: User;
  readonly signal: AbortSignal;
}
