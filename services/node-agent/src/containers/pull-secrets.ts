import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RegistryAuth } from '../runtime/runtime.ts';
import type { ConfigData } from './env.ts';

interface DockerConfig {
  readonly auths?: Readonly<
    Record<
      string,
      {
        readonly username?: string;
        readonly password?: string;
        readonly auth?: string;
        readonly identitytoken?: string;
      }
    >
  >;
}

/** The registry that an image reference names; Docker Hub if it names none. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  const named = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  return named ? first : 'docker.io';
}

/** Credentials for an image, from the pod's imagePullSecrets (kubernetes.io/dockerconfigjson): those of the longest fitting registry path. */
export function pullAuthFor(pod: Pod, image: string, config: ConfigData): RegistryAuth | undefined {
  const registry = registryOf(image);
  const full = image.startsWith(registry) ? image : `${registry}/${image}`;
  let best: { readonly length: number; readonly auth: RegistryAuth } | undefined;
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const data = config.secret(name ?? '')?.get('.dockerconfigjson');
    for (const [key, entry] of Object.entries(parseConfig(data).auths ?? {})) {
      const prefix = key
        .replace(/^https?:\/\//, '')
        .replace(/\/(v1|v2)?\/?$/, '')
        .replace(/^index\.docker\.io/, 'docker.io');
      if (full !== prefix && !full.startsWith(`${prefix}/`)) continue;
      if (best === undefined || prefix.length > best.length) best = { length: prefix.length, auth: authOf(entry) };
    }
  }
  return best?.auth;
}

/** A secret that is no such configuration holds no credentials. */
function parseConfig(data: Buffer | undefined): DockerConfig {
  try {
    return data === undefined ? {} : (JSON.parse(data.toString('utf8')) as DockerConfig);
  } catch {
    return {};
  }
}

function authOf(entry: NonNullable<DockerConfig['auths']>[string]): RegistryAuth {
  const decoded = entry.auth === undefined ? '' : Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return {
    username: entry.username ?? (colon < 0 ? '' : decoded.slice(0, colon)),
    password: entry.password ?? (colon < 0 ? '' : decoded.slice(colon + 1)),
    ...(entry.identitytoken === undefined ? {} : { identityToken: entry.identitytoken }),
  };
}
