import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { terminationMessagePath } from '../containers/mounts.ts';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { podPaths } from './paths.ts';
import { TerminationMessages, textOfLog } from './termination-messages.ts';

const at = '2026-01-01T00:00:00.123456789Z';

test.each([
  ['whole lines', `${at} stdout F one\n${at} stderr F two\n`, 'one\ntwo\n'],
  ['a last line without an end', `${at} stdout F one\n${at} stdout P DONE\n`, 'one\nDONE'],
  ['a line in pieces', `${at} stdout P o\n${at} stdout F ne\n`, 'one\n'],
  ['an entry that lost its beginning', `of a long line\n${at} stdout F last\n`, 'of a long line\nlast\n'],
  ['nothing', '', ''],
])('the text of a log with %s', (_, tail, text) => {
  expect(textOfLog(tail)).toBe(text);
});

describe('the message of a container that ended', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gantry-messages-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** The message that is shown as soon as the container's end is seen. */
  async function messageOf(
    exitCode: number,
    files: { readonly file?: string; readonly log?: string },
  ): Promise<string> {
    const containers = [{ name: 'web', image: 'x', terminationMessagePolicy: 'FallbackToLogsOnError' }];
    const world = new PodWorld(podOf({ containers, restartPolicy: 'Never' }));
    world.settle();
    const [container] = world.containers();
    world.exit(container!.id, exitCode);
    const paths = podPaths(directory);
    const path = terminationMessagePath(paths, 'uid-1', 'web', container!.attempt);
    await mkdir(dirname(path), { recursive: true });
    if (files.file !== undefined) await writeFile(path, files.file);
    const logPath = join(directory, 'log');
    if (files.log !== undefined) await writeFile(logPath, `${at} stdout P ${files.log}\n`);
    const view = world.view();
    const sandboxes = view.sandboxes.map((sandbox) => ({
      ...sandbox,
      containers: sandbox.containers.map((each) => ({ ...each, logPath })),
    }));
    const messages = new TerminationMessages(paths);
    messages.sync({ ...view, sandboxes });
    return messages.of(container!.id);
  }

  it('is there at once: from its file, or where it failed without one from the end of its log', async () => {
    expect(await messageOf(0, { file: 'done', log: 'DONE' })).toBe('done');
    expect(await messageOf(1, { file: '', log: 'DONE' })).toBe('DONE');
    expect(await messageOf(0, { file: '', log: 'DONE' })).toBe('');
    await rm(directory, { recursive: true });
    expect(await messageOf(1, {})).toBe('');
  });

  it('follows no link', async () => {
    await writeFile(join(directory, 'secret'), 'secret');
    await symlink(join(directory, 'secret'), join(directory, 'log'));
    expect(await messageOf(1, {})).toBe('');
  });
});
