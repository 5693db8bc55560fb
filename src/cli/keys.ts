import type { Command } from 'commander'
import { revokeSigningKey, rotateKey } from '../keys/operate.ts'
import type { KeyState, Scheduled } from '../keys/schedule.ts'
import { lifetimeOf, scheduleOf } from '../keys/schedule.ts'
import { listKeys } from '../store/queries/signing-keys.ts'
import { Failure } from './failure.ts'
import { printTable } from './list.ts'
import { count, isoTime, printJson } from './output.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

/** `rekindle keys` */
export function addKeyCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const keys = program.command('keys').description('the keys that sign access tokens')
  keys
    .command('list')
    .description('list them with their states: next, current, previous, revoked')
    .option('--json', 'print JSON')
    .action(({ json }: { readonly json?: true }) =>
      withDatabase(env, 'read', (context) => list(context, json === true)),
    )
  keys
    .command('rotate')
    .description('let the next key sign as soon as verifiers can know it')
    .action(() => withDatabase(env, 'write', rotate))
  keys
    .command('revoke')
    .description('end a key and its tokens within seconds; sessions stay')
    .argument('<kid>', 'its name, as list prints it')
    .action((kid: string) => withDatabase(env, 'write', (context) => revoke(context, kid)))
}

const ORDER: readonly KeyState[] = ['previous', 'current', 'next', 'revoked', 'gone']

async function list({ db, settings, now, remark }: CommandContext, json: boolean): Promise<void> {
  const keys = scheduleOf(await listKeys(db), now(), lifetimeOf(settings))
    .filter(({ state }) => state !== 'gone')
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  if (json) return printJson(keys.map(bodyOf))
  printTable(
    [
      ['KID', ({ row }) => row.kid],
      ['ALGORITHM', ({ row }) => row.algorithm],
      ['SOURCE', ({ row }) => row.source],
      ['STATE', ({ state }) => state],
      ['SIGNS FROM', ({ row }) => timeOf(row.signsFrom)],
      ['UNTIL', ({ until }) => timeOf(until ?? null)],
    ],
    keys,
  )
  remark(keys.length === 0 ? 'no keys: HS256 signs.' : `${count(keys.length, 'key')}.`)
}

// The first key of a new database has signed from the beginning.
const timeOf = (time: number | null) => (time === null ? '-' : time === 0 ? 'the first' : isoTime(time))

const isoOrNull = (time: number | null | undefined) => (time ? isoTime(time) : null)

const bodyOf = ({ row, state, until }: Scheduled) => ({
  kid: row.kid,
  algorithm: row.algorithm,
  source: row.source,
  state,
  created_at: isoTime(row.createdAt),
  signs_from: isoOrNull(row.signsFrom),
  until: isoOrNull(until),
  revoked_at: isoOrNull(row.revokedAt),
})

async function rotate({ db, now, say }: CommandContext): Promise<void> {
  const result = await rotateKey({ db, now: now() })
  if (result.outcome === 'no_next')
    throw new Failure(
      'there is no next key: HS256 signs, or a key of JWT_SIGNING_KEY, or the service has not run since it was set to make keys',
    )
  say(`${result.kid} signs from ${isoTime(result.signsFrom)}.`)
}

async function revoke({ db, now, say }: CommandContext, kid: string): Promise<void> {
  const { outcome } = await revokeSigningKey({ db, now: now() }, kid)
  switch (outcome) {
    case 'unknown':
      throw new Failure('there is no such key: rekindle keys list shows them')
    case 'secret':
      throw new Failure('this is no key: tokens of HS256 end when JWT_SECRET_KEY is changed')
    case 'revoked':
      return say(`${kid} is revoked. Services refuse its tokens within seconds.`)
    case 'revoked_already':
      return say(`${kid} was revoked already.`)
  }
}
