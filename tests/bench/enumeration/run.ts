/** Logins of nobody and of somebody with the wrong password, in turn: what they are answered, and how soon. */
import assert from 'node:assert/strict'
import type { HashCost } from '../../../src/users/passwords.ts'
import { createPasswords } from '../../../src/users/passwords.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import type { Answer } from '../../support/service.ts'
import { FULL_COST, startService } from '../../support/service.ts'
import { median } from '../throughput/rounds.ts'

export interface Times {
  /** Medians, in milliseconds */
  readonly unknownUser: number
  readonly wrongPassword: number
  /** How much longer the longer one is: 0.05 is 5 % */
  readonly difference: number
}

const USERS = 50
const WARM_UP = 10

// What differs from one answer to the next, whoever asks
const PASSING = ['date', 'x-request-id']
const visible = ({ status, headers, text }: Answer) => ({
  status,
  text,
  headers: [...headers].filter(([name]) => !PASSING.includes(name)),
})

export interface Plan {
  readonly pairs: number
  readonly seed: number
  /** Of new hashes; those that are there have the default */
  readonly cost: HashCost
}

export async function enumerate(
  t: { after(end: () => unknown): void },
  { pairs, seed, cost }: Plan,
): Promise<Times> {
  const password = { minLength: 8, ...cost }
  const { core, request } = await startService(t, { password, logLevel: 'silent' })
  const password_hash = await createPasswords(FULL_COST).hash('correct horse battery staple')
  const names = Array.from({ length: USERS }, (_, index) => `somebody-${index}`)
  const rows = names.map((name) => ({
    id: name,
    username: name,
    username_key: name,
    password_hash,
    created_at: 0,
  }))
  await core.db.insertInto('users').values(rows).execute()

  const random = seededRandom(seed)
  const whole = (below: number) => Math.floor(random() * below)
  let expected: unknown
  async function attempt(who: string): Promise<number> {
    const json = { username: `${who}-${whole(USERS)}`, password: `incorrect horse ${whole(1e9)}` }
    const begun = performance.now()
    const answer = await request('/api/auth/login', { json })
    const time = performance.now() - begun
    expected ??= { ...visible(answer), status: 401 }
    assert.deepEqual(visible(answer), expected)
    return time
  }

  const times = { nobody: [] as number[], somebody: [] as number[] }
  for (let pair = -WARM_UP; pair < pairs; pair++) {
    const order = random() < 0.5 ? (['nobody', 'somebody'] as const) : (['somebody', 'nobody'] as const)
    for (const who of order) {
      const time = await attempt(who)
      if (pair >= 0) times[who].push(time)
    }
  }
  const [unknownUser, wrongPassword] = [median(times.nobody), median(times.somebody)]
  assert.ok(unknownUser !== undefined && wrongPassword !== undefined)
  const [shorter, longer] = [unknownUser, wrongPassword].sort((a, b) => a - b) as [number, number]
  return { unknownUser, wrongPassword, difference: longer / shorter - 1 }
}
