import type { IncomingMessage } from 'node:http';
import type { ReviewCallerRequest, ReviewCallerResponse } from '@gantry/client/access.ts';
import { type CertifiedSocket, type VerifiedCertificate, verifiedCertificate } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';

/** The reason why a request is not answered, as a kubelet words it. */
export interface Refusal {
  readonly code: 401 | 403 | 500;
  readonly text: string;
}

/** Dependencies of the access to a node's paths. */
export interface AccessDeps {
  readonly nodeName: string;
  readonly review: (request: ReviewCallerRequest) => Promise<ReviewCallerResponse>;
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
}

/** Reviews are kept for so long, in milliseconds: a token or a right that ended is refused after it. */
const keptMs = 10_000;
const maxKept = 1_000;

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of nodes by the beginnings of paths, as the kubelet has them (pkg/kubelet/server/auth.go); the right to one suffices. */
const subresources: readonly (readonly [path: string, subresources: readonly string[]])[] = [
  ['/stats', ['stats']],
  ['/metrics', ['metrics']],
  ['/logs', ['log']],
  ['/pods', ['pods', 'proxy']],
  ['/runningpods', ['pods', 'proxy']],
  ['/healthz', ['healthz', 'proxy']],
  ['/configz', ['configz', 'proxy']],
];

/** Subresources of the node that a path stands for. */
export function subresourcesOf(path: string): readonly string[] {
  const found = subresources.find(([start]) => path === start || path.startsWith(`${start}/`));
  return found?.[1] ?? ['proxy'];
}

/** Decides who may read a node's paths: the api itself, and whom the api's reviews of tokens and of access let in. Nobody else, and nobody unnamed. */
export class Access {
  readonly #deps: AccessDeps;
  readonly #kept = new Map<string, { readonly atMs: number; readonly answer: Promise<ReviewCallerResponse> }>();

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  /** Resolves to the refusal; undefined for a caller that may do what it asks for. Never rejects. */
  async refusalOf(
    incoming: Pick<IncomingMessage, 'method' | 'headers' | 'socket'>,
    path: string,
  ): Promise<Refusal | undefined> {
    const presented = verifiedCertificate(incoming.socket as CertifiedSocket);
    // A connection may outlive the certificate that it began with.
    const isOver = presented !== undefined && presented.notAfterMs <= this.#deps.clock.now();
    const certificate = isOver ? undefined : presented;
    // The api may run commands in every container here; it has authorized whoever asks through it.
    if (certificate?.commonName === serviceNames.api) return undefined;
    const caller = callerOf(certificate, incoming.headers.authorization);
    if (caller === undefined) return unauthorized;
    const verb = verbs[incoming.method ?? ''] ?? '';
    const wanted = subresourcesOf(path);
    let answer: ReviewCallerResponse;
    try {
      answer = await this.#review({ ...caller, nodeName: this.#deps.nodeName, verb, subresources: wanted });
    } catch {
      return { code: 500, text: 'Authorization error: the api did not answer\n' };
    }
    if (!answer.authenticated) return unauthorized;
    if (answer.allowed) return undefined;
    const tried = `user=${answer.user}, verb=${verb}, resource=nodes, subresource(s)=[${wanted.join(' ')}]`;
    return { code: 403, text: `Forbidden (${tried})\n` };
  }

  #review(request: ReviewCallerRequest): Promise<ReviewCallerResponse> {
    const key = JSON.stringify(request);
    const now = this.#deps.clock.monotonic();
    const known = this.#kept.get(key);
    if (known !== undefined && now - known.atMs < keptMs) return known.answer;
    const answer = this.#deps.review(request);
    this.#kept.delete(key);
    this.#kept.set(key, { atMs: now, answer });
    answer.catch(() => this.#kept.delete(key));
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value!);
    return answer;
  }
}

const unauthorized: Refusal = { code: 401, text: 'Unauthorized' };

type Caller = Pick<ReviewCallerRequest, 'token' | 'user' | 'groups'>;

function callerOf(certificate: VerifiedCertificate | undefined, authorization: string | undefined): Caller | undefined {
  if (certificate !== undefined) return { user: certificate.commonName, groups: certificate.organizations };
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : { token };
}
