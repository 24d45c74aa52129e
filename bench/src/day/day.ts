/**
 * A day of traffic compressed into minutes, through the whole of Gantry: requests go through Envoy to real containers, pods follow
 * the requests, and a picture (SVG) shows load, latency, pods and nodes over time:
 *
 *     scripts/node bench/src/day/day.ts [--minutes 12] [--peak 150] [--out day.svg]
 *
 * Needs root and what `npm run setup` installs for real containers.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isReady } from '@gantry/model/ready.ts';
import { readArguments } from '../arguments.ts';
import { type Load, startLoad } from '../http-load.ts';
import { describeMachine } from '../machine.ts';
import { pageImage, writePageImage } from '../page-image.ts';
import { followPods } from '../pods.ts';
import { startUpProcess } from '../up-process.ts';
import { application, labelSelector, port } from './application.ts';
import { drawChart } from './chart.ts';
import { moments as marked, shareOfPeak } from './curve.ts';
import { chartOf, look, type Moment, record } from './record.ts';

const values = readArguments('A day of traffic compressed into minutes, and a picture of what followed it.', {
  minutes: { type: 'number', about: 'minutes that the day takes', default: 12 },
  peak: { type: 'number', about: 'requests per second in the afternoon', default: 150 },
  'per-pod': { type: 'number', about: 'requests per second that a pod is to have', default: 20 },
  out: { type: 'text', about: 'file of the picture', default: 'day.svg' },
});
const seconds = values.minutes * 60;
/** Windows shrink with the day: five minutes of a real day of 24 hours would be nothing, and here they are half of it. */
const windowSeconds = Math.max(15, Math.round(seconds / 24));

/** The cluster's own node takes three pods, each of these two. */
const nodeGroup = `extra:0:5:cpu=1300m,memory=1Gi,unneeded=${windowSeconds}s`;
/** The autoscaler's delays shrink with the day, too. */
process.env.GANTRY_CONTROLLERS_SCALE_DOWN_DELAY_AFTER_ADD ??= `${windowSeconds}s`;
process.env.GANTRY_CONTROLLERS_SCAN_INTERVAL ??= '5s';

await main();

async function main(): Promise<void> {
  console.log(describeMachine());
  await using up = await startUpProcess({
    ...{ driver: 'cri', nodes: 1, flags: ['--node-group', nodeGroup] },
    prepare: async (stateDir) => {
      await mkdir(join(stateDir, 'images'));
      await writePageImage(join(stateDir, 'images'));
    },
  });
  const sizes = { perPod: values['per-pod'], maxPods: 12, podCpu: '600m', windowSeconds, idleSeconds: windowSeconds };
  for (const document of application(pageImage, sizes)) await up.client.apply(document);
  await using pods = followPods(up.client);
  await pods.until((all) => all.some(isReady));
  const startedMs = performance.now();
  const offered = (): number => values.peak * shareOfPeak((performance.now() - startedMs) / 1_000 / seconds);
  const load = startLoad(`http://127.0.0.1:${port}/`, offered);
  await using recording = record(() => look(up.client, labelSelector), load, offered);
  await delay(seconds * 1_000);
  await report(recording.moments, load);
}

async function report(moments: readonly Moment[], load: Load): Promise<void> {
  const { sent, failures } = await load.stop();
  for (const failure of failures.slice(0, 5)) console.log(`failed: ${failure.why}`);
  const peak = (value: (moment: Moment) => number): number => Math.max(0, ...moments.map(value));
  const summary = `${sent} requests, ${failures.length} failed; at most ${peak(({ readyPods }) => readyPods)} pods on ${peak(({ nodes }) => nodes)} nodes`;
  console.log(summary);
  const subtitle = `24 hours in ${values.minutes} minutes, ${values['per-pod']} requests/s a pod: ${summary}`;
  const chart = chartOf(moments, 'A day of traffic', subtitle);
  const marks = marked.map(({ moment, text }) => ({ seconds: moment * seconds, text }));
  const file = resolve(values.out);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, drawChart({ ...chart, marks }));
  console.log(`the picture is in ${file}`);
}
