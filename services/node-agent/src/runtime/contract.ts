/** The contract of runtime drivers, as tests. The hollow driver runs no commands, so it is only held to the first part. */
import { readFile, rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listProcesses } from '../host/processes.ts';
import { Bench, freePort, loggedReady, logOf, type RuntimeFixture, textOf } from './contract-bench.ts';

/** Registers the suite for a driver. */
export function runtimeContract(name: string, open: () => Promise<RuntimeFixture>): void {
  describe(`runtime contract: ${name}`, () => {
    const bench = new Bench(open);
    beforeAll(() => bench.open());
    afterAll(() => bench[Symbol.asyncDispose]());
    lifecycle(bench);
    // The driver's abilities are known only once it is open: each of these tests returns early for a driver without commands.
    commands(bench);
    streams(bench);
  });
}

function lifecycle(bench: Bench): void {
  it('shows a sandbox as it was asked for', async () => {
    const config = await bench.sandbox({ attempt: 3, labels: { app: 'web' }, annotations: { note: 'some text' } });
    const id = await bench.runtime.sandboxes.run(config);
    const [found] = (await bench.runtime.observer.observe()).filter((sandbox) => sandbox.id === id);
    expect(found).toMatchObject({
      id,
      podUid: config.podUid,
      namespace: 'default',
      name: config.name,
      attempt: 3,
      ready: true,
      labels: { app: 'web' },
      annotations: { note: 'some text' },
      containers: [],
    });
    expect(found?.ips[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(found?.createdAtMs).toBeGreaterThan(0);
  });

  it('leads a container from created over running to exited', async () => {
    const sandboxId = await bench.runtime.sandboxes.run(await bench.sandbox());
    const id = await bench.runtime.containers.create(
      sandboxId,
      bench.container({ attempt: 2, labels: { hash: 'abc' } }),
    );
    expect(await bench.observed(id)).toMatchObject({
      sandboxId,
      name: 'main',
      attempt: 2,
      labels: { hash: 'abc' },
      state: { kind: 'created' },
    });
    await bench.runtime.containers.start(id);
    expect(await bench.observed(id)).toMatchObject({ state: { kind: 'running' }, image: bench.fixture.image });
    await bench.runtime.containers.stop(id, 0);
    const state = await bench.exited(id);
    expect(state.exitCode).toBe(137);
    expect(state.reason).toBe('Error');
    expect(state.finishedAtMs).toBeGreaterThanOrEqual(state.startedAtMs);
  });

  it('refuses to start a container twice', async () => {
    const { id } = await bench.start();
    await expect(bench.runtime.containers.start(id)).rejects.toMatchObject({ reason: 'FailedPrecondition' });
  });

  it('knows no container, sandbox or image that is not there', async () => {
    const sandboxId = await bench.runtime.sandboxes.run(await bench.sandbox());
    const { containers } = bench.runtime;
    await expect(containers.create(sandboxId, bench.container({ image: 'example.com/none:1' }))).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(containers.create('none', bench.container())).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(containers.start('none')).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await bench.runtime.images.status('example.com/none:1')).toBeUndefined();
    expect(await bench.runtime.images.status(bench.fixture.image)).toBeDefined();
  });

  it('stops and removes as often as asked', async () => {
    const { sandboxId, id } = await bench.start();
    await bench.runtime.containers.remove(id);
    expect(await bench.observed(id)).toBeUndefined();
    await bench.runtime.containers.stop(id, 0);
    await bench.runtime.containers.remove(id);
    await bench.runtime.sandboxes.stop(sandboxId);
    await bench.runtime.sandboxes.stop(sandboxId);
    const stopped = (await bench.runtime.observer.observe()).find((sandbox) => sandbox.id === sandboxId);
    expect(stopped).toMatchObject({ ready: false, ips: [] });
    await bench.runtime.sandboxes.remove(sandboxId);
    await bench.runtime.sandboxes.remove(sandboxId);
    expect((await bench.runtime.observer.observe()).some((sandbox) => sandbox.id === sandboxId)).toBe(false);
  });

  it('stopping a sandbox ends its containers', async () => {
    const { sandboxId, id } = await bench.start();
    await bench.runtime.sandboxes.stop(sandboxId);
    expect(await bench.exited(id)).toMatchObject({ exitCode: 137 });
  });

  it('hints that something changed', async () => {
    const stop = new AbortController();
    const hints = bench.runtime.observer.changes(stop.signal)[Symbol.asyncIterator]();
    const first = hints.next();
    // A hint may still be on its way when the subscription is young, so changes go on until one arrives.
    let done = false;
    void first.then(() => {
      done = true;
    });
    while (!done) {
      const id = await bench.runtime.sandboxes.run(await bench.sandbox());
      await bench.runtime.sandboxes.remove(id);
      await delay(20);
    }
    expect((await first).done).toBe(false);
    stop.abort();
    while (!(await hints.next()).done);
  });

  it('a restarted agent finds everything again', async () => {
    const { reopen } = bench.fixture;
    if (!reopen) return;
    const { id } = await bench.start({ attempt: 4, labels: { hash: 'abc' } });
    const ended = await bench.start();
    await bench.runtime.containers.stop(ended.id, 0);
    const before = await bench.runtime.observer.observe();
    await using again = await reopen();
    expect(await again.observer.observe()).toEqual(before);
    expect(await bench.observed(id, again)).toMatchObject({
      attempt: 4,
      labels: { hash: 'abc' },
      state: { kind: 'running' },
    });
  });
}

function commands(bench: Bench): void {
  const command = (title: string, test: () => Promise<void>) =>
    it(title, async () => {
      if (bench.fixture.runsCommands) await test();
    });

  command('reports exit codes', async () => {
    const [good, bad] = await Promise.all([bench.script('exit 0'), bench.script('exit 7')]);
    expect(await bench.exited(good.id)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(await bench.exited(bad.id)).toMatchObject({ exitCode: 7, reason: 'Error' });
  });

  command('refuses a program that is not there, and the container has exited', async () => {
    const sandboxId = await bench.runtime.sandboxes.run(await bench.sandbox());
    const id = await bench.runtime.containers.create(sandboxId, bench.container({ command: ['no-such-program'] }));
    await expect(bench.runtime.containers.start(id)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringMatching(/no-such-program/),
    });
    expect(await bench.exited(id)).toMatchObject({ exitCode: 128, reason: 'StartError' });
  });

  command('gives environment, arguments and a log in the format of CRI', async () => {
    const { id } = await bench.start({
      command: ['sh', '-c'],
      args: ['echo "$GREETING $0"; echo oops >&2; printf half', 'world'],
      env: [
        { name: 'GREETING', value: 'no' },
        { name: 'GREETING', value: 'hello' },
      ],
    });
    await bench.exited(id);
    const lines = (await logOf(bench, id)).trimEnd().split('\n');
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+(Z|[+-]\\d\\d:\\d\\d)';
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${time} stdout F hello world$`)));
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${time} stderr F oops$`)));
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${time} stdout [FP] half$`)));
    expect(lines).toHaveLength(3);
  });

  command('goes on in a new log file when the old one was renamed', async () => {
    const { id } = await bench.script('echo ready; while :; do echo tick; sleep 0.05; done');
    await loggedReady(bench, id);
    const { logPath } = (await bench.observed(id))!;
    await rename(logPath, `${logPath}.old`);
    await bench.runtime.containers.reopenLog(id);
    while (!(await readFile(logPath, 'utf8').catch(() => '')).includes('stdout F tick')) await delay(20);
    await bench.runtime.containers.stop(id, 0);
    await bench.exited(id);
    await expect(bench.runtime.containers.reopenLog(id)).rejects.toMatchObject({ reason: 'FailedPrecondition' });
  });

  command('asks a container to end before it kills it', async () => {
    const polite = await bench.script('trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done');
    const deaf = await bench.script('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await Promise.all([loggedReady(bench, polite.id), loggedReady(bench, deaf.id)]);
    await Promise.all([bench.runtime.containers.stop(polite.id, 10_000), bench.runtime.containers.stop(deaf.id, 200)]);
    expect(await bench.exited(polite.id)).toMatchObject({ exitCode: 5 });
    expect(await bench.exited(deaf.id)).toMatchObject({ exitCode: 137 });
  });

  command('an image that is pulled again is the one that is there', async () => {
    const image = await bench.runtime.images.status(bench.fixture.image);
    expect((await bench.runtime.images.list()).map((each) => each.id)).toContain(image?.id);
  });

  command('measures what a container uses', async () => {
    const { id, sandboxId } = await bench.script('while :; do :; done');
    let found: { cpuUsageNs: number } | undefined;
    while (!found?.cpuUsageNs) {
      found = (await bench.runtime.stats.containers()).find((each) => each.containerId === id);
      await delay(10);
    }
    expect(found).toMatchObject({ containerId: id, sandboxId });
    await bench.runtime.sandboxes.remove(sandboxId);
    const node = await bench.runtime.stats.node();
    expect(node.memoryAvailableBytes).toBeLessThan(node.memoryTotalBytes);
    expect(node.cpuUsageNs).toBeGreaterThan(0);
  });
}

function streams(bench: Bench): void {
  const command = (title: string, test: () => Promise<void>) =>
    it(title, async () => {
      if (bench.fixture.runsCommands) await test();
    });

  command('execSync gives output and exit code, and kills what takes too long', async () => {
    const { id } = await bench.start();
    const { streams } = bench.runtime;
    const result = await streams.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 3'], 10_000);
    expect({ ...result, stdout: String(result.stdout), stderr: String(result.stderr) }).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const seconds = String(100_000 + Math.floor(Math.random() * 100_000));
    await expect(streams.execSync(id, ['sleep', seconds], 300)).rejects.toMatchObject({ reason: 'Timeout' });
    while ((await listProcesses()).some(({ command }) => command.includes(seconds))) await delay(20);
  });

  command('execSync needs a running container', async () => {
    const { id } = await bench.start();
    await bench.runtime.containers.stop(id, 0);
    await bench.exited(id);
    await expect(bench.runtime.streams.execSync(id, ['true'], 5_000)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
    });
    await expect(bench.runtime.streams.execSync('none', ['true'], 5_000)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  command('exec streams both ways', async () => {
    const { id } = await bench.start();
    const script = 'read line; echo "got $line"; echo err >&2; exit 9';
    await using session = await bench.runtime.streams.exec(id, ['sh', '-c', script], { stdin: true, tty: false });
    session.stdin.write('hello\n');
    const [stdout, stderr] = await Promise.all([textOf(session.stdout), textOf(session.stderr)]);
    expect({ stdout, stderr, exitCode: await session.exitCode }).toEqual({
      stdout: 'got hello\n',
      stderr: 'err\n',
      exitCode: 9,
    });
  });

  command('exec hands over megabytes in order', async () => {
    const { id } = await bench.start();
    await using session = await bench.runtime.streams.exec(id, ['sh', '-c', 'seq 1 300000'], {
      stdin: false,
      tty: false,
    });
    const [stdout] = await Promise.all([textOf(session.stdout), textOf(session.stderr)]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(300_000);
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
    expect(await session.exitCode).toBe(0);
  });

  command('an end of input is an end of file to the command', async () => {
    const { id } = await bench.start();
    await using session = await bench.runtime.streams.exec(id, ['sh', '-c', 'cat; echo done'], {
      stdin: true,
      tty: false,
    });
    session.stdin.end('all of it\n');
    const [stdout] = await Promise.all([textOf(session.stdout), textOf(session.stderr)]);
    expect(stdout).toBe('all of it\ndone\n');
    expect(await session.exitCode).toBe(0);
  });

  command('attach joins the output of the container', async () => {
    const { id } = await bench.script('while :; do echo tick; sleep 0.05; done');
    await using session = await bench.runtime.streams.attach(id, { stdin: false, tty: false });
    for await (const chunk of session.stdout) {
      expect(String(chunk)).toMatch(/tick/);
      break;
    }
  });

  command('port-forward reaches a server of the pod and errors where there is none', async () => {
    const port = bench.runtime.info.isolated ? 8080 : await freePort();
    const { sandboxId } = await bench.script(`nc -ll -p ${port} -e echo hello`);
    let text = '';
    while (text !== 'hello\n') {
      await delay(20);
      text = await textOf(await bench.runtime.streams.portForward(sandboxId, port)).catch(() => '');
    }
    const nobody = await bench.runtime.streams.portForward(
      sandboxId,
      bench.runtime.info.isolated ? 8081 : await freePort(),
    );
    await expect(textOf(nobody)).rejects.toThrow();
  });
}
