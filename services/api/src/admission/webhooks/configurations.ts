import { builtIn } from '@gantry/model/built-in.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { FollowedObjects } from '../following.ts';
import { Candidates } from '../matching/candidates.ts';
import { type Hook, hooksOf } from './hook.ts';

const group = 'admissionregistration.k8s.io';
const mutatingKind = builtIn.kindOf(group, 'MutatingWebhookConfiguration')!;
const validatingKind = builtIn.kindOf(group, 'ValidatingWebhookConfiguration')!;

/** The webhooks of all configurations. */
export class HookConfigurations {
  /** Keeps them up to date. */
  readonly observer = new FollowedObjects([mutatingKind, validatingKind]);
  readonly #kinds: Registry;
  #version = -1;
  #mutating: Candidates<Hook>;
  #validating: Candidates<Hook>;

  constructor(kinds: Registry) {
    this.#kinds = kinds;
    this.#mutating = new Candidates(kinds, []);
    this.#validating = new Candidates(kinds, []);
  }

  /** The mutating ones. Throws ServiceUnavailable before they are known. */
  get mutating(): Candidates<Hook> {
    this.#refresh();
    return this.#mutating;
  }

  /** The validating ones. Throws ServiceUnavailable before they are known. */
  get validating(): Candidates<Hook> {
    this.#refresh();
    return this.#validating;
  }

  #refresh(): void {
    const { isLoaded, version } = this.observer;
    if (!isLoaded) throw new GantryError('ServiceUnavailable', 'not yet ready to handle request');
    if (version === this.#version) return;
    this.#mutating = new Candidates(this.#kinds, hooksOf(this.observer.of(mutatingKind)));
    this.#validating = new Candidates(this.#kinds, hooksOf(this.observer.of(validatingKind)));
    this.#version = version;
  }
}
