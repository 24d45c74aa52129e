import { describe, expect, test } from 'vitest';
import { drawChart, type Panel } from './chart.ts';

const panel = (points: Panel['series'][number]['points'], steps = false): Panel => ({
  title: 'Replicas',
  series: [{ name: 'ready', color: '#336699', points, steps }],
});
const drawn = (...panels: Panel[]): string => drawChart({ title: 'T', subtitle: 'S', seconds: 100, panels });
const paths = (svg: string): string[] => [...svg.matchAll(/<path d="([^"]*)"/g)].map((found) => found[1]!);

describe('drawChart', () => {
  test('puts the first value at the left edge and the last at the right one, larger values higher', () => {
    const [path] = paths(
      drawn(
        panel([
          [0, 0],
          [100, 10],
        ]),
      ),
    );
    expect(path).toBe('M64,202L936,72');
  });

  test('breaks a line where a value is missing, and does not draw it as zero', () => {
    const [path] = paths(
      drawn(
        panel([
          [0, 10],
          [25, 10],
          [50, undefined],
          [75, 10],
          [100, 10],
        ]),
      ),
    );
    expect(path).toBe('M64,72L282,72M718,72L936,72');
  });

  test('keeps counts until they change', () => {
    const [path] = paths(
      drawn(
        panel(
          [
            [0, 0],
            [50, 10],
          ],
          true,
        ),
      ),
    );
    expect(path).toBe('M64,202L500,202L500,72');
  });

  test('draws each panel below the one before it, and its scale from its own values', () => {
    const svg = drawn(panel([[0, 3]]), panel([[0, 1000]]));
    expect(svg).toContain('>3</text>');
    expect(svg).toContain('>1000</text>');
    expect(paths(svg)).toHaveLength(2);
  });

  test('writes names as text, whatever they hold', () => {
    const svg = drawChart({ title: '<b>&"', subtitle: '', seconds: 1, panels: [] });
    expect(svg).toContain('&#60;b&#62;&#38;&#34;');
    expect(svg).not.toContain('<b>');
  });
});
