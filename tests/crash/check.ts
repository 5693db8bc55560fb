/** The conditions that must hold after each restart. */
import assert from 'node:assert/strict'
import type { StoreOptions } from '../../src/store/open.ts'
import { connect } from '../support/database.ts'
import { claimsOf } from '../support/tokens.ts'
import type { Device } from './device.ts'
import type { Tally } from './figures.ts'
import type { Lineage } from './lineage.ts'
import { insist } from './lineage.ts'
import type { Call } from './send.ts'
import { send } from './send.ts'

interface Row {
  readonly id: string
  readonly generation: number
  readonly isOver: boolean
}

const ROWS = `select id, generation, revoked_at, refresh_count,
  (select count(*) from revoked_tokens where session_id = sessions.id) as claims from sessions`

/** Rows, read without the service. @param unknown counts the outcomes of operations that were in flight */
export async function checkRows(
  database: StoreOptions,
  devices: readonly Device[],
  unknown: Tally,
): Promise<void> {
  const connection = await connect(database)
  try {
    if (database.dialect === 'sqlite') {
      assert.deepEqual(await connection.query('pragma integrity_check'), [{ integrity_check: 'ok' }])
      assert.deepEqual(await connection.query('pragma foreign_key_check'), [])
    }
    const rows = new Map<string, Row>()
    for (const { id, generation, refresh_count, claims, revoked_at } of await connection.query(ROWS)) {
      // An exchange writes two rows.
      assert.equal(Number(refresh_count), Number(generation) + Number(claims), `half an exchange in ${id}`)
      rows.set(id, { id, generation: Number(generation), isOver: revoked_at !== null })
    }
    const claimed = await connection.query('select jti from revoked_tokens')
    const jtis = new Set(claimed.map(({ jti }) => jti))
    for (const device of devices) checkDevice(device, rows, jtis, unknown)
  } finally {
    await connection.close()
  }
}

function checkDevice(
  { lineage, pending, ended }: Device,
  rows: ReadonlyMap<string, Row>,
  jtis: ReadonlySet<string>,
  unknown: Tally,
): void {
  for (const over of ended) insist(rows.get(over.id)?.isOver !== false, over, 'its end was undone')
  const kind = pending?.isUnknown === true ? pending.kind : undefined
  if (lineage === undefined) {
    if (kind !== undefined) unknown.add(kind)
    return
  }
  const row = rows.get(lineage.id)
  insist(row !== undefined, lineage, 'its row is gone')
  const ahead = row.generation - lineage.generation
  insist(
    ahead === 0 || (ahead === 1 && kind === 'rotation'),
    lineage,
    `generation ${row.generation} in its row`,
  )
  const isEnding = kind === 'logout' || kind === 'reuse'
  insist(!row.isOver || isEnding, lineage, 'it was ended by nobody')
  if (pending === undefined || kind === undefined) return
  const isWritten =
    ahead === 1 || row.isOver || (kind === 'exchange' && jtis.has(String(claimsOf(pending.token)['jti'])))
  unknown.add(`${kind} ${isWritten ? 'written' : 'not written'}`)
}

/** All kinds of tokens of a session that has ended. */
export async function checkRefused(url: string, lineage: Lineage): Promise<void> {
  const first = lineage.refreshTokens[0] ?? ''
  const calls: Call[] = [first, ...lineage.refreshTokens.slice(-2)].map((bearer) => ({
    path: '/refresh_token',
    bearer,
  }))
  calls.push({ path: '/api/auth/refresh', json: { token: lineage.accessToken } })
  calls.push({ path: '/api/auth/me', bearer: lineage.accessToken })
  for (const call of calls) {
    const result = await send(url, call)
    const seen = typeof result === 'string' ? result : result.status
    insist(seen === 401, lineage, `it is over, and ${call.path} says ${seen}`)
  }
}
