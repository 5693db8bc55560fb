/**
 * Proofs of a key (DPoP, RFC 9449). Only pages with the option `dpop` load this file. The key cannot be extracted, and the tabs
 * of an origin share it in IndexedDB.
 */

const DATABASE = 'rekindle'
const STORE = 'keys'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }

type Key = Parameters<typeof crypto.subtle.sign>[1]

interface KeyPair {
  readonly privateKey: Key
  readonly publicKey: Key
}

/** What is used of IndexedDB, whose types only pages have */
interface Requested<T> {
  readonly result: T
  readonly error: unknown
  onsuccess: () => void
  onerror: () => void
}
interface Keys {
  get(name: string): Requested<KeyPair | undefined>
  put(key: KeyPair, name: string): Requested<unknown>
}
interface KeyDatabase {
  createObjectStore(name: string): void
  transaction(name: string, mode?: 'readwrite'): { objectStore(name: string): Keys }
  close(): void
}
interface Indexed {
  open(name: string, version: number): Requested<KeyDatabase> & { onupgradeneeded: () => void }
}

const promised = <T>(request: Requested<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

async function openKeys(): Promise<KeyDatabase> {
  const { indexedDB } = globalThis as unknown as { indexedDB: Indexed }
  const request = indexedDB.open(DATABASE, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return promised(request)
}

const newKey = () => crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']) as Promise<KeyPair>

/** The stored key. Of several tabs that make one at the same time, the first wins. */
async function sharedKey(name: string): Promise<KeyPair> {
  const database = await openKeys()
  try {
    const stored = await promised(database.transaction(STORE).objectStore(STORE).get(name))
    if (stored) return stored
    const made = await newKey()
    const store = database.transaction(STORE, 'readwrite').objectStore(STORE)
    const earlier = await promised(store.get(name))
    if (earlier) return earlier
    await promised(store.put(made, name))
    return made
  } finally {
    database.close()
  }
}

/** Keys of this page, where there is no IndexedDB */
const ofPage = new Map<string, Promise<KeyPair>>()

function keyOfPage(name: string): Promise<KeyPair> {
  const key = ofPage.get(name) ?? newKey()
  // Without a name, each session is independent.
  if (name) ofPage.set(name, key)
  return key
}

/** @returns undefined where no key can be kept, so that a reload does not lose a session with the key */
async function keyFor(name: string, isDurable: boolean): Promise<KeyPair | undefined> {
  // A page without https has none.
  if (!globalThis.crypto?.subtle) return undefined
  try {
    return await sharedKey(name)
  } catch {
    return isDurable ? undefined : keyOfPage(name)
  }
}

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '')

const utf8 = (text: string) => new TextEncoder().encode(text)

const encoded = (value: unknown) => base64url(utf8(JSON.stringify(value)))

async function hashOf(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

async function proofOf({ privateKey, publicKey }: KeyPair, request: Request, nonce?: string) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const [, token] = /^DPoP (.+)$/.exec(request.headers.get('Authorization') ?? '') ?? []
  const parts = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } },
    {
      jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
      htm: request.method,
      htu: request.url.replace(/[?#].*/, ''),
      iat: Math.floor(Date.now() / 1000),
      nonce,
      ath: token && (await hashOf(token)),
    },
  ]
  const input = parts.map(encoded).join('.')
  const signature = await crypto.subtle.sign(
    { name: ALGORITHM.name, hash: 'SHA-256' },
    privateKey,
    utf8(input),
  )
  return `${input}.${base64url(new Uint8Array(signature))}`
}

/**
 * Creates a function that sends a request with a proof, and once more when its nonce was outdated.
 *
 * @param name of the session, which names its key
 * @param isDurable whether the tokens outlast the page
 */
export async function createProver(name: string, isDurable: boolean, fetch: typeof globalThis.fetch) {
  const key = await keyFor(name, isDurable)
  const nonces = new Map<string, string>()
  return async (request: Request, init?: RequestInit): Promise<Response> => {
    if (!key) return fetch(request, init)
    const { origin } = new URL(request.url)
    const send = async (again: Request) => {
      again.headers.set('DPoP', await proofOf(key, again, nonces.get(origin)))
      const response = await fetch(again, init)
      const nonce = response.headers.get('DPoP-Nonce')
      if (nonce) nonces.set(origin, nonce)
      return { response, isNew: nonce !== null }
    }
    // A stream cannot be sent twice, nor cloned everywhere.
    const second = request.body && request.headers.get('Content-Type') === null ? undefined : request.clone()
    const { response, isNew } = await send(request)
    const isOutdated =
      response.status === 401 &&
      isNew &&
      /use_dpop_nonce/.test(response.headers.get('WWW-Authenticate') ?? '')
    if (!isOutdated || !second) return response
    await response.body?.cancel()
    return (await send(second)).response
  }
}
