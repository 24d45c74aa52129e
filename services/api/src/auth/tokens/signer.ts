import { type JWTPayload, SignJWT } from 'jose';
import { signatureAlgorithm, type TokenKeys } from './keys.ts';

/** A payload signed with the newest key. */
export async function signToken(keys: TokenKeys, payload: JWTPayload): Promise<string> {
  const { id, privateKey } = await keys.signing();
  return new SignJWT(payload).setProtectedHeader({ alg: signatureAlgorithm, kid: id }).sign(privateKey);
}
