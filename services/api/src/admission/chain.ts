import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { GantryError } from '@gantry/runtime/errors.ts';
import type { Operation } from '@gantry/store/store.ts';
import type { User } from '../auth/user.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Admittance, CommittedBatch } from './admission.ts';

/** Options of a write that its client named, by Kubernetes' names. */
export interface NamedOptions {
  readonly fieldManager?: string;
  readonly fieldValidation?: string;
}

/** Adds an annotation to an event. `Request` keeps it out of events that tell no objects. */
export type Annotate = (key: string, value: string, level?: 'Metadata' | 'Request') => void;

/** The request behind an attempt. */
export interface AdmissionRequest {
  readonly user: User;
  /** Owner of the fields that it sets. */
  readonly fieldManager: string;
  /** Options that its client named. */
  readonly named?: NamedOptions;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly dryRun: boolean;
  /** Fires when no answer is wanted any more. */
  readonly signal: AbortSignal;
  /** Tells the client something that is no refusal. */
  readonly warn: (text: string) => void;
  /** Adds an annotation to the request's event in the audit log. */
  readonly annotate: Annotate;
}

/** A write, or a connection to an object, on its way through admission. */
export interface AdmissionAttempt {
  readonly request: AdmissionRequest;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: Kind;
  /** The form in which the client wrote. */
  readonly form: Form;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  /** Empty for a new object whose name is still to be generated. */
  readonly name: string;
  /**
   * The object in its stored form with its defaults, or the body of a subresource such as an Eviction; undefined for a deletion.
   * Mutating steps change it in place or put another one here, complete with its defaults. Validating steps leave it alone.
   */
  object: AnyObject | undefined;
  /** The stored object, also where a subresource of it is created; undefined for a creation. Shared: never change it. */
  readonly stored: AnyObject | undefined;
  /** Options of the request as Kubernetes has them, such as DeleteOptions or PodExecOptions. */
  readonly options?: object | undefined;
  /** True in the second pass of the mutating steps. */
  isReinvocation: boolean;
  /** Set by a mutating step that wants the others to see its change: all of them run once more. */
  wantsReinvocation: boolean;
}

/** Further writes in the same atomic batch as the object's own. */
export interface Accompaniment {
  readonly operations: readonly Operation[];
  /** The error for an operation of these that cannot succeed by trying again. */
  readonly explain?: (index: number) => GantryError | undefined;
  /**
   * Called once when the attempt is over, committed or not: of a commit with the operations of its batch and their revisions.
   * Not called for a dry run.
   */
  readonly settle?: (committed?: CommittedBatch) => void;
}

/** Writes that are to be committed together, as far as they are decided. */
export interface SharedBatch {
  /**
   * The put of a key to which several writes of the batch contribute, as far as it is decided. A step that puts the key starts from it: its
   * own put takes the place of this one. Such puts get newer revisions than all other writes of the batch.
   */
  pending(key: string): Extract<Operation, { type: 'put' }> | undefined;
}

/** The write of an object of any kind that is about to be committed. */
export interface PendingWrite extends Admittance {
  readonly kind: Kind;
  readonly dryRun: boolean;
  /** The writes of others in the same batch; absent where it is committed alone. */
  readonly batch?: SharedBatch | undefined;
}

/** One step of admission, which sees objects of any kind. Throws to refuse. */
export interface AdmissionStep {
  /** Its name in Kubernetes, such as LimitRanger. */
  readonly name: string;
  /** Asked first, for every attempt: it must cost next to nothing. */
  readonly handles: (attempt: AdmissionAttempt) => boolean;
  /** Before validation. */
  readonly mutate?: (attempt: AdmissionAttempt) => void | Promise<void>;
  /** After validation. */
  readonly validate?: (attempt: AdmissionAttempt) => void | Promise<void>;
  /**
   * Inside the compare-and-swap loop, also for writes of the api itself: for decisions that must be atomic with the write.
   * Undefined where the step has nothing to add.
   */
  readonly commit?: (write: PendingWrite) => Promise<Accompaniment> | undefined;
}

/** The steps of admission in their order. Mutating steps run one after another, then validating ones. */
export class AdmissionChain {
  readonly #mutating: readonly AdmissionStep[];
  readonly #validating: readonly AdmissionStep[];
  readonly #committing: readonly NonNullable<AdmissionStep['commit']>[];

  constructor(steps: readonly AdmissionStep[]) {
    this.#mutating = steps.filter(({ mutate }) => mutate !== undefined);
    this.#validating = steps.filter(({ validate }) => validate !== undefined);
    this.#committing = steps.flatMap(({ commit }) => commit ?? []);
  }

  /** Runs the mutating steps, and all of them once more where one asks for it. */
  async mutate(attempt: AdmissionAttempt): Promise<void> {
    await this.#mutate(attempt);
    if (!attempt.wantsReinvocation) return;
    attempt.isReinvocation = true;
    await this.#mutate(attempt);
  }

  /** Runs the validating steps. */
  async validate(attempt: AdmissionAttempt): Promise<void> {
    for (const step of this.#validating) if (step.handles(attempt)) await step.validate!(attempt);
  }

  /** Runs both, for attempts that have no validation of their own in between: deletions and connections. */
  async admit(attempt: AdmissionAttempt): Promise<void> {
    await this.mutate(attempt);
    await this.validate(attempt);
  }

  /** All that goes with a write. */
  async accompany(write: PendingWrite): Promise<readonly Accompaniment[]> {
    const found: Accompaniment[] = [];
    try {
      for (const commit of this.#committing) {
        const more = commit(write);
        if (more !== undefined) found.push(await more);
      }
    } catch (error) {
      for (const { settle } of found) settle?.();
      throw error;
    }
    return found;
  }

  async #mutate(attempt: AdmissionAttempt): Promise<void> {
    for (const step of this.#mutating) if (step.handles(attempt)) await step.mutate!(attempt);
  }
}
