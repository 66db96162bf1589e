/**
 * Calls back once the script that started this process is gone: it holds an IPC channel open, see hand-over.mjs. The
 * channel does not keep this process alive. Without a channel nothing happens.
 */
export function onParentGone(callback: () => void): void {
  process.once('disconnect', callback);
  process.channel?.unref();
  // The event was emitted while modules were loading.
  if (process.send !== undefined && !process.connected) callback();
}
