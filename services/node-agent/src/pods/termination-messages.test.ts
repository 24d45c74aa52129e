import { expect, test } from 'vitest';
import { textOfLog } from './termination-messages.ts';

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
