import type { FieldValidation } from '@gantry/model/decode.ts';
import type { Registry } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Store } from '@gantry/store/store.ts';
import type { Admission } from '../admission/admission.ts';
import type { AdmissionChain, Annotate, NamedOptions } from '../admission/chain.ts';
import type { Authorize } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import type { DamagedObjects } from './damage.ts';
import type { Limits } from './limits.ts';
import type { Entropy } from './metadata.ts';
import type { ObjectCache } from './stored-object.ts';

/** Dependencies of every part of the pipeline. */
export interface CoreDeps {
  /** The kinds that are served. */
  readonly kinds: Registry;
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly damaged: DamagedObjects;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly limits: Limits;
  readonly authorize: Authorize;
  /** The additions of the server to writes of some kinds, atomic with them. */
  readonly admission: Admission;
  /** Steps that see writes of every kind. */
  readonly chain: AdmissionChain;
  readonly log: Logger;
}

/** The part of a request that is the same whatever it asks for; both edges make one for each. */
export interface RequestContext {
  readonly user: User;
  /** The user that authenticated, where it acts as another one; `user` if absent. */
  readonly actor?: User;
  /** Fires when no answer is wanted any more. */
  readonly signal: AbortSignal;
  /** Owner of the fields that the request sets: what the client names, or else the part of its user agent before the slash. */
  readonly fieldManager: string;
  /** Options that the client itself named, as admission shows them. */
  readonly named?: NamedOptions;
  readonly fieldValidation: FieldValidation;
  /** Tells the client something that is no refusal: a Warning header over HTTP. */
  readonly warn: (text: string) => void;
  /** Adds an annotation to the request's event in the audit log; absent where there is none. */
  readonly annotate?: Annotate;
}

/** The context of requests that the api makes of itself. */
export function ownContext(user: User, signal: AbortSignal, fieldManager: string): RequestContext {
  return { user, signal, fieldManager, fieldValidation: 'Strict', warn: () => undefined };
}
