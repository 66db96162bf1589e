/** Flags of a JVM that starts fast and leaves the machine to others: one compiler, the simplest collector, a small heap. */
export function smallJvm({ heapMb }: { heapMb: number }): string[] {
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];
}
