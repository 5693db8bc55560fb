/**
 * Waits for SIGTERM or SIGINT. A second signal finds no handler and ends the process at once.
 *
 * @returns aborted with the name of the signal as its reason
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    process.off('SIGTERM', stop).off('SIGINT', stop)
    controller.abort(name)
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
  return controller.signal
}
