import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';

/** A line of a panel. */
export interface Series {
  readonly name: string;
  /** CSS color. */
  readonly color: string;
  /** Values by time in seconds; a value that is missing breaks the line. */
  readonly points: readonly (readonly [seconds: number, value: number | undefined])[];
  /** Counts keep their value until the next point. */
  readonly steps?: boolean;
}

/** A plot of lines that share an axis. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Panels below each other that share the axis of time. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  /** Seconds that the axis of time shows, from 0. */
  readonly seconds: number;
  readonly panels: readonly Panel[];
  /** Moments that every panel marks. */
  readonly marks?: readonly { readonly seconds: number; readonly text: string }[];
}

const width = 960;
const panelHeight = 130;
const gap = 44;
const left = 64;
const right = 24;
const top = 72;

/** The chart as an SVG document of its own: no scripts, no fonts, nothing from elsewhere. */
export function drawChart(chart: Chart): string {
  const height = top + chart.panels.length * (panelHeight + gap) + 20;
  const x = scaleLinear([0, chart.seconds], [left, width - right]);
  const body = chart.panels.map((panel, i) => drawPanel(panel, chart, x, top + i * (panelHeight + gap)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<title>${escaped(chart.title)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${left}" y="26" font-size="17" font-weight="bold">${escaped(chart.title)}</text>
<text x="${left}" y="46" fill="#555555">${escaped(chart.subtitle)}</text>
${body.join('\n')}
</svg>
`;
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

function drawPanel({ title, series }: Panel, { marks = [], seconds }: Chart, x: Scale, y0: number): string {
  const values = series.flatMap(({ points }) => points.map(([, value]) => value ?? 0));
  const y = scaleLinear([0, Math.max(1, ...values)], [y0 + panelHeight, y0]).nice(4);
  const grid = y.ticks(4).map((tick) => {
    const at = round(y(tick));
    return `<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#e5e5e5"/><text x="${left - 8}" y="${at + 4}" text-anchor="end" fill="#555555">${tick}</text>`;
  });
  const times = x.ticks(Math.min(12, Math.ceil(seconds / 60) + 1)).map((tick) => {
    return `<text x="${round(x(tick))}" y="${y0 + panelHeight + 16}" text-anchor="middle" fill="#555555">${clock(tick)}</text>`;
  });
  const moments = marks.map(({ seconds: at, text }) => {
    const atX = round(x(at));
    return `<line x1="${atX}" x2="${atX}" y1="${y0}" y2="${y0 + panelHeight}" stroke="#999999" stroke-dasharray="3 3"/><text x="${atX + 3}" y="${y0 + 11}" fill="#777777" font-size="10">${escaped(text)}</text>`;
  });
  const legend = series.map(({ name, color }, i) => {
    const at = width - right - (series.length - i) * 130;
    return `<rect x="${at}" y="${y0 - 15}" width="10" height="10" fill="${escaped(color)}"/><text x="${at + 14}" y="${y0 - 6}">${escaped(name)}</text>`;
  });
  const lines = series.map((one) => drawLine(one, x, y));
  const heading = `<text x="${left}" y="${y0 - 6}" font-weight="bold">${escaped(title)}</text>`;
  return [heading, ...grid, ...times, ...moments, ...lines, ...legend].join('\n');
}

function drawLine({ points, color, steps }: Series, x: Scale, y: Scale): string {
  const drawn = line<(typeof points)[number]>()
    .defined(([, value]) => value !== undefined)
    .x(([seconds]) => round(x(seconds)))
    .y(([, value]) => round(y(value!)));
  if (steps === true) drawn.curve(curveStepAfter);
  return `<path d="${drawn(points) ?? ''}" fill="none" stroke="${escaped(color)}" stroke-width="1.5"/>`;
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
