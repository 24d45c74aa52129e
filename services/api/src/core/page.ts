import type { Entry } from '@gantry/store/store.ts';
import type { Selection } from '../watch/change.ts';
import type { CoreDeps } from './context.ts';
import type { DamagedObject } from './damage.ts';
import { encodePageToken } from './page-token.ts';
import type { AnyObject, Stored } from './stored-object.ts';

/** A page of a list. */
export interface ListedPage {
  readonly items: readonly AnyObject[];
  /** Objects in the page's range of keys that could not be decoded, and so are not among the items. */
  readonly damaged: readonly DamagedObject[];
  /** The revision that the page is the state of. */
  readonly revision: number;
  /** Empty on the last page. */
  readonly token: string;
  /** Objects after the page, where they were counted. */
  readonly rest?: number;
  /** Characters of the items' JSON. */
  readonly chars: number;
}

/** The objects of a page, taken one by one in the order of their keys until the page is full. */
export class PageBuilder {
  readonly #deps: CoreDeps;
  readonly #selection: Selection;
  readonly #maxItems: number;
  readonly #items: AnyObject[] = [];
  readonly #damaged: DamagedObject[] = [];
  #chars = 0;
  #taken = 0;
  #last: string | undefined;

  constructor(deps: CoreDeps, selection: Selection, maxItems: number) {
    this.#deps = deps;
    this.#selection = selection;
    this.#maxItems = maxItems;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#maxItems || this.#chars >= this.#deps.limits.maxPageChars;
  }

  /** Objects that fit still. */
  get itemsLeft(): number {
    return this.#maxItems - this.#items.length;
  }

  /** Characters that fit still. */
  get charsLeft(): number {
    return this.#deps.limits.maxPageChars - this.#chars;
  }

  /** Entries as `take` takes them: where a webhook converts objects, it is asked for all of them together. */
  open(entries: readonly Entry[]): readonly Stored[] | Promise<readonly Stored[]> {
    const found = entries.map((entry) => this.#deps.cache.glance(entry));
    const { convert } = this.#selection;
    if (convert === undefined) return found;
    const sound = found.filter(({ damage }) => damage === undefined).map(({ object }) => object);
    return convert(sound).then(() => found);
  }

  /** Takes an object if the selection asks for it. */
  take(stored: Stored): void {
    this.#last = stored.key;
    this.#taken++;
    if (!this.#selection.hints.every((hint) => stored.text.includes(hint))) return;
    const object = this.#selected(stored);
    if (object === undefined) return;
    this.#items.push(object);
    this.#chars += stored.text.length;
  }

  /**
   * The page; `more` tells whether keys follow the last entry that was taken.
   * @param count Keys of the list from the page's first one on, where they were counted.
   */
  page(revision: number, more: boolean, count?: number): ListedPage {
    const page = { items: this.#items, damaged: this.#damaged, revision, token: '', chars: this.#chars };
    if (!more || this.#last === undefined) return page;
    const rest = count === undefined ? {} : { rest: Math.max(0, count - this.#taken) };
    return { ...page, ...rest, token: encodePageToken({ revision, after: this.#last, ...rest }) };
  }

  #selected(stored: Stored): AnyObject | undefined {
    const { everything, matches, form } = this.#selection;
    try {
      const object = form === undefined ? stored.object : form(stored.object);
      return everything || matches(object) ? object : undefined;
    } catch (error) {
      this.#damaged.push(this.#deps.damaged.note(error));
      return undefined;
    }
  }
}
