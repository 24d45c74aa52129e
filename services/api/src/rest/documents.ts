import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { Wanted } from './accept.ts';
import { discoveryAt, type Group, groupsOf, type ServedVersions } from './discovery.ts';
import { OpenApi, type SchemaDocument } from './openapi/openapi.ts';

/** A document of a path that is no resource. */
export interface PathDocument {
  readonly value: object;
  /** Media type that says which form of JSON it is; that of the client's encoding if absent. */
  readonly contentType?: string;
}

/** The document of /version. */
const version = {
  ...kubernetesVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};
/** Paths of the list at / beside those of discovery. */
const otherPaths = [
  '/healthz',
  '/healthz/ping',
  '/livez',
  '/livez/ping',
  '/metrics',
  '/metrics/slis',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/readyz',
  '/readyz/ping',
  '/readyz/shutdown',
  '/version',
];

/** Discovery, OpenAPI, the version and the list of all paths. */
export class Documents {
  readonly #forms: () => readonly Form[];
  readonly #served: ServedVersions;
  readonly #address: string;
  #groups: readonly Group[] | undefined;
  #openApi: OpenApi | undefined;
  /** The documents before the last change. */
  #before: OpenApi | undefined;

  /**
   * @param forms All forms that are served now.
   * @param served Places of versions, and those of other servers.
   * @param address `host:port` of the server.
   */
  constructor(forms: () => readonly Form[], served: ServedVersions, address: string) {
    this.#forms = forms;
    this.#served = served;
    this.#address = address;
  }

  /** Makes the documents anew when they are next asked for: a kind or a version came or went. */
  reset(): void {
    this.#groups = undefined;
    this.#before = this.#openApi ?? this.#before;
    this.#openApi = undefined;
  }

  /** The document of OpenAPI at a path, in a form that an Accept header takes; undefined where there is none. */
  schemaAt(path: string, accept: string | undefined): Promise<SchemaDocument | undefined> {
    this.#openApi ??= new OpenApi(this.#forms(), this.#before, this.#served.remotes);
    this.#before = undefined;
    return this.#openApi.at(path, accept);
  }

  /** The document of any other path; undefined where there is none. */
  at(path: string, wanted: Wanted): PathDocument | undefined {
    const bare = path.replace(/\/$/, '');
    if (bare === '') return { value: { paths: this.#paths() } };
    if (bare === '/version') return { value: version };
    const value = discoveryAt(bare, this.#allGroups(), wanted, this.#address);
    if (value === undefined) return undefined;
    if (wanted.form !== 'discovery' || !('items' in value)) return { value };
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${wanted.version};as=APIGroupDiscoveryList`;
    return { value, contentType };
  }

  #allGroups(): readonly Group[] {
    this.#groups ??= groupsOf(this.#forms(), this.#served);
    return this.#groups;
  }

  #paths(): string[] {
    const groups = this.#allGroups().flatMap(({ name, versions }) => {
      const root = name === '' ? '/api' : `/apis/${name}`;
      return [root, ...versions.map((each) => `${root}/${each.version}`)];
    });
    return [...new Set([...groups, '/apis', '/apis/', ...otherPaths])].sort();
  }
}
