import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Turn } from '../core/turns.ts';
import type { Wanted } from './accept.ts';
import { metadataOf, type RowObject, tableOf } from './table.ts';

/** The texts of a list's parts. */
export class ListWriter {
  readonly #kind: Kind;
  readonly #wanted: Wanted;
  readonly #rowObject: RowObject;
  readonly #nowMs: number;
  #isFirst = true;

  constructor(kind: Kind, wanted: Wanted, rowObject: RowObject, nowMs: number) {
    this.#kind = kind;
    this.#wanted = wanted;
    this.#rowObject = rowObject;
    this.#nowMs = nowMs;
  }

  /** Everything before the first item. */
  head(revision: number, token: string): string {
    const metadata = { resourceVersion: String(revision), ...(token === '' ? {} : { continue: token }) };
    const { form } = this.#wanted;
    const own = { kind: `${this.#kind.kind}List`, apiVersion: apiVersionOf(this.#kind), metadata };
    const document =
      form === 'table'
        ? { ...this.#table([]), metadata, rows: undefined }
        : form === 'metadata'
          ? { ...own, kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
          : own;
    return `${JSON.stringify(document).slice(0, -1)},"${form === 'table' ? 'rows' : 'items'}":[`;
  }

  /** Encodes objects one by one, in turns. */
  async items(objects: readonly AnyObject[], turn: Turn): Promise<string> {
    const parts: string[] = [];
    for (const object of objects) {
      parts.push(JSON.stringify(this.#item(object)));
      if (turn.isOver) await turn.next();
    }
    if (parts.length === 0) return '';
    const text = (this.#isFirst ? '' : ',') + parts.join(',');
    this.#isFirst = false;
    return text;
  }

  tail(): string {
    return ']}';
  }

  #item(object: AnyObject): object {
    if (this.#wanted.form === 'metadata') return metadataOf(object);
    if (this.#wanted.form === 'table') return this.#table([object]).rows[0]!;
    // A list says once what its items are.
    const { apiVersion: _, kind: __, ...item } = object;
    return item;
  }

  #table(objects: readonly AnyObject[]): ReturnType<typeof tableOf> {
    return tableOf(this.#kind, objects, { metadata: {}, rowObject: this.#rowObject, nowMs: this.#nowMs });
  }
}
