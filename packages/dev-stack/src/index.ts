export { createKafka, newClusterId } from './kafka/kafka.ts';
export { createRegistry } from './registry/registry.ts';
export { createStore } from './store/store.ts';
export { createStack, type Addresses, type Stack, type StackProgress } from './stack.ts';
export { freePort, isPortFree } from './ports.ts';
export { serverFolders, serverNames, type Server, type ServerFolders } from './server.ts';
export {
  contractProgram,
  createServiceProcess,
  isServiceName,
  serviceNames,
  serviceStopTimeoutMs,
  type ServiceName,
} from './service-process.ts';
export { cacheFolder, FolderNotWritableError, installOnce } from './installs/install-cache.ts';
export { earlyOptimisingCompiler, quickCompiler } from './installs/java.ts';
export { findOnPath, findPython, required } from './installs/tools.ts';
export { endLeftovers, onParentGone, startGuardian, type Guardian } from './processes/guardian.ts';
export { ProcessStartError, type ManagedProcess, type ProcessExit } from './processes/managed-process.ts';
export {
  endProcesses,
  isAlive,
  liveProcesses,
  pidFile,
  processMark,
  readPidFile,
  sendSignal,
  statFields,
  writePidFile,
  type RecordedProcess,
} from './processes/pid-files.ts';
export { runCommand } from './processes/run-command.ts';
