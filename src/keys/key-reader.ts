import type { Secrets } from '../config/settings.ts'
import type { KeyRow } from '../store/queries/signing-keys.ts'
import { listKeys, resealKey } from '../store/queries/signing-keys.ts'
import type { Database } from '../store/schema.ts'
import type { TokenKey } from '../tokens/algorithms.ts'
import type { OpenRow } from './key-ring.ts'
import type { Sealer } from './sealed-key.ts'
import { keyOf, publicHalf } from './sealed-key.ts'

export interface KeyReaderOptions {
  readonly db: Database
  readonly secrets: Partial<Pick<Secrets, 'signing'>>
  readonly log: { warn(details: object, message: string): void }
}

export interface KeyReader {
  /** @returns all rows, and those that this process can read, with their keys */
  readonly read: () => Promise<{ readonly rows: readonly KeyRow[]; readonly open: readonly OpenRow[] }>
}

/** Reads rows, and decrypts each key once. Keys that an earlier secret has encrypted are encrypted anew. */
export function createKeyReader({ db, secrets, log }: KeyReaderOptions, sealer: Sealer): KeyReader {
  /** By row: somebody may have copied the JWE of another one. Undefined: it holds no key of that row. */
  const known = new Map<string, TokenKey | undefined>()
  const given = secrets.signing?.current
  const ofGiven = given && publicHalf(given)

  async function decrypt(row: KeyRow, jwe: string): Promise<TokenKey | undefined> {
    const { kid } = row
    const found = await sealer.open(jwe)
    const key = found && (await keyOf(row, found.jwk))
    if (found === undefined || key === undefined) {
      log.warn(
        { kid },
        'a signing key cannot be decrypted with the secrets of this process, which ignores it',
      )
      return undefined
    }
    if (!found.isCurrent) await resealKey(db, kid, jwe, await sealer.seal(found.jwk))
    const isGiven = (await ofGiven)?.kid === kid
    return isGiven ? { ...key, privateKey: given?.key } : key
  }

  async function open(row: KeyRow): Promise<OpenRow | undefined> {
    const { kid, algorithm, source, revokedAt, jwk: jwe } = row
    const id = `${kid} ${algorithm} ${jwe}`
    if (source === 'secret' || revokedAt !== null) return { ...row, key: undefined }
    if (jwe === null) return undefined
    if (!known.has(id)) known.set(id, await decrypt(row, jwe))
    const key = known.get(id)
    return key && { ...row, key }
  }

  return {
    async read() {
      const rows = await listKeys(db)
      const opened: OpenRow[] = []
      for (const row of rows) {
        const openRow = await open(row)
        if (openRow !== undefined) opened.push(openRow)
      }
      return { rows, open: opened }
    },
  }
}
