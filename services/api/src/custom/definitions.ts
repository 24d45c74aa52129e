import { type CustomKindOptions, kindOfDefinition } from '@gantry/model/custom/kind.ts';
import type { CustomResourceDefinition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { customResourceDefinition } from '@gantry/model/kinds/customresourcedefinition/customresourcedefinition.ts';
import { type Registry, resourceOf } from '@gantry/model/registry.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Change } from '@gantry/store/store.ts';
import type { Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';

/** Makes what kinds of a definition need beyond it: conversions and rules. */
export type OptionsFor = (definition: CustomResourceDefinition) => CustomKindOptions;

interface Served {
  readonly definition: CustomResourceDefinition;
  /** Undefined for a definition that serves nothing. */
  readonly kind: Kind | undefined;
}

const resource = resourceOf(customResourceDefinition);

/**
 * Serves the kinds of the definitions in the store: a kind joins the registry when its definition has its names, is replaced when that
 * changes, and leaves with it. A definition that no kind can be made of is told of in the log and hurts no other one.
 */
export class ServedDefinitions implements ChangeObserver {
  readonly prefixes = [`${resource}/`];
  readonly #kinds: Registry;
  readonly #optionsFor: OptionsFor;
  readonly #log: Logger;
  readonly #served = new Map<string, Served>();
  /** Keys that were seen since the state is loaded anew; undefined at all other times. */
  #seen: Set<string> | undefined;

  constructor(kinds: Registry, optionsFor: OptionsFor, log: Logger) {
    this.#kinds = kinds;
    this.#optionsFor = optionsFor;
    this.#log = log;
  }

  reset(): void {
    // Kinds are served on: definitions that are as they were keep theirs.
    this.#seen = new Set();
  }

  loaded(): void {
    for (const key of [...this.#served.keys()]) if (!this.#seen?.has(key)) this.#drop(key);
    this.#seen = undefined;
  }

  onEntry(stored: Stored): void {
    const definition = stored.object as unknown as CustomResourceDefinition;
    this.#seen?.add(stored.key);
    this.#take(stored.key, definition);
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (event?.parts.resource !== resource) return;
    if (event.deleted) this.#drop(key);
    else if (event.object !== undefined) this.#take(key, event.object as unknown as CustomResourceDefinition);
  }

  #take(key: string, definition: CustomResourceDefinition): void {
    if (!isServed(definition)) {
      this.#drop(key);
      return;
    }
    const known = this.#served.get(key);
    if (known !== undefined && isServedAlike(known.definition, definition)) return;
    // A definition that begins to end changes nothing of its objects: whoever watches them hears of their ends.
    this.#drop(key, known !== undefined && sameJson(formPart(known.definition), formPart(definition)));
    this.#served.set(key, { definition, kind: this.#serve(key, definition) });
  }

  #serve(key: string, definition: CustomResourceDefinition): Kind | undefined {
    try {
      const kind = kindOfDefinition(definition, this.#optionsFor(definition));
      if (kind !== undefined) this.#kinds.add(kind);
      return kind;
    } catch (error) {
      this.#log.error({ error, key }, 'no kind can be made of a definition; it is not served');
      return undefined;
    }
  }

  #drop(key: string, isSucceeded = false): void {
    const { kind } = this.#served.get(key) ?? {};
    this.#served.delete(key);
    if (kind !== undefined) this.#kinds.remove(kind, isSucceeded);
  }
}

/** A client that is told that a definition is established may ask any replica: its kind is served from the moment at which it has its names. */
function isServed({ status }: CustomResourceDefinition): boolean {
  return hasCondition(status, 'NamesAccepted') || hasCondition(status, 'Established');
}

function hasCondition(status: CustomResourceDefinition['status'], type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

/** True where two states of a definition make the same kinds. */
function isServedAlike(one: CustomResourceDefinition, other: CustomResourceDefinition): boolean {
  return sameJson(servedPart(one), servedPart(other));
}

function servedPart(definition: CustomResourceDefinition): unknown {
  return [formPart(definition), hasCondition(definition.status, 'Terminating')];
}

/** The part of a definition that decides on the form of its objects. */
function formPart({ metadata, spec, status }: CustomResourceDefinition): unknown {
  return [metadata.uid, spec, status?.acceptedNames];
}
