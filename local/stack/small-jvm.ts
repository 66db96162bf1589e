/** The quick compiler (C1) alone: starts fastest, for a program that ends soon or has little to do. */
export const quickCompiler = ['-XX:TieredStopAtLevel=1'];

/**
 * Both compilers, the optimising one (C2) only for methods that are called some four times as often as HotSpot's defaults
 * ask (5,000, 600 and 15,000). With the defaults, C2 compiles so much of a broker in its first 20,000 tasks that it takes
 * the CPU from the tasks; without C2 the broker never gets faster than C1's code. `npm run bench -- broker` compares them.
 */
export const lateOptimisingCompiler = [
  '-XX:Tier4InvocationThreshold=20000',
  '-XX:Tier4MinInvocationThreshold=5000',
  '-XX:Tier4CompileThreshold=40000',
];

/**
 * Flags of a JVM that leaves the machine to others: the simplest collector, a small heap.
 * @param options.compiler how its code is compiled: `quickCompiler` unless another is named
 */
export function smallJvm(options: { heapMb: number; compiler?: readonly string[] }): string[] {
  const { heapMb, compiler = quickCompiler } = options;
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', ...compiler, '-Djava.awt.headless=true'];
}
