/** Time spans as Go writes them: `45s`, `1m30s`, `1h0m0.5s`, `250ms`. */

const unitsNs: Readonly<Record<string, number>> = { h: 3_600e9, m: 60e9, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };
const part = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)/g;
const whole = /^-?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|ns))+)$/;

/** Nanoseconds of a span; undefined for a text that is none. */
export function parseDurationNs(text: string): number | undefined {
  if (!whole.test(text)) return undefined;
  const sum = [...text.matchAll(part)].reduce((total, [, number, unit]) => total + Number(number) * unitsNs[unit!]!, 0);
  return text.startsWith('-') ? -Math.round(sum) : Math.round(sum);
}

const flagUnitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const flagPart = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const wholeFlag = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

/** Milliseconds of a span in a flag or annotation: as Go writes it, without a sign and without units below a millisecond; undefined for any other text. */
export function parseFlagDurationMs(text: string): number | undefined {
  if (!wholeFlag.test(text)) return undefined;
  return [...text.matchAll(flagPart)].reduce((sum, [, number, unit]) => sum + Number(number) * flagUnitsMs[unit!]!, 0);
}

/** The span as Go writes it. */
export function formatDurationNs(ns: number): string {
  if (ns < 0) return `-${formatDurationNs(-ns)}`;
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${ns / 1e3}µs`;
  if (ns < 1e9) return `${ns / 1e6}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${(ns - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
