import { delimited } from '@gantry/model/envelope.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { WatchEvent } from '../watch/change.ts';
import type { Wanted } from './accept.ts';
import { type Document, encodeDocument, statusMessage } from './encoding.ts';
import type { Shape } from './shape.ts';
import type { Status } from './status.ts';

type Change = Exclude<WatchEvent, { type: 'BOOKMARK' }>;

/** An event goes to many watchers as the same object: it is encoded for the first of them in each form. */
const encoded = new WeakMap<WatchEvent, Map<string, Uint8Array>>();

/** Annotation of the bookmark behind the initial events (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** The events of one watch as bytes: lines of JSON, or protobuf with the length of each before it. */
export class Frames {
  readonly #type: Pick<Form, 'kind' | 'apiVersion' | 'message'>;
  readonly #shape: Shape;
  readonly #wanted: Wanted;
  /** Names the form of the frames among all forms that an event has. */
  readonly #form: string;
  #hasColumns = false;

  /** @param variant Tells apart forms of which the wanted one alone does not: what rows of tables carry. */
  constructor(type: Pick<Form, 'kind' | 'apiVersion' | 'message'>, shape: Shape, wanted: Wanted, variant: string) {
    this.#type = type;
    this.#shape = shape;
    this.#wanted = wanted;
    this.#form = [type.apiVersion, wanted.encoding, wanted.form, wanted.version, variant].join(' ');
  }

  /** Media type of the stream. */
  get contentType(): string {
    return this.#wanted.encoding === 'protobuf'
      ? 'application/vnd.kubernetes.protobuf;stream=watch'
      : 'application/json';
  }

  of(event: Change): Uint8Array {
    if (this.#wanted.form === 'table' && !this.#hasColumns) {
      this.#hasColumns = true;
      return this.#frame(event.type, this.#shape.document(event.object));
    }
    return this.#once(event, this.#form, () => this.#frame(event.type, this.#later(event.object)));
  }

  /** @param endsInitialEvents It stands behind what existed when the watch began. */
  bookmark(event: Extract<WatchEvent, { type: 'BOOKMARK' }>, endsInitialEvents: boolean): Uint8Array {
    const annotations = endsInitialEvents ? { annotations: { [initialEventsEnd]: 'true' } } : {};
    const object = {
      kind: this.#type.kind.kind,
      apiVersion: this.#type.apiVersion,
      metadata: { resourceVersion: String(event.resourceVersion), ...annotations },
    } as unknown as AnyObject;
    return this.#once(event, `${this.#form} ${endsInitialEvents}`, () =>
      this.#frame('BOOKMARK', this.#bookmarkDocument(object)),
    );
  }

  error(status: Status): Uint8Array {
    return this.#frame('ERROR', { value: status, message: statusMessage });
  }

  #once(event: WatchEvent, form: string, encode: () => Uint8Array): Uint8Array {
    let forms = encoded.get(event);
    if (forms === undefined) {
      forms = new Map();
      encoded.set(event, forms);
    }
    let bytes = forms.get(form);
    if (bytes === undefined) {
      bytes = encode();
      forms.set(form, bytes);
    }
    return bytes;
  }

  /** A bookmark has no fields that a conversion could read. */
  #bookmarkDocument(object: AnyObject): Document {
    if (this.#wanted.form === 'table') return bookmarkTable(this.#wanted, object);
    return this.#wanted.form === 'metadata'
      ? this.#shape.document(object)
      : { value: object, message: this.#type.message };
  }

  /** An object as it is sent after the first: only the first table has columns. */
  #later(object: AnyObject): Document {
    const document = this.#shape.document(object);
    return this.#wanted.form === 'table' ? { value: { ...document.value, columnDefinitions: null } } : document;
  }

  #frame(type: WatchEvent['type'] | 'ERROR', document: Document): Uint8Array {
    if (this.#wanted.encoding !== 'protobuf') {
      return Buffer.from(`${JSON.stringify({ type, object: document.value })}\n`);
    }
    const { pieces } = encodeDocument(document, this.#wanted);
    const event = [...delimited(1, [Buffer.from(type)]), ...delimited(2, delimited(1, pieces))];
    const length = Buffer.alloc(4);
    length.writeUInt32BE(event.reduce((sum, { byteLength }) => sum + byteLength, 0));
    return Buffer.concat([length, ...event]);
  }
}

/** A bookmark of a watch of tables: a row without cells carries its metadata. */
function bookmarkTable({ version }: Wanted, { metadata }: AnyObject): Document {
  const apiVersion = `meta.k8s.io/${version}`;
  const { resourceVersion } = metadata;
  const object = { kind: 'PartialObjectMetadata', apiVersion, metadata };
  const rows = [{ cells: [], object }];
  return { value: { kind: 'Table', apiVersion, metadata: { resourceVersion }, columnDefinitions: null, rows } };
}
