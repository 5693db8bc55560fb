/** What tests of `rekindle copy` share. */
import type { StoreOptions } from '../../src/store/open.ts'
import { connect } from '../support/database.ts'
import { rekindle } from '../support/program.ts'
import type { Answer, Service } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'

export const urlOf = (database: StoreOptions) =>
  database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url

export const argsOf = (from: StoreOptions, to: StoreOptions) => [
  'copy',
  '--from',
  urlOf(from),
  '--to',
  urlOf(to),
]
export const copy = (from: StoreOptions, to: StoreOptions) => rekindle(argsOf(from, to))

/** All rows of the service's tables, alike on both dialects */
export async function rowsOf(database: StoreOptions) {
  const connection = await connect(database)
  const rows = []
  for (const table of ['users', 'sessions', 'password_resets', 'revoked_tokens', 'events', 'signing_keys']) {
    const found = await connection.query(`select * from ${table} order by 1`)
    // Without our parser pg gives big integers as text.
    rows.push(
      found.map((row) =>
        Object.fromEntries(Object.entries(row).map(([k, v]) => [k, v === null ? v : String(v)])),
      ),
    )
  }
  await connection.close()
  return rows
}

export async function change(database: StoreOptions, ...statements: string[]): Promise<void> {
  const connection = await connect(database)
  for (const statement of statements) await connection.query(statement)
  await connection.close()
}

export const successor = ({ body }: Answer): string => body.data.refresh_token

/** Sessions in all states. */
export async function live(service: Service) {
  await service.register()
  await service.register("O'Brien🗝")
  const [first, second, over] = [await service.login(), await service.login(), await service.login()]
  service.clock.now += MINUTE
  const current = successor(await service.refresh(first.refreshToken))
  const exchanged = await service.exchange(second.accessToken)
  await service.request('/api/auth/logout', { method: 'POST', bearer: over.refreshToken })
  return { superseded: first.refreshToken, current, second, exchanged, over: over.refreshToken }
}
