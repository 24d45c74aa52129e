import type { TestResult } from './scoreboard.ts';

/** Runs a test of a program; its failure is its result. */
export async function check(name: string, act: () => Promise<void>): Promise<TestResult> {
  try {
    await act();
    return { name };
  } catch (error) {
    return { name, problem: (error as Error).message };
  }
}

/** A failure with the last words of the program. */
export function withOutput(result: TestResult, output: string): TestResult {
  if (result.problem === undefined) return result;
  return { ...result, problem: `${result.problem}; the program said: ${output.slice(-300)}` };
}
