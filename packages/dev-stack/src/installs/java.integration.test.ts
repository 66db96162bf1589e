import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { earlyOptimisingCompiler, quickCompiler, smallJvm } from './java.ts';
import { findJava, required } from './tools.ts';

/** The flags that a JVM really has. */
async function flagsOf(compiler: readonly string[]): Promise<Map<string, string>> {
  const java = required(await findJava('this test'));
  const args = [...smallJvm({ heapMb: 64, compiler }), '-XX:+PrintFlagsFinal', '-version'];
  const lines = execFileSync(java.program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  return new Map(lines.map((line) => line.trim().split(/\s+/)).map(([, name = '', , value = '']) => [name, value]));
}

test('a JVM has both compilers for a broker, and the quick one alone for what ends soon', async () => {
  const broker = await flagsOf(earlyOptimisingCompiler);
  expect(broker.get('TieredStopAtLevel')).toBe('4');
  expect(Number(broker.get('Tier4InvocationThreshold'))).toBe(2_000);
  expect(broker.get('UseSerialGC')).toBe('true');
  expect((await flagsOf(quickCompiler)).get('TieredStopAtLevel')).toBe('1');
});
