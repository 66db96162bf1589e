import type { ManagedProcess } from './processes/managed-process.ts';
import type { MissingTool } from './installs/tools.ts';

export const serverNames = ['kafka', 'registry', 'store'] as const;
export type ServerName = (typeof serverNames)[number];

/** Told what an installation does just now, in a few words. */
export type Progress = (step: string) => void;

/** One of the real servers the system runs on: how to get it, and its process. */
export interface Server extends ManagedProcess {
  readonly name: ServerName;
  /** The product and its version, for people: 'Apache Kafka 4.3.1'. */
  readonly product: string;
  readonly port: number;
  /** All loopback ports that it listens on. */
  readonly ports: readonly number[];
  /** What a client connects to: a host and port, or a URL. */
  readonly address: string;
  /** The programs that the machine lacks for it; those for downloading only count when there is something to download. */
  missingTools(): Promise<MissingTool[]>;
  /** Downloads it into the cache where it is not there yet, and prepares its data folder. */
  install(progress: Progress, signal?: AbortSignal): Promise<void>;
}

/** Where a server keeps what. */
export interface ServerFolders {
  /** The downloads, shared by all clones: see install-cache.ts. */
  readonly cache: string;
  readonly data: string;
  readonly logs: string;
  /** Pid files. */
  readonly run: string;
}

/** The folders of one local system: all in one place but the downloads. */
export function serverFolders(root: string, cache: string): ServerFolders {
  return { cache, data: `${root}/data`, logs: `${root}/logs`, run: `${root}/run` };
}
