/** Runs an api as a process of its own; config.ts says which flags and environment variables it takes. */
import { readFile } from 'node:fs/promises';
import { credentialsFromEnv, requireCredentials } from '@gantry/client/credentials.ts';
import { openBus } from '@gantry/events/open.ts';
import { readAuthority } from '@gantry/pki/files.ts';
import { loadTokenKeys, readTokenKeys } from '@gantry/pki/token-keys.ts';
import { followCertificates } from '@gantry/runtime/certificates.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import { openStore } from '@gantry/store/open.ts';
import { parsePolicy } from './audit/policy.ts';
import { readConfig } from './config.ts';
import { parseEncryption } from './encryption/config.ts';
import { startApi } from './service.ts';

await runProcess('api', async ({ log, stack }) => {
  const config = readConfig(process.argv.slice(2), process.env);
  const credentials = credentialsFromEnv(process.env);
  if (!config.api.trustNetwork) requireCredentials(credentials, 'GANTRY_API_TRUST_NETWORK');
  const store = stack.use(await openStore(config.store, { log, certificates: credentials?.certificates }));
  const bus = stack.use(await openBus(config.bus, 'api', credentials?.certificates));
  const tls = config.tls && stack.use(followCertificates(config.tls));
  const { encryptionPath } = config;
  const encryption = encryptionPath === undefined ? undefined : parseEncryption(await readFile(encryptionPath, 'utf8'));
  const { serviceAccountKeys, signingAuthority, auditPolicyPath } = config;
  const auditPolicy = auditPolicyPath === undefined ? undefined : parsePolicy(await readFile(auditPolicyPath, 'utf8'));
  if (serviceAccountKeys !== undefined) await loadTokenKeys(serviceAccountKeys, Date.now());
  return await startApi(config.api, {
    store,
    bus,
    log,
    credentials,
    tls,
    encryption,
    auditPolicy,
    ...(signingAuthority !== undefined && { signer: await readAuthority(signingAuthority) }),
    ...(serviceAccountKeys !== undefined && { tokenKeys: () => readTokenKeys(serviceAccountKeys) }),
  });
});
