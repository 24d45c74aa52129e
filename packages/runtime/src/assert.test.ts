import { expect, test } from 'vitest';
import { assert, unreachable } from './assert.ts';

test('a broken invariant says that it is one', () => {
  assert(1, 'this holds');
  expect(() => assert(0, 'this does not')).toThrow('invariant broken: this does not');
  expect(() => unreachable({ type: 'new' } as never)).toThrow('invariant broken: unexpected {"type":"new"}');
});
