import { delimited, envelopeOf, protobufMediaType } from '@gantry/model/envelope.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Turn } from '../core/turns.ts';
import type { Wanted } from './accept.ts';
import { type Encoded, encodeDocument, itemsField, rawListMeta } from './encoding.ts';
import type { Shape } from './shape.ts';

/** Encodes a list that is held in memory. */
export function encodeList(
  shape: Shape,
  objects: readonly AnyObject[],
  metadata: ListMetadata,
  wanted: Wanted,
): Encoded {
  if (wanted.encoding === 'protobuf') {
    const items = objects.flatMap((object) => delimited(itemsField, [shape.rawItem(object)]));
    return { contentType: protobufMediaType, pieces: envelopeOf(shape.listHead, [...rawListMeta(metadata), ...items]) };
  }
  const { listHead, columnDefinitions } = shape;
  const items = objects.map((object) => shape.item(object));
  const parts = columnDefinitions === undefined ? { items } : { columnDefinitions, rows: items };
  return encodeDocument({ value: { ...listHead, metadata, ...parts } }, wanted);
}

/** Metadata of a list. */
export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  /** Objects after the page, where they were counted; absent on the last page. */
  readonly remainingItemCount?: number;
}

/** The texts of a list's parts in JSON. */
export class JsonListWriter {
  readonly #shape: Shape;
  #isFirst = true;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** Everything before the first item. */
  head(metadata: ListMetadata): string {
    const { columnDefinitions } = this.#shape;
    const document = { ...this.#shape.listHead, metadata, columnDefinitions };
    return `${JSON.stringify(document).slice(0, -1)},"${columnDefinitions ? 'rows' : 'items'}":[`;
  }

  /** Encodes objects one by one, in turns. */
  async items(objects: readonly AnyObject[], turn: Turn): Promise<string> {
    const parts: string[] = [];
    for (const object of objects) {
      parts.push(JSON.stringify(this.#shape.item(object)));
      if (turn.isOver) await turn.next();
    }
    if (parts.length === 0) return '';
    const text = (this.#isFirst ? '' : ',') + parts.join(',');
    this.#isFirst = false;
    return text;
  }

  tail(): string {
    return ']}\n';
  }
}

/**
 * A list in protobuf. Its length stands before its items, so that they are kept until the last one is encoded: in their
 * encoded form, and within a bound that all such lists of the process share.
 */
export class ProtobufListWriter implements Disposable {
  readonly #shape: Shape;
  readonly #room: ByteBudget;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(shape: Shape, room: ByteBudget) {
    this.#shape = shape;
    this.#room = room;
  }

  /** Encodes objects one by one, in turns. Throws TooManyRequests where the lists of the process are too large together. */
  async items(objects: readonly AnyObject[], turn: Turn): Promise<void> {
    for (const object of objects) {
      const bytes = this.#shape.rawItem(object);
      this.#room.take(bytes.byteLength);
      this.#bytes += bytes.byteLength;
      this.#pieces.push(...delimited(itemsField, [bytes]));
      if (turn.isOver) await turn.next();
    }
  }

  /** The whole list. */
  list(metadata: ListMetadata): Uint8Array[] {
    return envelopeOf(this.#shape.listHead, [...rawListMeta(metadata), ...this.#pieces]);
  }

  /** Gives the room back, once the list is sent or given up. */
  [Symbol.dispose](): void {
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }
}

/** Bytes that answers under way may take together. */
export class ByteBudget {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws TooManyRequests where there is no room. */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#most) {
      throw new GantryError('TooManyRequests', 'too many large lists are under way: use a limit, or try again later', {
        retryAfterMs: 1_000,
      });
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
