import { type ClientHttp2Session, connect } from 'node:http2';

/** Requests to an api, as one of its clients sends them. */
export interface Load extends Disposable {
  readonly name: string;
  isReady(): Promise<boolean>;
  /** Creates an object of a core kind, such as pods, whose body has its name. */
  create(resource: 'pods' | 'configmaps', body: CoreObject): Promise<void>;
  get(name: string): Promise<CoreObject>;
  /** Replaces a pod. */
  update(pod: CoreObject): Promise<void>;
  /** Applies a pod's configuration; undefined where a client has no such request. */
  readonly apply?: (pod: CoreObject) => Promise<void>;
  /** Lists all pods of the namespace; resolves to their number. */
  list(): Promise<number>;
  /** Watches the pods of the namespace; calls back at each change. */
  watch(onChange: () => void): Promise<Disposable>;
}

/** An object of a core kind. */
export interface CoreObject {
  readonly apiVersion: 'v1';
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [part: string]: unknown;
}

/** Namespace that everything is in. */
export const namespace = 'bench';
/** Connections of a client: as many watches as one of them takes streams, and no more. */
const connections = 12;

/** REST over HTTP/2 and TLS with a token, as client-go speaks it, in JSON. */
export class HttpLoad implements Load {
  readonly name: string;
  readonly #sessions: (ClientHttp2Session | undefined)[] = new Array(connections).fill(undefined);
  readonly #url: string;
  readonly #token: string;
  #next = 0;
  #watches = 0;

  constructor(name: string, url: string, token: string) {
    this.name = name;
    this.#url = url;
    this.#token = token;
  }

  async isReady(): Promise<boolean> {
    const answers = await Promise.allSettled(
      ['/readyz', '/api/v1/namespaces/default'].map((path) => this.send('GET', path)),
    );
    return answers.every(({ status }) => status === 'fulfilled');
  }

  async createNamespace(name: string): Promise<void> {
    await this.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    // No controllers run that would make the account of its pods.
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await this.send('POST', `/api/v1/namespaces/${name}/serviceaccounts`, account);
  }

  async create(resource: 'pods' | 'configmaps', body: CoreObject): Promise<void> {
    await this.send('POST', `/api/v1/namespaces/${namespace}/${resource}`, body);
  }

  async get(name: string): Promise<CoreObject> {
    return JSON.parse(await this.send('GET', `/api/v1/namespaces/${namespace}/pods/${name}`)) as CoreObject;
  }

  async update(pod: CoreObject): Promise<void> {
    await this.send('PUT', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`, pod);
  }

  readonly apply = async (pod: CoreObject): Promise<void> => {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}?fieldManager=bench&force=true`;
    await this.send('PATCH', path, pod, 'application/apply-patch+yaml');
  };

  async list(): Promise<number> {
    const text = await this.send('GET', `/api/v1/namespaces/${namespace}/pods?resourceVersion=0`);
    return (JSON.parse(text) as { items: unknown[] }).items.length;
  }

  /** Watches the pods of the namespace, or the objects at another path. */
  async watch(onChange: () => void, at = `/api/v1/namespaces/${namespace}/pods`): Promise<Disposable> {
    // Changes from now on, without what is there.
    const list = await this.send('GET', `${at}?limit=1`);
    const { resourceVersion } = (JSON.parse(list) as { metadata: { resourceVersion: string } }).metadata;
    const path = `${at}?watch=true&resourceVersion=${resourceVersion}`;
    // Spread evenly: a connection takes a hundred streams.
    const session = this.#session(this.#watches++ % connections);
    const stream = session.request({ ':method': 'GET', ':path': path, authorization: `Bearer ${this.#token}` });
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    stream.on('response', () => resolve({ [Symbol.dispose]: () => stream.close() }));
    stream.on('error', reject);
    // Lines of JSON; a change of one pod is one line.
    stream.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) onChange();
    });
    return await promise;
  }

  /** Reads the answer of a watch line by line. A server may end it whenever its client is slow: `onEnd` is called then. */
  lines(path: string, onLine: (line: string) => void, onEnd: () => void): Disposable {
    const stream = this.#session(this.#watches++ % connections).request({
      ':method': 'GET',
      ':path': path,
      authorization: `Bearer ${this.#token}`,
    });
    stream.setEncoding('utf8').on('error', () => undefined);
    let rest = '';
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
    });
    stream.on('close', onEnd);
    return { [Symbol.dispose]: () => stream.close() };
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session?.destroy();
  }

  /** The next connection in turn, or one that is named. */
  #session(index = this.#next++ % connections): ClientHttp2Session {
    const known = this.#sessions[index];
    if (known !== undefined && !known.destroyed && !known.closed) return known;
    // The certificate is made anew at each start, for this machine alone.
    const session = connect(this.#url, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    this.#sessions[index] = session;
    return session;
  }

  /** Sends a request; resolves to the text of its answer. Rejects where that is no success. */
  send(method: string, path: string, body?: object, contentType = 'application/json'): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = { ':method': method, ':path': path, authorization: `Bearer ${this.#token}` };
    // Node takes a deletion for a request without a body.
    const options = { endStream: body === undefined };
    const typed = body === undefined ? headers : { ...headers, 'content-type': contentType };
    const stream = this.#session().request(typed, options);
    let code = 0;
    const chunks: Buffer[] = [];
    stream.on('response', (answer) => {
      code = Number(answer[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (code >= 200 && code < 300) resolve(text);
      else reject(new Error(`${method} ${path}: ${code}: ${text.slice(0, 300)}`));
    });
    if (body !== undefined) stream.end(JSON.stringify(body));
    return promise;
  }
}
