import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  Pod,
  PodCertificateProjection,
  ServiceAccountTokenProjection,
  Volume,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ConfigData } from '../containers/env.ts';
import { fieldValue, resourceFieldValue } from '../containers/fields.ts';
import { safeRelativePath } from './paths.ts';
import type { Credential } from './pod-certificates.ts';

/** Default permission bits of files. */
const defaultMode = 0o644;

/** A file of a volume. */
export interface PayloadFile {
  readonly data: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** Files of a volume by relative path. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** Sources of a volume's files. */
export interface PayloadSources {
  readonly pod: Pod;
  readonly config: ConfigData;
  /** Resources that the node has for pods. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** The tokens that the volume shows, by the projections that ask for them. */
  readonly tokens: ReadonlyMap<ServiceAccountTokenProjection, string>;
  /** Certificates of authorities that the volume shows, by the projections that choose them. */
  readonly anchors: ReadonlyMap<ClusterTrustBundleProjection, string>;
  /** Keys and certificates that the volume shows, by the projections that ask for them. */
  readonly credentials: ReadonlyMap<PodCertificateProjection, Credential>;
}

/**
 * The files of a configMap, secret, downwardAPI or projected volume; undefined for volumes of other sorts.
 * Throws Invalid if something that is not optional is missing, or a path leads out of the volume.
 */
export function payloadOf(volume: Volume, sources: PayloadSources): Payload | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return keyed('configmap', { ...configMap, name: configMap.name ?? '' }, configMap.defaultMode, sources);
  }
  if (secret !== undefined)
    return keyed('secret', { ...secret, name: secret.secretName ?? '' }, secret.defaultMode, sources);
  if (downwardAPI !== undefined) return fields(downwardAPI.items ?? [], downwardAPI.defaultMode, sources);
  if (projected === undefined) return undefined;
  const files = new Map<string, PayloadFile>();
  for (const source of projected.sources ?? []) {
    for (const [path, file] of projection(source, projected.defaultMode, sources)) files.set(path, file);
  }
  return files;
}

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function projection(source: Projection, mode: number | undefined, sources: PayloadSources): Payload {
  if (source.configMap !== undefined)
    return keyed('configmap', { ...source.configMap, name: source.configMap.name ?? '' }, mode, sources);
  if (source.secret !== undefined)
    return keyed('secret', { ...source.secret, name: source.secret.name ?? '' }, mode, sources);
  if (source.downwardAPI !== undefined) return fields(source.downwardAPI.items ?? [], mode, sources);
  if (source.serviceAccountToken !== undefined) {
    const { path } = source.serviceAccountToken;
    return ownFile(path, sources.tokens.get(source.serviceAccountToken), mode, sources);
  }
  if (source.clusterTrustBundle !== undefined) {
    const { path } = source.clusterTrustBundle;
    return ownFile(path, sources.anchors.get(source.clusterTrustBundle), mode, sources);
  }
  if (source.podCertificate !== undefined) return credentialFiles(source.podCertificate, mode, sources);
  const sort = Object.keys(source)[0] ?? 'none';
  throw new GantryError('Invalid', `projected volumes of type ${sort} are not supported by this node`);
}

/** Groups that were given the file may read it, and nobody else but its owner. */
const sharedMode = 0o600;

/** A file that the agent has the content of. */
function ownFile(path: string, text: string | undefined, mode: number | undefined, { pod }: PayloadSources): Payload {
  if (text === undefined) throw new GantryError('Invalid', `no content for the file ${path}`);
  const own = pod.spec.securityContext?.fsGroup === undefined ? (mode ?? defaultMode) : sharedMode;
  return new Map([[safeRelativePath(path).join('/'), { data: Buffer.from(text), mode: own }]]);
}

function credentialFiles(source: PodCertificateProjection, mode: number | undefined, sources: PayloadSources): Payload {
  const { key, chain } = sources.credentials.get(source) ?? {};
  const bundle = key === undefined || chain === undefined ? undefined : key + chain;
  const files = [
    [source.credentialBundlePath, bundle],
    [source.keyPath, key],
    [source.certificateChainPath, chain],
  ] as const;
  return new Map(files.flatMap(([path, text]) => (path ? [...ownFile(path, text, mode, sources)] : [])));
}

/** The tokens that a volume shows. */
export function tokenProjections({ projected }: Volume): ServiceAccountTokenProjection[] {
  return (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

/** The bundles of authorities that a volume shows. */
export function bundleProjections({ projected }: Volume): ClusterTrustBundleProjection[] {
  return (projected?.sources ?? []).flatMap(({ clusterTrustBundle }) => clusterTrustBundle ?? []);
}

/** The keys with certificates that a volume shows. */
export function certificateProjections({ projected }: Volume): PodCertificateProjection[] {
  return (projected?.sources ?? []).flatMap(({ podCertificate }) => podCertificate ?? []);
}

interface KeyedSource {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function keyed(
  kind: 'configmap' | 'secret',
  source: KeyedSource,
  mode: number | undefined,
  { pod, config }: PayloadSources,
): Payload {
  const data = kind === 'configmap' ? config.configMap(source.name) : config.secret(source.name);
  if (data === undefined) {
    if (source.optional) return new Map();
    throw new GantryError('Invalid', `${kind} "${source.name}" not found`);
  }
  const files = new Map<string, PayloadFile>();
  const items = source.items ?? [];
  const wanted = items.length > 0 ? items : [...data.keys()].map((key): KeyToPath => ({ key, path: key }));
  for (const item of wanted) {
    const value = data.get(item.key);
    if (value === undefined) {
      if (source.optional) continue;
      throw new GantryError(
        'Invalid',
        `${kind} ${pod.metadata.namespace}/${source.name} references non-existent config key: ${item.key}`,
      );
    }
    files.set(safeRelativePath(item.path).join('/'), { data: value, mode: item.mode ?? mode ?? defaultMode });
  }
  return files;
}

type FieldItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function fields(items: readonly FieldItem[], mode: number | undefined, { pod, allocatable }: PayloadSources): Payload {
  const files = new Map<string, PayloadFile>();
  for (const item of items) {
    const text =
      item.fieldRef !== undefined
        ? fieldValue(item.fieldRef.fieldPath, { pod, podIps: [], hostIps: [] })
        : resourceFieldValue(item.resourceFieldRef ?? {}, pod, undefined, allocatable);
    files.set(safeRelativePath(item.path).join('/'), {
      data: Buffer.from(text),
      mode: item.mode ?? mode ?? defaultMode,
    });
  }
  return files;
}
