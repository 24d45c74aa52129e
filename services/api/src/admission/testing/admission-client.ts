import { type Reply, RestClient } from '../../rest/testing/client.ts';

const group = '/apis/admissionregistration.k8s.io/v1';

/** A REST edge whose admission a test configures. */
export class AdmissionClient implements AsyncDisposable {
  readonly rest: RestClient;
  #made: string[] = [];

  private constructor(rest: RestClient) {
    this.rest = rest;
  }

  static async start(): Promise<AdmissionClient> {
    return new AdmissionClient(await RestClient.start());
  }

  /** Sends a request as the administrator. */
  ask(...given: Parameters<RestClient['ask']>): Promise<Reply> {
    return this.rest.ask(...given);
  }

  /** Makes an object of a kind that configures admission, and resolves when the api goes by it. */
  async configure(kind: string, name: string, fields: object): Promise<Reply> {
    const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
    const resource = `${group}/${plural.toLowerCase()}`;
    const reply = await this.ask('POST', resource, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name },
      ...fields,
    });
    if (reply.code !== 201) return reply;
    this.#made.push(`${resource}/${name}`);
    // A change that every watcher has been told of is known to admission as well.
    await this.ask('GET', `${resource}?resourceVersion=${reply.body.metadata.resourceVersion}`);
    return reply;
  }

  /** Removes what was made. */
  async clear(): Promise<void> {
    for (const path of this.#made) await this.ask('DELETE', path);
    this.#made = [];
    await this.ask('DELETE', '/api/v1/namespaces/default/configmaps');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest[Symbol.asyncDispose]();
  }
}
