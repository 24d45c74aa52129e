/** Encryption of stored texts by the rules of a configuration. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { EncryptionKey, EncryptionRule, EncryptionRules, Provider } from './config.ts';

/** Beginning of a text that is encrypted, as in Kubernetes' store; the key's name, a colon and base64 follow. */
const prefix = 'k8s:enc:aesgcm:v1:';
/** Beginning of a text that stands for one that cannot be read; a sentence follows. */
const unreadablePrefix = 'k8s:enc:unreadable: ';

const nonceBytes = 12;
const tagBytes = 16;

/** How the objects of one resource are stored. */
export interface TextCipher {
  /** The text as it is stored. */
  encrypt(key: string, text: string): string;
  /** The text of a stored one; where it cannot be read, one by which `unreadable` tells why. */
  decrypt(key: string, stored: string): string;
  /** Whether it would be stored otherwise now, by another key. */
  isStale(stored: string): boolean;
}

/** Why a decrypted text cannot be read; undefined for one that can. */
export function unreadable(text: string): string | undefined {
  return text.startsWith(unreadablePrefix) ? text.slice(unreadablePrefix.length) : undefined;
}

/**
 * The ciphers of resources.
 * @returns The cipher of a resource, such as `secrets` or `deployments.apps`; undefined for one that is stored as it is.
 */
export function ciphersOf(rules: EncryptionRules): (resource: string) => TextCipher | undefined {
  const known = new Map<string, TextCipher | undefined>();
  const byRule = new Map(rules.map((rule) => [rule, new RuleCipher(rule.providers)]));
  return (resource) => {
    if (known.has(resource)) return known.get(resource);
    const rule = rules.find((each) => isAbout(each, resource));
    const cipher = rule && byRule.get(rule);
    known.set(resource, cipher);
    return cipher;
  };
}

function isAbout({ resources }: EncryptionRule, resource: string): boolean {
  const dot = resource.indexOf('.');
  const group = dot < 0 ? '' : resource.slice(dot + 1);
  return resources.some((pattern) => pattern === resource || pattern === '*.*' || pattern === `*.${group}`);
}

class RuleCipher implements TextCipher {
  readonly #writer: EncryptionKey | undefined;
  readonly #keys: ReadonlyMap<string, EncryptionKey>;
  readonly #readsClearText: boolean;

  constructor(providers: readonly Provider[]) {
    const [first] = providers;
    const keys = providers.flatMap((provider) => (provider.type === 'aesgcm' ? provider.keys : []));
    this.#writer = first?.type === 'aesgcm' ? first.keys[0] : undefined;
    // The first key of a name wins, as the first provider does.
    this.#keys = new Map(keys.toReversed().map((key) => [key.name, key]));
    this.#readsClearText = providers.some(({ type }) => type === 'identity');
  }

  encrypt(key: string, text: string): string {
    if (this.#writer === undefined) return text;
    const { name, secret } = this.#writer;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithmOf(secret), secret, nonce);
    // The text is bound to its key in the store: it cannot be passed off as another object's.
    cipher.setAAD(Buffer.from(key));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${prefix}${name}:${sealed.toString('base64')}`;
  }

  decrypt(key: string, stored: string): string {
    if (!stored.startsWith(prefix)) {
      const isClear = this.#readsClearText && !stored.startsWith('k8s:enc:');
      return isClear ? stored : `${unreadablePrefix}no provider of the encryption configuration reads it`;
    }
    const end = stored.indexOf(':', prefix.length);
    const name = stored.slice(prefix.length, Math.max(end, prefix.length));
    const known = this.#keys.get(name);
    if (known === undefined) {
      return `${unreadablePrefix}it is encrypted with the key ${JSON.stringify(name.slice(0, 100))}, which is not in the encryption configuration`;
    }
    try {
      return opened(known, key, Buffer.from(stored.slice(end + 1), 'base64'));
    } catch {
      return `${unreadablePrefix}it was encrypted with another key ${JSON.stringify(name)}, was changed, or is another object's`;
    }
  }

  isStale(stored: string): boolean {
    if (this.#writer === undefined) return stored.startsWith(prefix);
    return !stored.startsWith(`${prefix}${this.#writer.name}:`);
  }
}

/** Throws where the text is not the one that was sealed for this key. */
function opened({ secret }: EncryptionKey, key: string, sealed: Buffer): string {
  const decipher = createDecipheriv(algorithmOf(secret), secret, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(key));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
}

function algorithmOf(secret: Buffer): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return `aes-${(secret.length * 8) as 128 | 192 | 256}-gcm`;
}
