import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Wanted } from './accept.ts';
import { type Document, metadataMessage, rawObject } from './encoding.ts';
import { metadataOf, type RowObject, type Table, tableOf } from './table.ts';

/** The type that a document says it is of. */
export interface TypeHead {
  readonly kind: string;
  readonly apiVersion: string;
}

/** The form in which a request gets the objects of a kind: whole, as rows of a table, or their metadata. */
export class Shape {
  readonly #form: Form;
  readonly #wanted: Wanted;
  readonly #rowObject: RowObject;
  readonly #nowMs: number;

  /** @param nowMs For ages in tables. */
  constructor(form: Form, wanted: Wanted, rowObject: RowObject, nowMs: number) {
    this.#form = form;
    this.#wanted = wanted;
    this.#rowObject = rowObject;
    this.#nowMs = nowMs;
  }

  /** An object as a document of its own. */
  document(object: AnyObject): Document {
    switch (this.#wanted.form) {
      case 'table':
        return { value: this.table([object], { resourceVersion: object.metadata.resourceVersion }) };
      case 'metadata':
        return { value: metadataOf(object, this.#wanted.version), message: metadataMessage };
      default:
        return { value: this.#converted(object), message: this.#form.message };
    }
  }

  /** The type of a list. */
  get listHead(): TypeHead {
    const apiVersion = `meta.k8s.io/${this.#wanted.version}`;
    switch (this.#wanted.form) {
      case 'table':
        return { kind: 'Table', apiVersion };
      case 'metadata':
        return { kind: 'PartialObjectMetadataList', apiVersion };
      default:
        return { kind: listKindOf(this.#form.kind), apiVersion: this.#form.apiVersion };
    }
  }

  /** Columns of a table; undefined for other forms. */
  get columnDefinitions(): Table['columnDefinitions'] | undefined {
    return this.#wanted.form === 'table' ? this.table([], {}).columnDefinitions : undefined;
  }

  /** An object as an item of a list. */
  item(object: AnyObject): object {
    if (this.#wanted.form === 'metadata') return metadataOf(object, this.#wanted.version);
    if (this.#wanted.form === 'table') return this.table([object], {}).rows[0]!;
    // A list says once what its items are.
    const converted = this.#converted(object);
    // Kubernetes knows no types of objects that definitions make, and has their items whole.
    if (this.#form.kind.custom !== undefined) return converted;
    const { apiVersion: _, kind: __, ...item } = converted;
    return item;
  }

  /** An object as an item of a list in protobuf. */
  rawItem(object: AnyObject): Uint8Array {
    return this.#wanted.form === 'metadata'
      ? rawObject({ metadata: object.metadata }, metadataMessage)
      : rawObject(this.#converted(object), this.#form.message);
  }

  /** Objects as a table. */
  table(objects: readonly AnyObject[], metadata: Table['metadata']): Table {
    const options = { metadata, rowObject: this.#rowObject, nowMs: this.#nowMs, version: this.#wanted.version };
    const { kind, conversion, columns } = this.#form;
    const served = (object: AnyObject): AnyObject => this.#converted(object);
    // Columns of a form that has none of its own read objects as they are stored.
    return conversion?.columns === undefined
      ? tableOf(kind, objects, { ...options, served })
      : tableOf({ ...kind, columns: columns as Kind['columns'] }, objects.map(served), options);
  }

  /** An object in the version of the path. */
  #converted(object: AnyObject): AnyObject {
    const { conversion } = this.#form;
    return conversion === undefined ? object : (conversion.fromStored(object) as AnyObject);
  }
}

/** Kind of the lists of a kind. */
function listKindOf({ kind, custom }: Kind): string {
  return custom?.listKind ?? `${kind}List`;
}

/** The part of an object that rows of a table are to carry. Throws BadRequest for one that there is not. */
export function rowObjectOf(query: URLSearchParams): RowObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw new GantryError(
    'BadRequest',
    `includeObject: Unsupported value: "${value}": supported values: "Metadata", "None", "Object"`,
  );
}
