/** What a session must not need of a platform, as scripts that take it away. They also run in pages, before any other. */
export const FEATURES: Readonly<Record<string, string>> = {
  nothing: '',
  'Web Locks': `delete Navigator.prototype.locks`,
  BroadcastChannel: `delete globalThis.BroadcastChannel`,
  'AbortSignal.any': `delete AbortSignal.any`,
  'AbortSignal.timeout': `delete AbortSignal.timeout`,
  'AbortSignal.prototype.throwIfAborted': `delete AbortSignal.prototype.throwIfAborted`,
  ReadableStream: `delete globalThis.ReadableStream`,
  structuredClone: `delete globalThis.structuredClone`,
  'crypto.subtle': `Object.defineProperty(crypto, 'subtle', { value: undefined })`,
  'crypto.randomUUID': `Object.defineProperty(crypto, 'randomUUID', { value: undefined })`,
  TextDecoder: `delete globalThis.TextDecoder`,
  'Promise.withResolvers': `delete Promise.withResolvers`,
  'a localStorage that does not throw': `Object.defineProperty(globalThis, 'localStorage', {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError') },
  })`,
  'any localStorage': `Object.defineProperty(globalThis, 'localStorage', { value: undefined })`,
}

export const ALL = Object.entries(FEATURES)
  .filter(([name]) => name !== 'any localStorage')
  .map(([, script]) => script)
  .join(';\n')
