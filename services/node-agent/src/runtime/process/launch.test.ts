import { describe, expect, it } from 'vitest';
import type { UnpackedImage } from './image-store.ts';
import { planProcess } from './launch.ts';

const image: UnpackedImage = {
  id: 'sha256:1',
  rootDirectory: '/images/app/rootfs',
  entrypoint: ['/bin/app'],
  command: ['--default'],
  env: ['PATH=/opt/bin:/bin', 'MODE=image'],
  workingDirectory: '/srv',
};
const container = { name: 'main', attempt: 0, image: 'app', logPath: 'x' };

describe('planProcess', () => {
  it.each([
    [{}, ['/bin/app', '--default']],
    [{ args: ['--mine'] }, ['/bin/app', '--mine']],
    [{ command: ['sh'] }, ['sh']],
    [{ command: ['sh'], args: ['-c', 'x'] }, ['sh', '-c', 'x']],
  ])('with %j runs %j', (extra, argv) => {
    expect(planProcess({ ...container, ...extra }, image, '/mounts').argv).toEqual(argv);
  });

  it('looks for programs in the image first, and lets the pod’s variables win', () => {
    const { env, workingDirectory } = planProcess(
      { ...container, env: [{ name: 'MODE', value: 'pod' }] },
      image,
      '/mounts',
    );
    expect(env).toMatchObject({ MODE: 'pod', GANTRY_ROOT: '/mounts' });
    expect(env.PATH).toBe('/images/app/rootfs/opt/bin:/images/app/rootfs/bin:/opt/bin:/bin');
    expect(workingDirectory).toBe('/images/app/rootfs/srv');
  });

  it('hands over none of our own variables but HOME', () => {
    const { env } = planProcess(container, { ...image, rootDirectory: '/', env: [] }, '/mounts');
    expect(Object.keys(env).toSorted()).toEqual(['GANTRY_ROOT', 'HOME', 'PATH']);
  });

  it('refuses a container without a command', () => {
    expect(() => planProcess(container, { ...image, entrypoint: [], command: [] }, '/mounts')).toThrow(
      'container "main": no command specified',
    );
  });
});
