import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFile } from '../../e2e/command.ts';
import { goBuild } from '../go.ts';
import type { Suite, TestResult } from '../scoreboard.ts';
import { argoRollouts } from './argo-rollouts.ts';
import { coredns } from './coredns.ts';
import { descheduler } from './descheduler.ts';
import { kueue } from './kueue.ts';
import { folderOf, type Operator, runOperator } from './operator.ts';
import { prometheusOperator } from './prometheus-operator.ts';

const all: readonly Operator[] = [prometheusOperator, argoRollouts, descheduler, coredns, kueue];

/** Operators that others wrote, unmodified: their definitions install, and their programs run beside the cluster and do their work. */
export const operators: Suite = {
  name: 'operators',
  title: 'Operators',
  build: async () => {
    const programs = projectFile('.gantry/conformance/operators');
    await mkdir(programs, { recursive: true });
    return programs;
  },
  run: async (cluster, programs, { focus = '' }) => {
    const results: TestResult[] = [];
    for (const operator of all.filter(({ name }) => new RegExp(focus).test(name))) {
      const binary = join(programs, operator.name);
      goBuild(folderOf(operator), operator.program, binary);
      results.push(...(await runOperator(operator, cluster, binary)));
    }
    return { results };
  },
};
