import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLines } from './log-pump.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const prefix = '2026-01-02T03:04:05.678000000Z stdout';

describe('formatLines', () => {
  it('formats whole lines and keeps the rest', () => {
    const { lines, rest } = formatLines('stdout', Buffer.from('one\n\ntwo\nthr'), now, false);
    expect(String(lines)).toBe(`${prefix} F one\n${prefix} F \n${prefix} F two\n`);
    expect(String(rest)).toBe('thr');
  });

  it('marks the end of output without a newline as partial', () => {
    expect(formatLines('stdout', Buffer.from('half'), now, true)).toEqual({
      lines: Buffer.from(`${prefix} P half\n`),
      rest: Buffer.alloc(0),
    });
  });

  it('splits long lines', () => {
    const { lines } = formatLines('stdout', Buffer.from(`${'x'.repeat(20_000)}\n`), now, false);
    expect(
      String(lines)
        .split('\n')
        .map((line) => [line.slice(prefix.length + 1, prefix.length + 2), line.length - prefix.length - 3]),
    ).toEqual([
      ['P', 16384],
      ['F', 20_000 - 16384],
      ['', expect.any(Number)],
    ]);
  });

  it('never loses or adds text, however the output is cut', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '\n', 'x'.repeat(9000)), { maxLength: 30 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7000 }), (output, step) => {
        let rest: Buffer = Buffer.alloc(0);
        let log = '';
        for (let start = 0; start < output.length; start += step) {
          const data = Buffer.concat([rest, Buffer.from(output.slice(start, start + step))]);
          const result = formatLines('stdout', data, now, false);
          log += result.lines;
          rest = result.rest;
        }
        log += formatLines('stdout', rest, now, true).lines;
        const back = log
          .split('\n')
          .slice(0, -1)
          .map((line) => line.slice(prefix.length + 3) + (line[prefix.length + 1] === 'F' ? '\n' : ''));
        expect(back.join('')).toBe(output);
      }),
    );
  });
});
