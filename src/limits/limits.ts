import { createHash } from 'node:crypto'
import type { Limit, Settings } from '../config/settings.ts'
import { ChunkedLimit } from './chunked.ts'
import type { LimitContext } from './count.ts'
import { ceiling, counting, delay, seen } from './counters.ts'
import type { Attempt, Counter } from './guesses.ts'
import { Guesses } from './guesses.ts'
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
  context: LimitContext,
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

  // Unknown names are counted too. They are hashed because they may contain anything.
  const hashOf = (account: string) => createHash('sha256').update(account).digest('base64url')
  const delays: Counters = (subject) => (settings.loginDelay ? [delay(subject, context)] : [])

  async function ofAccount(account: string, network: string): Promise<Counter[]> {
    const hash = hashOf(account)
    const pair = `${hash}:${network}`
    if (settings.loginAccount === false) return [...delays(pair)]
    // A network with an earlier login has its own counter, so that strangers cannot lock the owner out.
    const subject = (await addresses.has(pair)) ? pair : hash
    return [...delays(pair), ...loginAccount(subject), addresses.counter(pair)]
  }

  return {
    async login(account, address) {
      const network = networkOf(address)
      return guesses.begin([
        ...sessionsUser(hashOf(account)),
        ...sessionsAddress(network),
        ...(await ofAccount(account, network)),
        ...loginAddress(network),
      ])
    },
    async password(account, sessionId, address) {
      const subject = `${hashOf(account)}:${sessionId}`
      return guesses.begin([
        ...delays(subject),
        ...loginAccount(subject),
        ...passwordAddress(networkOf(address)),
      ])
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
