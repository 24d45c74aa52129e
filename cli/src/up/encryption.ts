import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encryptionOfSecrets } from '@gantry/api/encryption/config.ts';

/** 256 bits. */
const keyBytes = 32;

/**
 * The encryption configuration of a state folder, made at the first start: a key for Secrets, readable by its owner alone. Without the file
 * the Secrets in the store cannot be read any more.
 */
export async function ensureEncryption(stateDir: string): Promise<{ readonly path: string; readonly text: string }> {
  const path = join(stateDir, 'encryption.yaml');
  try {
    await writeFile(path, encryptionOfSecrets('key-1', randomBytes(keyBytes)), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { path, text: await readFile(path, 'utf8') };
}
