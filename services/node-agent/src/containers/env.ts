import { isUtf8 } from 'node:buffer';
import type { Container, EnvVar as EnvSpec, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { EnvVar } from '../runtime/runtime.ts';
import { expand, maxStringBytes } from './expand.ts';
import { fieldValue, resourceFieldValue } from './fields.ts';

/** Data of the configMaps and secrets that a pod names; undefined for one that does not exist. */
export interface ConfigData {
  configMap(name: string): ReadonlyMap<string, Buffer> | undefined;
  secret(name: string): ReadonlyMap<string, Buffer> | undefined;
}

/** Sources of variables' values. */
export interface EnvSources {
  readonly pod: Pod;
  readonly config: ConfigData;
  /** Addresses of the pod, primary first. */
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** Resources that the node has for pods. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Variables of the services of the pod's namespace (enableServiceLinks). */
  readonly serviceVariables: readonly EnvVar[];
}

/** Names that Kubernetes lets be environment variables (relaxed rule): printable ASCII but `=`. */
const envName = /^[\x20-\x3c\x3e-\x7e]+$/;

/**
 * The container's variables: services', then envFrom in order, then env in order with `$(NAME)` replaced.
 * Throws Invalid, with the text of a CreateContainerConfigError, where something it refers to is missing.
 */
export function environmentOf(container: Container, sources: EnvSources): EnvVar[] {
  const values = new Variables();
  for (const { name, value } of sources.serviceVariables) values.set(name, value);
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of envFromData(source, sources.config)) {
      const name = `${source.prefix ?? ''}${key}`;
      if (envName.test(name)) values.set(name, textOf(name, value));
    }
  }
  for (const entry of container.env ?? []) {
    const value =
      entry.valueFrom === undefined
        ? expand(entry.value ?? '', (name) => values.get(name), variable(entry.name))
        : valueFrom(container, entry, sources);
    if (value !== undefined) values.set(entry.name, value);
  }
  return values.list();
}

/** Linux' bound of all arguments and variables of a program together, in bytes, with the stack of 8 MiB that containers have. */
const maxTotalBytes = 2_097_152;

/** Variables by name, bounded as they are set. */
class Variables {
  readonly #values = new Map<string, string>();
  #bytes = 0;

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    if (value.includes('\0')) throw new GantryError('Invalid', `${variable(name)} has a NUL byte in its value`);
    const bytes = bytesOf(name, value);
    if (bytes > maxStringBytes) {
      throw new GantryError(
        'Invalid',
        `${variable(name)} is too long: name and value take ${bytes} bytes of ${maxStringBytes}`,
      );
    }
    const before = this.#values.get(name);
    this.#bytes += bytes - (before === undefined ? 0 : bytesOf(name, before));
    if (this.#bytes > maxTotalBytes) {
      throw new GantryError(
        'Invalid',
        `${variable(name)}: the variables up to it take more than ${maxTotalBytes} bytes`,
      );
    }
    this.#values.set(name, value);
  }

  list(): EnvVar[] {
    return [...this.#values].map(([name, value]) => ({ name, value }));
  }
}

/** A program gets `NAME=value` with a NUL byte at its end. */
function bytesOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
}

function variable(name: string): string {
  return `environment variable ${JSON.stringify(name)}`;
}

/** The text of a key's data. Throws Invalid for bytes that are no text: a variable with another value than was asked for is worse than none. */
function textOf(name: string, data: Buffer): string {
  if (!isUtf8(data)) throw new GantryError('Invalid', `${variable(name)}: its value is not valid UTF-8`);
  return data.toString('utf8');
}

type EnvFrom = NonNullable<Container['envFrom']>[number];

function envFromData(source: EnvFrom, config: ConfigData): ReadonlyMap<string, Buffer> {
  const nothing = new Map<string, Buffer>();
  if (source.configMapRef !== undefined) {
    const { name = '', optional } = source.configMapRef;
    return config.configMap(name) ?? (optional ? nothing : missing('configmap', name));
  }
  if (source.secretRef !== undefined) {
    const { name = '', optional } = source.secretRef;
    return config.secret(name) ?? (optional ? nothing : missing('secret', name));
  }
  return nothing;
}

/** The value, or undefined if an optional one is missing: the variable is not set then. */
function valueFrom(container: Container, entry: EnvSpec, sources: EnvSources): string | undefined {
  const from = entry.valueFrom ?? {};
  if (from.fieldRef !== undefined) return fieldValue(from.fieldRef.fieldPath ?? '', sources);
  if (from.resourceFieldRef !== undefined)
    return resourceFieldValue(from.resourceFieldRef, sources.pod, container, sources.allocatable);
  if (from.configMapKeyRef !== undefined) return keyValue(entry.name, 'configmap', from.configMapKeyRef, sources);
  if (from.secretKeyRef !== undefined) return keyValue(entry.name, 'secret', from.secretKeyRef, sources);
  const source = Object.keys(from)[0] ?? 'nothing';
  throw new GantryError('Invalid', `${variable(entry.name)}: valueFrom ${source} is not supported by this node`);
}

interface KeyRef {
  readonly name?: string;
  readonly key?: string;
  readonly optional?: boolean;
}

function keyValue(
  variableName: string,
  kind: 'configmap' | 'secret',
  ref: KeyRef,
  sources: EnvSources,
): string | undefined {
  const { name = '', key = '', optional } = ref;
  const data = kind === 'configmap' ? sources.config.configMap(name) : sources.config.secret(name);
  const value = data?.get(key);
  if (value !== undefined) return textOf(variableName, value);
  if (optional) return undefined;
  if (data === undefined) return missing(kind, name);
  const what = kind === 'configmap' ? 'ConfigMap' : 'Secret';
  throw new GantryError('Invalid', `couldn't find key ${key} in ${what} ${sources.pod.metadata.namespace}/${name}`);
}

function missing(kind: 'configmap' | 'secret', name: string): never {
  throw new GantryError('Invalid', `${kind} "${name}" not found`);
}
