import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The package as others install it: outside of the repository, from its tarball.

const run = promisify(execFile);
const workspace = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'envoy-control-plane-'));
  await run(process.execPath, [join(workspace, 'scripts/package.ts')]);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(workspace, 'dist'),
  });
  const [{ filename }] = JSON.parse(stdout);
  const installed = join(folder, 'node_modules/envoy-control-plane-ts');
  await mkdir(join(folder, 'node_modules/@grpc'), { recursive: true });
  await mkdir(installed);
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  for (const dependency of ['@grpc/grpc-js', 'protobufjs', '@types/node']) {
    const target = dirname(require.resolve(`${dependency}/package.json`));
    await mkdir(dirname(join(folder, 'node_modules', dependency)), { recursive: true });
    await symlink(target, join(folder, 'node_modules', dependency));
  }
  const [, example] = /```ts\n(.*?)```/s.exec(await readFile(join(workspace, 'README.md'), 'utf8'))!;
  const tail =
    "console.log(snapshots.get('')!.types.size, ads.clients().length);\nsetTimeout(() => process.exit(), 100);\n";
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'example.ts'), example!.replace(':18000', ':0') + tail);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the README's example runs with it", async () => {
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'example.ts'], {
    cwd: folder,
  });
  expect(stdout).toBe('4 0\n');
});

test('its declarations are those of its modules', async () => {
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'esnext',
    '--types',
    'node',
  ];
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const compiled = run(process.execPath, [compiler, ...options, 'example.ts'], { cwd: folder });
  await expect(compiled).resolves.toMatchObject({ stdout: '' });
  const wrong = join(folder, 'wrong.ts');
  await writeFile(wrong, "import { tcpAddress } from 'envoy-control-plane-ts/envoy/core';\ntcpAddress(1, 'x');\n");
  const refused = run(process.execPath, [compiler, ...options, 'wrong.ts'], { cwd: folder });
  await expect(refused).rejects.toMatchObject({ stdout: expect.stringContaining('TS2345') });
});

test('it carries its licence, and nothing of the repository but what it needs', async () => {
  const installed = join(folder, 'node_modules/envoy-control-plane-ts');
  expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License');
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('private');
  expect(Object.keys(manifest.dependencies)).toEqual(['@grpc/grpc-js', 'protobufjs']);
  const { stdout } = await run('find', [
    installed,
    '-name',
    '*test*',
    '-o',
    '-name',
    '*.ts',
    '-not',
    '-name',
    '*.d.ts',
  ]);
  expect(stdout).toBe('');
});
