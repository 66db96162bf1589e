/** The quick compiler (C1) alone: starts fastest, for a program that ends soon or has little to do. */
export const quickCompiler = ['-XX:TieredStopAtLevel=1'];

/**
 * Both compilers, the optimising one (C2) for methods that are called some 40 % as often as HotSpot's defaults ask (5,000,
 * 600 and 15,000), and C1 without its slow counters (tier 3) where C2 has work waiting. A broker is warm sooner than with the
 * defaults, and then takes two thirds of the CPU that it takes with C1 alone. `npm run bench -- broker` compares the three.
 */
export const earlyOptimisingCompiler = [
  '-XX:Tier3DelayOn=0',
  '-XX:Tier4InvocationThreshold=2000',
  '-XX:Tier4MinInvocationThreshold=400',
  '-XX:Tier4CompileThreshold=5000',
];

/**
 * Flags of a JVM that leaves the machine to others: the simplest collector, a small heap.
 * @param options.compiler how its code is compiled: `quickCompiler` unless another is named
 */
export function smallJvm(options: { heapMb: number; compiler?: readonly string[] }): string[] {
  const { heapMb, compiler = quickCompiler } = options;
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', ...compiler, '-Djava.awt.headless=true'];
}
