import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import type { CriClient } from './client.ts';
import type { CriContainer, CriPodSandbox } from './messages.ts';
import { criObserver } from './observe.ts';

/** A runtime with one pod and one container whose state can be set. */
function fakeRuntime() {
  const calls: string[] = [];
  const state = {
    container: 'CONTAINER_RUNNING' as CriContainer['state'],
    pod: 'SANDBOX_READY' as CriPodSandbox['state'],
    gone: false,
    broken: false,
  };
  const metadata = { name: 'web', uid: 'u', namespace: 'default', attempt: 0 };
  const none = { labels: { 'gantry.dev/node': 'n', app: 'web' }, annotations: {} };
  const answers: Record<string, () => unknown> = {
    ListPodSandbox: () => ({ items: [{ id: 'p', metadata, state: state.pod, createdAt: 1e15, ...none }] }),
    ListContainers: () => ({
      containers: [
        {
          id: 'c',
          podSandboxId: 'p',
          metadata: { name: 'main', attempt: 2 },
          image: { image: 'app' },
          imageRef: 'sha256:1',
          state: state.container,
          createdAt: 1e15,
          ...none,
        },
      ],
    }),
    PodSandboxStatus: () => ({ status: { network: { ip: '10.0.0.7', additionalIps: [{ ip: 'fd00::7' }] } } }),
    ContainerStatus: () => {
      if (state.broken) throw new GantryError('InternalError', 'the shim does not answer');
      if (state.gone) throw new GantryError('NotFound', 'gone');
      return {
        status: {
          id: 'c',
          state: state.container,
          startedAt: 2e15,
          finishedAt: 3e15,
          exitCode: 1,
          image: null,
          imageRef: 'sha256:1',
          reason: '',
          message: '',
          logPath: '/l',
        },
      };
    },
  };
  const client = {
    runtime: async (method: string) => {
      calls.push(method);
      return answers[method]!();
    },
  } as unknown as CriClient;
  return { observe: criObserver(client, 'n'), calls, state };
}

describe('criObserver', () => {
  it('asks for details once, and again only after a change', async () => {
    const { observe, calls, state } = fakeRuntime();
    const [first] = await observe();
    expect(first).toMatchObject({ id: 'p', ips: ['10.0.0.7', 'fd00::7'], labels: { app: 'web' } });
    expect(first?.containers[0]).toMatchObject({
      attempt: 2,
      imageId: 'sha256:1',
      state: { kind: 'running', startedAtMs: 2e9 },
    });
    expect(calls).toHaveLength(4);
    expect(await observe()).toEqual([first]);
    expect(calls).toHaveLength(6);
    state.container = 'CONTAINER_EXITED';
    const [changed] = await observe();
    expect(changed?.containers[0]?.state).toEqual({
      kind: 'exited',
      exitCode: 1,
      reason: 'Error',
      message: '',
      startedAtMs: 2e9,
      finishedAtMs: 3e9,
    });
    expect(calls).toHaveLength(9);
  });

  it('leaves out a container that vanishes between the list and the look', async () => {
    const { observe, state } = fakeRuntime();
    state.gone = true;
    expect((await observe())[0]?.containers).toEqual([]);
  });

  it('goes by the list for a container that the runtime tells no more of', async () => {
    const { observe, state } = fakeRuntime();
    state.broken = true;
    expect((await observe())[0]?.containers[0]?.state).toEqual({ kind: 'running', startedAtMs: 1e9 });
    state.container = 'CONTAINER_EXITED';
    expect((await observe())[0]?.containers[0]?.state).toMatchObject({
      kind: 'exited',
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
    state.broken = false;
    expect((await observe())[0]?.containers[0]?.state).toMatchObject({ exitCode: 1, reason: 'Error' });
  });

  it('shows no address of a sandbox that is not ready', async () => {
    const { observe, state } = fakeRuntime();
    await observe();
    state.pod = 'SANDBOX_NOTREADY';
    expect((await observe())[0]).toMatchObject({ ready: false, ips: [] });
  });
});
