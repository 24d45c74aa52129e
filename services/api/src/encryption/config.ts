/** The file that says which objects are encrypted in the store: Kubernetes' EncryptionConfiguration. */
import { GantryError } from '@gantry/runtime/errors.ts';
import { parse } from 'yaml';

/** A key of AES. */
export interface EncryptionKey {
  /** Name in the stored text, by which the key is found again. */
  readonly name: string;
  /** 16, 24 or 32 bytes. */
  readonly secret: Buffer;
}

/** One way to store a text. */
export type Provider =
  | { readonly type: 'aesgcm'; readonly keys: readonly EncryptionKey[] }
  /** As it is. */
  | { readonly type: 'identity' };

/** How the objects of some resources are stored. */
export interface EncryptionRule {
  /** Resources as `secrets` or `deployments.apps`; `*.apps`, `*.` (the core group) and `*.*` stand for several. */
  readonly resources: readonly string[];
  /** The first one writes, all of them read. */
  readonly providers: readonly Provider[];
}

/** Rules by which objects are stored. The first rule that names a resource decides. */
export type EncryptionRules = readonly EncryptionRule[];

const apiVersion = 'apiserver.config.k8s.io/v1';
const kind = 'EncryptionConfiguration';
const keyBytes: readonly number[] = [16, 24, 32];
/** Bounds of a file that is written by hand. */
const maxKeys = 100;

/** Reads an EncryptionConfiguration. Throws Invalid, naming the field, without repeating a key. */
export function parseEncryption(text: string): EncryptionRules {
  const document = parsed(text);
  if (document.apiVersion !== apiVersion) throw invalid('apiVersion', `must be ${apiVersion}`);
  if (document.kind !== kind) throw invalid('kind', `must be ${kind}`);
  return listAt(document, 'resources', '').map((rule, index) => ruleOf(rule, `resources[${index}]`));
}

/** The text of a configuration with one key that encrypts Secrets, and reads what was stored in clear text before. */
export function encryptionOfSecrets(keyName: string, secret: Uint8Array): string {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'resources:',
    '  - resources: [secrets]',
    '    # The first provider and key write, all of them read: put a new key before the others, and start the api again.',
    '    providers:',
    '      - aesgcm:',
    '          keys:',
    `            - name: ${keyName}`,
    `              secret: ${base64}`,
    '      - identity: {}',
    '',
  ].join('\n');
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): Fields {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    // The library's message would show lines of the file, and so keys.
    throw invalid('', 'must be YAML');
  }
  return fieldsAt(value, '');
}

function ruleOf(value: unknown, path: string): EncryptionRule {
  const rule = fieldsAt(value, path);
  const resources = listAt(rule, 'resources', path).map((name, index) => {
    if (typeof name === 'string' && /^(\*|[a-z0-9-]+)(\.[a-z0-9.*-]*)?$/.test(name)) return name;
    throw invalid(
      `${path}.resources[${index}]`,
      'must be the plural name of a resource, with its group, such as deployments.apps',
    );
  });
  const providers = listAt(rule, 'providers', path).map((each, index) =>
    providerOf(each, `${path}.providers[${index}]`),
  );
  return { resources, providers };
}

function providerOf(value: unknown, path: string): Provider {
  const provider = fieldsAt(value, path);
  const [type = '', ...more] = Object.keys(provider);
  if (more.length > 0) throw invalid(path, 'must name one provider');
  if (type === 'identity') return { type };
  if (type !== 'aesgcm')
    throw invalid(path, `Unsupported value: ${JSON.stringify(type)}: supported values: "aesgcm", "identity"`);
  const keysPath = `${path}.aesgcm`;
  const keys = listAt(fieldsAt(provider.aesgcm, keysPath), 'keys', keysPath);
  if (keys.length > maxKeys) throw invalid(`${keysPath}.keys`, `must have at most ${maxKeys} items`);
  const names = new Set<string>();
  return { type, keys: keys.map((key, index) => keyOf(key, `${keysPath}.keys[${index}]`, names)) };
}

function keyOf(value: unknown, path: string, names: Set<string>): EncryptionKey {
  const { name, secret } = fieldsAt(value, path);
  if (typeof name !== 'string' || !/^[^:\s]{1,100}$/.test(name)) {
    throw invalid(`${path}.name`, 'must be 1 to 100 characters without colons and blanks');
  }
  if (names.has(name)) throw invalid(`${path}.name`, `Duplicate value: ${JSON.stringify(name)}`);
  names.add(name);
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64') : Buffer.alloc(0);
  if (!keyBytes.includes(bytes.length)) throw invalid(`${path}.secret`, 'must be 16, 24 or 32 bytes in base64');
  return { name, secret: bytes };
}

function fieldsAt(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(path, 'must be an object');
}

function listAt(fields: Fields, name: string, path: string): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value) && value.length > 0) return value;
  throw invalid(path === '' ? name : `${path}.${name}`, 'Required value: must be a list with at least one item');
}

function invalid(field: string, problem: string): GantryError {
  const message = `${kind}${field === '' ? '' : ` ${field}`}: ${problem}`;
  return new GantryError('Invalid', message, { causes: [{ reason: 'FieldValueInvalid', field, message }] });
}
