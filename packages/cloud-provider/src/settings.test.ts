import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseProviderSettings, readProviderSettings } from './settings.ts';

const tls = 'key: /k\ncert: /c\ncacert: /ca\n';

it("reads the settings of Kubernetes' external provider", () => {
  expect(parseProviderSettings(`address: cloud.example.com:8086\n${tls}grpc_timeout: 1m2.5s\n`)).toEqual({
    address: 'cloud.example.com:8086',
    certificates: { key: '/k', cert: '/c', ca: '/ca' },
    insecure: false,
    timeoutMs: 62_500,
  });
  expect(parseProviderSettings('address: unix:/run/cloud.sock')).toMatchObject({ insecure: false, timeoutMs: 5_000 });
  expect(parseProviderSettings('address: 10.0.0.1:1\ninsecure: true')).toMatchObject({ insecure: true });
});

it.each([
  ['', 'must be a mapping'],
  ['- a', 'must be a mapping'],
  ['key: a', 'address: required'],
  ['address: 1', 'address: must be a text'],
  ['address: nowhere\ninsecure: true', 'must be host:port'],
  ['address: unix:relative', 'must be unix:/path'],
  ['address: 10.0.0.1:1', 'key, cert and cacert are needed, or a Unix socket, or insecure for plain text'],
  ['address: 10.0.0.1:1\ncert: /c', 'all three are needed, or none'],
  ['address: 10.0.0.1:1\ninsecure: maybe', 'insecure: must be true or false'],
  ['address: unix:/a\ngrpc_timeout: soon', 'grpc_timeout: "soon" must be a duration'],
  ['address: unix:/a\ngrpc_timeout: 11m', 'of at most 10m'],
  ['address: unix:/a\ntoken: x', 'unknown field "token"'],
])('refuses %j', (text, problem) => {
  expect(() => parseProviderSettings(text)).toThrow(problem);
});

it('names the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'));
  const path = join(folder, 'cloud.yaml');
  expect(() => readProviderSettings(path)).toThrow(path);
  await writeFile(path, 'address: nowhere');
  expect(() => readProviderSettings(path)).toThrow(`${path}: `);
  await rm(folder, { recursive: true });
});
