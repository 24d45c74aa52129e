import { protobufMediaType } from '@gantry/model/envelope.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { ListedPage } from '../core/page.ts';
import { latestPageToken } from '../core/page-token.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Turn } from '../core/turns.ts';
import { type Outgoing, Stream, send, sendDocument, sendStatus } from './answer.ts';
import { encodeDocument } from './encoding.ts';
import { listParameters } from './list-options.ts';
import { JsonListWriter, type ListMetadata, ProtobufListWriter } from './list-writer.ts';
import { revisionParameter } from './parameters.ts';
import { queryOf, refOf } from './query.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { rowObjectOf, Shape } from './shape.ts';
import { expiredTokenStatus } from './status.ts';

/** Answers with one object. */
export function answerObject(
  { clock }: ResourceDeps,
  { form, query, wanted }: ResourceRequest,
  response: Outgoing,
  object: AnyObject,
  code = 200,
): void {
  const shape = new Shape(form, wanted, rowObjectOf(query), clock.now());
  send(response, code, encodeDocument(shape.document(object), wanted));
}

/** Answers with one object as it is stored. */
export async function getObject(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const revision = revisionParameter(request.query);
  const at = revision === 0 ? undefined : ({ revision, match: 'at least' } as const);
  answerObject(deps, request, response, await deps.api.get(request.context, refOf(request), at));
}

/** Sends a list. Without a limit it is sent whole, page by page of one revision. */
export async function listObjects(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const shape = new Shape(request.form, request.wanted, rowObjectOf(request.query), deps.clock.now());
  try {
    if (request.wanted.encoding === 'protobuf') await sendProtobuf(deps, request, response, shape);
    else await sendText(deps, request, response, shape);
  } catch (error) {
    const token = latestPageToken(request.query.get('continue') ?? '');
    if (response.headersSent || token === undefined || !isError(error, 'Expired')) throw error;
    sendStatus(response, expiredTokenStatus(token), request.wanted);
  }
}

/** In JSON a list is never held in memory: its pages are sent one by one. */
async function sendText(deps: ResourceDeps, request: ResourceRequest, response: Outgoing, shape: Shape): Promise<void> {
  const { wanted, context } = request;
  const writer = new JsonListWriter(shape);
  let stream: Stream | undefined;
  for await (const page of pagesOf(deps, request, (items, turn) => writer.items(items, turn))) {
    const { content, isLast } = page;
    if (stream === undefined && isLast) {
      const text = writer.head(metadataOf(page)) + content + writer.tail();
      // Only JSON on one line is written part by part.
      if (wanted.encoding === 'yaml' || wanted.pretty) return sendDocument(response, 200, JSON.parse(text), wanted);
      return send(response, 200, { contentType: 'application/json', pieces: [Buffer.from(text)] });
    }
    if (stream === undefined) {
      if (wanted.encoding === 'yaml') {
        throw new GantryError('NotAcceptable', 'long lists are not sent as YAML: use a limit');
      }
      stream = new Stream(response, 'application/json', context.signal, true);
      await stream.write(writer.head(metadataOf(page)));
    }
    await stream.write(content);
  }
  await stream?.write(writer.tail());
  stream?.end();
}

async function sendProtobuf(
  deps: ResourceDeps,
  request: ResourceRequest,
  response: Outgoing,
  shape: Shape,
): Promise<void> {
  const writer = new ProtobufListWriter(shape, deps.largeLists);
  const room = new DisposableStack();
  room.use(writer);
  response.once('close', () => room.dispose());
  let last: ListedPart<void> | undefined;
  for await (const page of pagesOf(deps, request, (items, turn) => writer.items(items, turn))) last = page;
  send(response, 200, { contentType: protobufMediaType, pieces: writer.list(metadataOf(last!)) });
}

/** A page of a list, with what was made of its objects. */
interface ListedPart<Content> {
  readonly revision: number;
  /** Empty on the last page. */
  readonly token: string;
  readonly content: Content;
  readonly rest: number | undefined;
  /** It is the last one that is asked for. */
  readonly isLast: boolean;
}

/**
 * The pages of the list that a request asks for: one where it has a limit, and else all of one revision.
 * @param encode Part of the list's work: it waits for its turns, so that others are served between two objects.
 */
async function* pagesOf<Content>(
  { api }: ResourceDeps,
  request: ResourceRequest,
  encode: (items: readonly AnyObject[], turn: Turn) => Promise<Content>,
): AsyncGenerator<ListedPart<Content>> {
  const { limit, at, token: first } = listParameters(request.query);
  const read = async ({ items, revision, token, rest }: ListedPage, turn: Turn): Promise<ListedPart<Content>> => ({
    revision,
    token,
    rest,
    content: await encode(items, turn),
    isLast: token === '' || limit > 0,
  });
  for (let token = first; ; ) {
    const page = await api.list(
      request.context,
      queryOf(request),
      { limit, token, at: token === '' ? at : undefined },
      read,
    );
    yield page;
    if (page.isLast) return;
    token = page.token;
  }
}

/** Metadata of a list that ends with a page. The token of a page that others follow at once is not told. */
function metadataOf({ revision, token, rest, isLast }: ListedPart<unknown>): ListMetadata {
  const resourceVersion = String(revision);
  if (!isLast || token === '') return { resourceVersion };
  return { resourceVersion, continue: token, ...(rest === undefined ? {} : { remainingItemCount: rest }) };
}
