import { chown, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '@gantry/bench/http-load.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gantryOk, type RunningCommand, startGantry } from './command.ts';
import { helloUrl } from './hello.ts';

// Machines on which something is missing: the cluster starts on what is there, says what is missing and how to get it.

/** The user that has no rights; its numbers are the same on every Linux. */
const nobody = 65_534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

let folder: string;
let running: RunningCommand | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-e2e-'));
  await chown(folder, nobody, nobody);
});
afterEach(async () => {
  running?.kill('SIGINT');
  await running?.ended;
  running = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Starts a form of the cluster with the sample; resolves to what it said until it was ready. */
async function start(
  form: 'up' | 'distributed',
  options: { readonly env?: NodeJS.ProcessEnv; readonly as?: readonly string[] },
): Promise<string> {
  const args = [form, '--nodes', '2', '--sample', '--state-dir', join(folder, 'state')];
  running = startGantry(args, options);
  await running.says('gantry: ready');
  return running.output.stderr;
}

/** The variables of a machine that has these programs alone. */
async function onlyPrograms(...programs: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const path of programs) await symlink(path, join(bin, path.split('/').at(-1)!));
  return { PATH: bin };
}

/** The cluster at the default address, whose user is another one than ours. */
const local = {
  address: '127.0.0.1:7443',
  get tokenFile(): string {
    return join(folder, 'state', 'token');
  },
};

describe('gantry up', () => {
  test('without root runs the sample as plain processes, and says so', async () => {
    const said = await start('up', { as: asNobody });
    expect(said).toContain(
      '2 nodes with the process driver: not running as root: run `sudo npm start` for real containers',
    );
    expect(said).toContain('it answers through Envoy');
    expect(await ask(helloUrl)).toMatch(/^Hello from Gantry \(version 1\), from pod hello-/);
    expect(await gantryOk(local, ['exec', 'deploy/hello', '--', 'sh', '-c', 'id -u'])).toBe(`${nobody}\n`);
    expect(await gantryOk(local, ['logs', 'deploy/hello'])).toContain('listening on port 18080');
    running!.kill('SIGINT');
    expect(await running!.ended).toMatchObject({ code: 0 });
    await expect(ask('http://127.0.0.1:18080/')).rejects.toThrow();
  });

  test('without containerd names the packages, and runs on the process driver', async () => {
    const said = await start('up', { env: await onlyPrograms('/bin/sh', '/bin/busybox', '/bin/date', '/bin/mv') });
    expect(said).toContain('containerd, ctr not found: apt-get install containerd');
    expect(await gantryOk(local, ['status'])).toMatch(/deployments +1 of 1 available/);
  });

  test('without Envoy says how to get it, and the pods run', async () => {
    const said = await start('up', { as: asNobody, env: { GANTRY_ENVOY: '/nowhere/envoy' } });
    expect(said).toContain(
      'no Envoy found: Services of type LoadBalancer get no listener. `npm run setup` installs one',
    );
    expect(said).not.toContain('it answers through Envoy');
    expect(await gantryOk(local, ['get', 'service', 'hello'])).toMatch(/hello +LoadBalancer +\S+ +<pending>/);
    expect(await ask('http://127.0.0.1:18080/')).toMatch(/^Hello from Gantry/);
  });

  test('asked for real containers where they cannot be, ends with the reason', async () => {
    const args = ['up', '--driver', 'cri', '--state-dir', join(folder, 'state')];
    const { code, stderr } = await startGantry(args, { as: asNobody }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('gantry: real containers cannot run here: not running as root');
  });
});

describe('gantry distributed', () => {
  test('without root runs every service as a process, and the sample too', async () => {
    const said = await start('distributed', { as: asNobody });
    expect(said).toContain('2 nodes with the process driver: not running as root');
    expect(await ask(helloUrl)).toMatch(/^Hello from Gantry/);
    running!.kill('SIGINT');
    expect(await running!.ended).toMatchObject({ code: 0 });
    await expect(ask('http://127.0.0.1:18080/')).rejects.toThrow();
  });

  test('without redis-server says what to install, and leaves nothing', async () => {
    const env = await onlyPrograms('/bin/sh');
    const { code, stderr } = await startGantry(['distributed', '--state-dir', join(folder, 'state')], { env }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gantry: redis-server(?: and nats-server)? not found, .* apt-get install redis-server/);
  });
});
