// Milliseconds. npm passes a Ctrl-C on to a command that has already received it from the terminal.
const SAME_SIGNAL = 500

/**
 * Waits for a signal to stop. A second one finds no handler and ends the process at once, unless it follows so soon that it
 * is the same.
 *
 * @returns aborted with the name of the signal as its reason
 */
export function stopSignal(signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']): AbortSignal {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) return
    controller.abort(name)
    const leave = () => {
      for (const signal of signals) process.off(signal, stop)
    }
    setTimeout(leave, SAME_SIGNAL).unref()
  }
  for (const signal of signals) process.on(signal, stop)
  return controller.signal
}
