import type { KeyObject } from 'node:crypto';
import type { TokenKey } from '@gantry/pki/token-keys.ts';
import { assert } from '@gantry/runtime/assert.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { exportJWK, type JWK } from 'jose';

/** Milliseconds between looks for keys that other processes made. */
const reloadMs = 10_000;

/** Source of the keys, the newest first. */
export type ReadTokenKeys = () => Promise<readonly TokenKey[]>;

/** The keys of service accounts' tokens: the newest signs, all of them verify. They are read when one is first needed. */
export class TokenKeys {
  readonly #read: ReadTokenKeys;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #keys: Promise<readonly TokenKey[]> | undefined;
  #readAtMs = 0;

  constructor(read: ReadTokenKeys, clock: Pick<Clock, 'monotonic'>) {
    this.#read = read;
    this.#clock = clock;
  }

  /** The key that signs. */
  async signing(): Promise<TokenKey> {
    const [newest] = await this.#known();
    assert(newest !== undefined, 'there is a key for tokens');
    return newest;
  }

  /** The public key of a name; undefined for an unknown one. Another replica may have made one since: it is looked for now and then. */
  async find(id: string): Promise<KeyObject | undefined> {
    const keys = await this.#known();
    const known = keys.find((key) => key.id === id);
    if (known !== undefined || this.#clock.monotonic() - this.#readAtMs < reloadMs) return known?.publicKey;
    this.#keys = undefined;
    return (await this.#known()).find((key) => key.id === id)?.publicKey;
  }

  /** The public keys as a JSON Web Key Set. */
  async published(): Promise<{ readonly keys: readonly JWK[] }> {
    const keys = (await this.#known()).map(async ({ id, publicKey }) => {
      const { kty, n, e } = await exportJWK(publicKey);
      return { use: 'sig', kty: kty!, kid: id, alg: signatureAlgorithm, n: n!, e: e! };
    });
    return { keys: await Promise.all(keys) };
  }

  #known(): Promise<readonly TokenKey[]> {
    if (this.#keys === undefined) {
      this.#readAtMs = this.#clock.monotonic();
      this.#keys = this.#read();
      // A failure is the asking request's; the next one tries again.
      this.#keys.catch(() => {
        this.#keys = undefined;
      });
    }
    return this.#keys;
  }
}

/** Every client of tokens knows this algorithm: OpenID Connect asks for it. */
export const signatureAlgorithm = 'RS256';
