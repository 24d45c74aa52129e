import type { Kind } from '@gantry/model/kind.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Wanted } from './accept.ts';
import { discoveryAt, groupsOf } from './discovery.ts';
import { OpenApi } from './openapi/openapi.ts';

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
  readonly #kinds: readonly Kind[];
  readonly #address: string;
  readonly #openApi: OpenApi;

  /** @param address `host:port` of the server. */
  constructor(kinds: readonly Kind[], address: string) {
    this.#kinds = kinds;
    this.#address = address;
    this.#openApi = new OpenApi(kinds);
  }

  /** The document of a path; undefined where there is none. */
  at(path: string, wanted: Wanted): PathDocument | undefined {
    const bare = path.replace(/\/$/, '');
    if (bare === '') return { value: { paths: this.#paths() } };
    if (bare === '/version') return { value: version };
    const value = discoveryAt(bare, this.#kinds, wanted, this.#address) ?? this.#openApi.documentAt(path);
    if (value === undefined) return undefined;
    if (wanted.form !== 'discovery' || !('items' in value)) return { value };
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${wanted.version};as=APIGroupDiscoveryList`;
    return { value, contentType };
  }

  #paths(): string[] {
    const groups = groupsOf(this.#kinds).flatMap(({ name, versions }) => {
      const root = name === '' ? '/api' : `/apis/${name}`;
      return [root, ...versions.map((each) => `${root}/${each.version}`)];
    });
    return [...new Set([...groups, '/apis', '/apis/', ...otherPaths])].sort();
  }
}
