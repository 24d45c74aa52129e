import { gunzipSync } from 'node:zlib';
import { openEnvelope, protobufMediaType } from '@gantry/model/envelope.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import type { Registry } from '@gantry/model/registry.ts';
import type { Annotate } from '../admission/chain.ts';
import type { Audit, RequestAudit } from '../audit/audit.ts';
import type { Attempt, Verdict } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import type { Outgoing } from './answer.ts';
import { bodyOf, type Incoming, keepBody, mediaTypeOf } from './body.ts';

/** Header with the id by which a request is found in the audit log. */
const idHeader = 'audit-id';
/** Longest id that a client may choose. */
const maxIdChars = 64;
/** Bytes of an answer that an event tells, at most; longer ones are left out. */
const maxToldBytes = 1024 * 1024;

/** Puts the id of a request into the head of its answer: the client's own, or a new one. */
export function markAnswer({ headers }: Incoming, response: Outgoing, newId: () => string): string {
  const given = headers[idHeader];
  const isUsable = typeof given === 'string' && given.length <= maxIdChars && /^[\x21-\x7e]+$/.test(given);
  const id = isUsable ? given : newId();
  response.setHeader(idHeader, id);
  return id;
}

/** Facts of a request whose user is known. */
export interface AuditFacts {
  readonly id: string;
  readonly user: User;
  readonly actsAs: User;
  readonly attempt: Attempt;
  readonly verdict: Verdict;
  readonly receivedAtMs: number;
}

/**
 * Tells the audit log of a request, as far as the policy wants it: now, when its answer begins if that is a stream, and at its end.
 * Gives what adds annotations to it; undefined for a request that is not told.
 */
export function auditRequest(
  audit: Audit,
  kinds: Registry,
  facts: AuditFacts,
  incoming: Incoming,
  response: Outgoing,
): Annotate | undefined {
  const { url = '/', headers, socket } = incoming;
  const request = { ...facts, uri: url, sourceIp: socket.remoteAddress ?? '', userAgent: headers['user-agent'] ?? '' };
  const begun = audit.begin(request);
  if (begun === undefined) return undefined;
  if (begun.tellsRequest) keepBody(incoming);
  const answer = new AnswerCopy(response, begun, facts.attempt.verb === 'watch');
  response.once('close', () => {
    const { statusCode: code } = response;
    const told = answer.told(kinds);
    const isFailure = code >= 400;
    begun.stage('ResponseComplete', {
      code,
      ...(isFailure && typeof told === 'object' && told !== null ? { status: statusIn(told) } : {}),
      requestObject: begun.tellsRequest ? readable(bodyOf(incoming), mediaTypeOf(incoming), kinds) : undefined,
      responseObject: told,
    });
  });
  return (key, value, level) => begun.annotate(key, value, level);
}

/** The parts of a Status that an event tells. */
function statusIn(answer: object): object {
  const { kind: _k, apiVersion: _v, ...status } = answer as { kind?: string; apiVersion?: string };
  return status;
}

/** Copies an answer on its way to the client, as far as an event may tell it. */
class AnswerCopy {
  readonly #response: Outgoing;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(response: Outgoing, begun: RequestAudit, isStream: boolean) {
    this.#response = response;
    const { writeHead, write, end } = response;
    response.writeHead = ((...args: Parameters<typeof writeHead>) => {
      const answered = writeHead.apply(response, args);
      if (isStream) begun.stage('ResponseStarted', { code: response.statusCode });
      return answered;
    }) as typeof writeHead;
    if (isStream) return;
    const copies = (): boolean => begun.tellsResponse || response.statusCode >= 400;
    response.write = ((...args: Parameters<typeof write>) => {
      if (copies()) this.#take(args[0]);
      return write.apply(response, args);
    }) as typeof write;
    response.end = ((...args: Parameters<typeof end>) => {
      if (copies()) this.#take(args[0]);
      return end.apply(response, args);
    }) as typeof end;
  }

  #take(part: unknown): void {
    if (!(part instanceof Uint8Array) && typeof part !== 'string') return;
    const bytes = Buffer.from(part as Uint8Array);
    this.#bytes += bytes.length;
    if (this.#bytes <= maxToldBytes) this.#parts.push(bytes);
  }

  /** The answer as an object; undefined where it is none, or too long. */
  told(kinds: Registry): unknown {
    if (this.#bytes === 0 || this.#bytes > maxToldBytes) return undefined;
    const [type = ''] = String(this.#response.getHeader('content-type') ?? '').split(';');
    const whole = Buffer.concat(this.#parts);
    const isPacked = this.#response.getHeader('content-encoding') === 'gzip';
    return readable(isPacked ? unpacked(whole) : whole, type.trim(), kinds);
  }
}

function unpacked(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: 8 * maxToldBytes });
  } catch {
    return undefined;
  }
}

/** A body as an object; undefined for one that cannot be read as one. */
function readable(bytes: Buffer | undefined, mediaType: string, kinds: Registry): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    if (mediaType !== protobufMediaType) return parseManifestText(bytes);
    const { fields, apiVersion, kind } = openEnvelope(bytes, (type) => messageOf(type, kinds));
    return { kind, apiVersion, ...fields };
  } catch {
    return undefined;
  }
}

function messageOf(type: { readonly apiVersion: string; readonly kind: string }, kinds: Registry): string {
  return type.kind === 'Status' ? 'gantry.meta.v1.Status' : kinds.formOf(type).message;
}
