import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeOpenApi2 } from '@gantry/model/openapi-v2.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { RemoteDocument } from '../../aggregation/documents.ts';
import { mergedSwagger } from '../../aggregation/swagger.ts';
import { openApiPath } from '../discovery.ts';
import type { Document } from './document.ts';
import { openApi2 } from './v2.ts';
import { openApi3 } from './v3.ts';

/** A document as it is sent. */
export interface SchemaDocument {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Changes with the content. */
  readonly hash: string;
}

const json = 'application/json';
/** Media types by which clients ask for OpenAPI 2 in protobuf. The answer has the second: the other is none that HTTP allows. */
const protobufTypes = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
] as const;

/**
 * OpenAPI of the served forms, derived from their schemas: version 3 as an index and a document for each group and version, version 2
 * as one document. Documents are made when first asked for, one a turn of the event loop.
 */
export class OpenApi {
  readonly #forms: readonly Form[];
  readonly #byPath: ReadonlyMap<string, readonly Form[]>;
  readonly #documents = new Map<string, SchemaDocument>();

  readonly #remotes: readonly RemoteDocument[];

  /**
   * @param before Of the forms that were served before: documents of groups that are as they were stay.
   * @param remotes Versions of other servers: their documents of version 3 are asked of these.
   */
  constructor(forms: readonly Form[], before?: OpenApi, remotes: readonly RemoteDocument[] = []) {
    this.#forms = forms;
    this.#remotes = remotes;
    this.#byPath = Map.groupBy(forms, openApiPath);
    if (before === undefined) return;
    for (const [group, document] of before.#documents) {
      const [now, then] = [this.#byPath.get(group), before.#byPath.get(group)];
      const isSame = now?.length === then?.length && now?.every((form, index) => form === then![index]);
      if (isSame) this.#documents.set(group, document);
    }
  }

  /** The document of a path, in a form that an Accept header takes; undefined for any path that is none of OpenAPI's. */
  async at(path: string, accept: string | undefined): Promise<SchemaDocument | undefined> {
    const bare = path.replace(/\/$/, '');
    if (bare === '/openapi/v2') return this.#version2(accept ?? '');
    if (bare === '/openapi/v3') return this.#once(bare, async () => documentOf({ paths: await this.#index() }));
    const group = bare.startsWith('/openapi/v3/') ? bare.slice('/openapi/v3/'.length) : '';
    const forms = this.#byPath.get(group);
    return forms && this.#group(group, forms);
  }

  async #index(): Promise<Document> {
    const entries: [string, Document][] = [];
    for (const [group, forms] of this.#byPath) {
      const { hash } = await this.#group(group, forms);
      entries.push([group, { serverRelativeURL: `/openapi/v3/${group}?hash=${hash}` }]);
    }
    for (const { group, version, schemaHash } of this.#remotes) {
      const path = `apis/${group}/${version}`;
      if (schemaHash !== undefined)
        entries.push([path, { serverRelativeURL: `/openapi/v3/${path}?hash=${schemaHash}` }]);
    }
    return Object.fromEntries(entries);
  }

  #group(group: string, forms: readonly Form[]): Promise<SchemaDocument> {
    return this.#once(group, async () => documentOf(openApi3(forms)));
  }

  #version2(accept: string): Promise<SchemaDocument> {
    const wanted = accept.split(',').map((clause) => clause.split(';', 1)[0]!.trim());
    const contentType = protobufTypes[1];
    const isAsked = protobufTypes.some((type) => wanted.includes(type));
    if (!isAsked) return this.#once(json, async () => documentOf(this.#merged()));
    return this.#once(contentType, async () => bytesOf(contentType, encodeOpenApi2(this.#merged())));
  }

  #merged(): Document {
    return mergedSwagger(openApi2(this.#forms), this.#remotes);
  }

  async #once(key: string, make: () => Promise<SchemaDocument>): Promise<SchemaDocument> {
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    await nextTurn();
    const made = await make();
    this.#documents.set(key, made);
    return made;
  }
}

function documentOf(document: Document): SchemaDocument {
  return bytesOf(json, Buffer.from(JSON.stringify(document)));
}

function bytesOf(contentType: string, bytes: Uint8Array): SchemaDocument {
  return { contentType, bytes, hash: createHash('sha256').update(bytes).digest('hex').toUpperCase() };
}
