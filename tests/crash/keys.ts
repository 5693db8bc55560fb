/** The keys of the campaign: an operator changes them beside the crashes, and may be killed as well. */
import assert from 'node:assert/strict'
import type { JSONWebKeySet } from 'jose'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { StoreOptions } from '../../src/store/open.ts'
import { connect } from '../support/database.ts'
import { ENTRY, finish, rekindle, start } from '../support/program.ts'
import { STRONG_SECRET } from '../support/service.ts'
import type { Device } from './device.ts'
import type { Tally } from './figures.ts'
import { insist } from './lineage.ts'
import { send } from './send.ts'
import { DIE_AT, urlOf } from './target.ts'

const HOUR = 3_600_000

/** The name of the key that signed a token */
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? ''

export class Keys {
  readonly #revoked = new Set<string>()
  readonly #database: StoreOptions
  readonly #env: { readonly DATABASE_URL: string; readonly JWT_SECRET_KEY: string }
  readonly #done: Tally

  /** @param done counts what the operator did */
  constructor(database: StoreOptions, done: Tally) {
    this.#database = database
    this.#env = { DATABASE_URL: urlOf(database), JWT_SECRET_KEY: STRONG_SECRET }
    this.#done = done
  }

  /** Whether a token's key was revoked. */
  readonly isRevoked = (token: string): boolean => this.#revoked.has(kidOf(token))

  /** While no service runs, so that from the next start on all hold to it. */
  async operate(random: () => number): Promise<void> {
    const { current, others } = await this.#states()
    const chance = random()
    if (chance < 0.5) return this.rotate()
    const kid = chance < 0.75 ? current : (others[Math.floor(random() * others.length)] ?? current)
    await this.#revoke(kid, random)
  }

  /** Lets the next key sign at once, as if it had been published for an hour. */
  async rotate(): Promise<void> {
    await this.#query(`update signing_keys set created_at = created_at - ${HOUR}`)
    const { code, stdout, stderr } = await rekindle(['keys', 'rotate'], this.#env)
    assert.equal(code, 0, stdout + stderr)
    this.#done.add('rotated')
  }

  /** Kills the command at some point, and repeats it as an operator would. */
  async #revoke(kid: string, random: () => number): Promise<void> {
    const point = ['key before', 'key after', 'key commit', 'key commit after'][Math.floor(random() * 4)]
    const child = start(['--import', DIE_AT, ENTRY, 'keys', 'revoke', kid], this.#env)
    child.stdin.on('error', () => {})
    child.stdin.write(`${point} 1\n`)
    const { code } = await finish(child)
    this.#done.add(code === 0 ? 'revoked' : `revocation killed at ${point}`)
    const again = await rekindle(['keys', 'revoke', kid], this.#env)
    assert.equal(again.code, 0, again.stdout + again.stderr)
    this.#revoked.add(kid)
  }

  async #query(text: string) {
    const connection = await connect(this.#database)
    return connection.query(text).finally(() => connection.close())
  }

  async #states(): Promise<{ readonly current: string; readonly others: readonly string[] }> {
    const { stdout, stderr } = await rekindle(['keys', 'list', '--json'], this.#env)
    const keys: { readonly kid: string; readonly state: string }[] = JSON.parse(stdout || '[]')
    const current = keys.find(({ state }) => state === 'current')?.kid
    assert.ok(current !== undefined, `no key signs: ${stdout}${stderr}`)
    return { current, others: keys.flatMap(({ kid, state }) => (state === 'previous' ? kid : [])) }
  }

  /** After each start: no revoked key is published, one key is next, and every good token verifies. */
  async check(url: string, devices: readonly Device[]): Promise<void> {
    const { keys } = await keySetOf(url)
    assert.ok(keys.length >= 2, `${keys.length} keys are published`)
    for (const { kid = '' } of keys) assert.ok(!this.#revoked.has(kid), `${kid} was revoked`)
    const rows = await this.#query('select * from signing_keys where revoked_at is null')
    const next = rows.filter(({ signs_from: from }) => from === null || Number(from) > Date.now())
    assert.equal(next.length, 1, `${next.length} keys are next`)
    const set = createLocalJWKSet({ keys })
    for (const { lineage, pending } of devices) {
      const isEnding = pending !== undefined && !['rotation', 'replay'].includes(pending.kind)
      if (lineage === undefined || isEnding) continue
      const token = lineage.accessToken
      const isRevoked = this.isRevoked(token)
      const verified = await jwtVerify(token, set, { typ: 'at+jwt' }).then(Boolean, () => false)
      insist(verified !== isRevoked, lineage, `its access token ${verified ? 'verifies' : 'does not verify'}`)
      const answer = await send(url, { path: '/api/auth/me', bearer: token })
      const status = typeof answer === 'string' ? answer : answer.status
      insist(status === (isRevoked ? 401 : 200), lineage, `/api/auth/me says ${status}`)
    }
  }
}

export async function keySetOf(url: string): Promise<JSONWebKeySet> {
  return (await fetch(`${url}/.well-known/jwks.json`)).json() as Promise<JSONWebKeySet>
}
