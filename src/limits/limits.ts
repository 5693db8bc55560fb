import type { Limit, Settings } from '../config/settings.ts'
import { ChunkedLimit } from './chunked.ts'
import type { LimitContext } from './count.ts'
import { ceiling, counting, delay, seen } from './counters.ts'
import type { Attempt, Counter } from './guesses.ts'
import { Guesses } from './guesses.ts'
import type { Names } from './names.ts'
import { networkOf } from './networks.ts'
import type { LimitRefusal } from './refusal.ts'

interface Owned {
  readonly sessionId: string
  readonly userId: string
}

type Counters = (subject: string) => readonly Counter[]

/** All limits of the service: see `docs/adr/0020-limits.md`. An address is null if it is unknown. */
export interface Limits {
  /** @param account the case-folded username, whether or not the account exists */
  login(account: string, address: string | null): Promise<Attempt | LimitRefusal>
  /** Lets the owner of an account in, who has proven by a reset token to be it: failures from this network are forgotten. */
  forgive(account: string, address: string | null): Promise<void>
  /** Counts an attempt to change a password, which is a guess at the current one by the holder of a session. */
  password(account: string, sessionId: string, address: string | null): Promise<Attempt | LimitRefusal>
  register(address: string | null): Promise<Attempt | LimitRefusal>
  /** Counts a refresh or an exchange. @returns whether it is allowed */
  mayWrite(session: Owned): Promise<boolean>
  /** @returns the refusal of a session that `mayWrite` has just refused */
  refusalOfSession(session: Owned): LimitRefusal
  /** Counts a refused token. @returns undefined unless there were too many */
  failure(address: string | null): Promise<LimitRefusal | undefined>
}

export function createLimits(
  { limits: settings, sessionMaxAge }: Pick<Settings, 'limits' | 'sessionMaxAge'>,
  context: LimitContext & { readonly names: Names },
): Limits {
  const by = (name: string, limit: Limit | false, counts: 'failures' | 'tries' | 'successes'): Counters => {
    if (limit === false) return () => []
    const policy = { name, ...limit }
    const counter = counts === 'successes' ? ceiling(policy, context) : counting(policy, context, counts)
    return (subject) => [counter(subject)]
  }
  const chunked = (name: string, limit: Limit | false) =>
    limit === false ? undefined : new ChunkedLimit({ name, ...limit }, context)

  const guesses = new Guesses(context)
  const addresses = seen(sessionMaxAge, context)
  const loginAccount = by('login-account', settings.loginAccount, 'failures')
  const loginAddress = by('login-address', settings.loginAddress, 'failures')
  const passwordAddress = by('password', settings.passwordAddress, 'tries')
  const registerAddress = by('register', settings.registerAddress, 'tries')
  const sessionsUser = by('sessions-user', settings.sessionsUser, 'successes')
  const sessionsAddress = by('sessions-address', settings.sessionsAddress, 'successes')
  const sessions = chunked('refresh', settings.refreshSession)
  const users = chunked('refresh-user', settings.refreshUser)
  const failures = chunked('failures', settings.failuresAddress)

  // Unknown names are counted too.
  const { names } = context
  const delays: Counters = (subject) => (settings.loginDelay ? [delay(subject, context)] : [])

  // A network from which an account was logged in to has counters of its own for that account. Neither strangers
  // elsewhere nor failures at other accounts in that network can then keep the owner out.
  const hasOwnCounters = [settings.loginAccount, settings.loginAddress, settings.passwordAddress].some(
    Boolean,
  )
  /** Also by logins before the secret was changed */
  async function isKnown(account: string, network: string): Promise<boolean> {
    if (!hasOwnCounters) return false
    for (const hash of names.hashes(account)) if (await addresses.has(`${hash}:${network}`)) return true
    return false
  }
  const successes = (pair: string, account: string) =>
    hasOwnCounters ? [addresses.counter(pair, account)] : []

  return {
    async login(account, address) {
      const [hash, network] = [names.hash(account), networkOf(address)]
      const pair = `${hash}:${network}`
      const known = await isKnown(account, network)
      return guesses.begin([
        ...sessionsUser(hash),
        ...sessionsAddress(network),
        ...delays(pair),
        ...loginAccount(known ? pair : hash),
        ...successes(pair, account),
        ...loginAddress(known ? pair : network),
      ])
    },
    async password(account, sessionId, address) {
      const [hash, network] = [names.hash(account), networkOf(address)]
      const [subject, pair] = [`${hash}:${sessionId}`, `${hash}:${network}`]
      const known = await isKnown(account, network)
      return guesses.begin([
        ...delays(subject),
        ...loginAccount(subject),
        ...passwordAddress(known ? pair : network),
      ])
    },
    async forgive(account, address) {
      const pair = `${names.hash(account)}:${networkOf(address)}`
      await guesses.forgive([...delays(pair), ...loginAccount(pair), ...loginAddress(pair)])
      for (const counter of successes(pair, account)) await counter.giveBack(context.db, 'succeeded')
    },
    register: (address) => guesses.begin(registerAddress(networkOf(address))),
    mayWrite: async ({ sessionId, userId }) =>
      ((await sessions?.allow(sessionId)) ?? true) && ((await users?.allow(userId)) ?? true),
    refusalOfSession({ sessionId, userId }) {
      const refusal = users?.isUsedUp(userId) ? users.refusal(userId) : sessions?.refusal(sessionId)
      if (refusal === undefined) throw new TypeError('a limit that is off refuses nothing')
      return refusal
    },
    async failure(address) {
      const network = networkOf(address)
      return failures === undefined || (await failures.allow(network)) ? undefined : failures.refusal(network)
    },
  }
}
