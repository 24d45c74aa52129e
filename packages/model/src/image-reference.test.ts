import { expect, it } from 'vitest';
import { referenceProblem } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  'busybox',
  'busybox:1.36',
  'gantry.dev/busybox:1',
  'localhost:5000/a/b-c__d.e:v1',
  `a/b@${digest}`,
  `a/b:tag@${digest}`,
  '[::1]:5000/a:1',
  'Registry/app',
  'host',
  '/usr/share/image',
  digest,
])('%s names an image', (text) => {
  expect(referenceProblem(text)).toBeUndefined();
});

it.each([
  ['Bad Image:::1', 'invalid reference format: repository name (library/Bad Image) must be lowercase'],
  ['bad image', 'invalid reference format'],
  ['', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  ['a/-b', 'invalid reference format'],
  ['a@sha256:short', 'invalid reference format'],
  ['https://gantry.dev/a', 'invalid reference format'],
  ['gantry.dev/App:1', 'invalid reference format: repository name (App) must be lowercase'],
  ['b'.repeat(64), `invalid repository name (${'b'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ['c'.repeat(300), 'repository name must not be more than 255 characters'],
])('%s names none', (text, problem) => {
  expect(referenceProblem(text)).toBe(problem);
});
