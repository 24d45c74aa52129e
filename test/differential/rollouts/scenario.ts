/** Courses of events, and their parts. */
import type { World } from './world.ts';

/** A course of events, and where it is looked at. */
export interface Scenario {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  /** The events are compared as well; Kubernetes drops some where there are many. */
  readonly tells?: true;
  /** The Progressing condition is not compared: Kubernetes loses the news of a new set there and goes on telling of an earlier one. */
  readonly losesProgress?: true;
}

/** The strategy of a rolling update. */
export const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});

/** A Deployment whose pods are all ready. */
export async function up(world: World, spec: Record<string, unknown> = {}): Promise<void> {
  await world.deploy(spec);
  await world.ready('i:1');
}

/** Lets the pods of an image become ready a few at a time until no more come. */
export async function roll(world: World, image: string, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    await world.ready(image);
    await world.snap(`${image}, round ${round}`);
  }
}
