import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import type { AnyObject } from '../../core/stored-object.ts';

/** A question as a webhook gets it. */
export interface Question {
  readonly path: string;
  readonly apiVersion: string;
  readonly request: {
    readonly uid: string;
    readonly operation: string;
    readonly object: AnyObject | null;
    readonly oldObject: AnyObject | null;
    readonly [field: string]: unknown;
  };
}

/** An answer: fields of the response, or the whole body as it is; undefined never answers. */
export type Answer = { readonly [field: string]: unknown } | string | undefined;

/** A webhook of a test. */
export class HookServer implements Disposable {
  readonly questions: Question[] = [];
  readonly caBundle: string;
  readonly port: number;
  readonly #stop: () => void;
  /** Decides on answers, by the path that is called. */
  readonly answers = new Map<string, (question: Question) => Answer>();

  private constructor(caBundle: string, port: number, stop: () => void) {
    this.caBundle = caBundle;
    this.port = port;
    this.#stop = stop;
  }

  static async start(): Promise<HookServer> {
    const nowMs = Date.now();
    const authority = await createAuthority('hooks', nowMs);
    const pair = await issue(authority, { commonName: 'hook', ips: ['127.0.0.1'], uses: ['server'] }, nowMs);
    let own: HookServer | undefined;
    const server = createServer({ cert: pair.cert, key: pair.key }, async (request, response) => {
      const bytes = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
      const body = own!.answer(request.url ?? '', JSON.parse(bytes.toString()) as Omit<Question, 'path'>);
      if (body === undefined) return;
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    own = new HookServer(Buffer.from(authority.cert).toString('base64'), port, () => {
      server.closeAllConnections();
      server.close();
    });
    return own;
  }

  /** The client configuration of a webhook that is served here. */
  config(path: string): { readonly url: string; readonly caBundle: string } {
    return { url: `https://127.0.0.1:${this.port}/${path}`, caBundle: this.caBundle };
  }

  /** The body of the answer to a question. */
  answer(url: string, question: Omit<Question, 'path'>): string | undefined {
    const path = url.slice(1).split('?')[0]!;
    const asked = { ...question, path };
    this.questions.push(asked);
    const answer = this.answers.get(path)?.(asked) ?? (this.answers.has(path) ? undefined : { allowed: true });
    if (answer === undefined || typeof answer === 'string') return answer;
    const { patch, ...fields } = answer;
    const encoded = Array.isArray(patch)
      ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
      : {};
    const response = { uid: question.request.uid, allowed: true, ...encoded, ...fields };
    return JSON.stringify({ apiVersion: question.apiVersion, kind: 'AdmissionReview', response });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

/** A webhook of a configuration that is about config maps, unless something else is said. */
export function hookNamed(server: HookServer, name: string, fields: object = {}): object {
  return {
    name: `${name}.example.com`,
    clientConfig: server.config(name),
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...fields,
  };
}
