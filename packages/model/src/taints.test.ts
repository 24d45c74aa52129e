import { describe, expect, it } from 'vitest';
import { parseTaint, tolerates } from './taints.ts';

describe('tolerations', () => {
  const taint = { key: 'a', value: '1', effect: 'NoExecute' };

  it.each([
    [{ key: 'a', operator: 'Equal', value: '1' }, true],
    [{ key: 'a', value: '2' }, false],
    [{ key: 'a', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoSchedule' }, false],
    [{ key: 'b', operator: 'Exists' }, false],
    [{}, false],
    [{ key: 'a', operator: 'Lt', value: '2' }, true],
    [{ key: 'a', operator: 'Lt', value: '1' }, false],
    [{ key: 'a', operator: 'Gt', value: '-1' }, true],
    [{ key: 'a', operator: 'Gt', value: 'x' }, false],
  ])('%j accepts: %s', (toleration, accepted) => {
    expect(tolerates(toleration, taint)).toBe(accepted);
  });
});

describe('taints as text', () => {
  it.each([
    ['team=a:NoSchedule', { key: 'team', value: 'a', effect: 'NoSchedule' }],
    ['example.com/gpu:NoExecute', { key: 'example.com/gpu', effect: 'NoExecute' }],
    ['team=:PreferNoSchedule', { key: 'team', effect: 'PreferNoSchedule' }],
    ['team=a', undefined],
    ['team=a:Never', undefined],
    [':NoSchedule', undefined],
  ])('%s', (text, taint) => {
    expect(parseTaint(text)).toEqual(taint);
  });
});
